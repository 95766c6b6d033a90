// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/tape.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace trucewatch::motion {
namespace {

constexpr int kLeastStrokes = 3;                         // on one row at one moment
constexpr int kMostStroke_px = 24;                       // long
constexpr double kStrokeRatio = 1.6;                     // its length over its width
constexpr double kLeastStep_px = 8, kMostUneven = 0.15;  // between strokes
constexpr int kRowSlack_px = 2;                          // of a stroke's end from moment to moment
constexpr double kTapeShare = 0.3;                       // of the compared moments
constexpr int kLeastMoments = 4;
constexpr int kBeside_px = 4;

// A patch as seen along the tape.
struct Stroke {
  double along = 0;
  int begin = 0, end = 0;  // across
};

// Even multiples of the smallest step.
bool EvenlySpaced(std::vector<double> places) {
  std::sort(places.begin(), places.end());
  double step = 1e9;
  for (std::size_t i = 1; i < places.size(); ++i) step = std::min(step, places[i] - places[i - 1]);
  if (step < kLeastStep_px) return false;
  return std::all_of(places.begin() + 1, places.end(), [&](double place) {
    const double steps = (place - places[0]) / step;
    return std::abs(steps - std::round(steps)) < kMostUneven * std::max(1.0, std::round(steps) / 2);
  });
}

int MarkAlong(std::vector<Moment>& moments, bool rows) {
  int compared = 0;
  std::map<int, int> seen;  // by where strokes end, in how many moments
  const auto stroke_of = [&](const Blob& blob) {
    return rows ? Stroke{blob.centroid.x(), blob.y, blob.y + blob.height}
                : Stroke{blob.centroid.y(), blob.x, blob.x + blob.width};
  };
  const auto is_stroke = [&](const Blob& blob) {
    const int length = rows ? blob.height : blob.width, width = rows ? blob.width : blob.height;
    return length <= kMostStroke_px && length >= kStrokeRatio * width;
  };
  for (const Moment& moment : moments) {
    if (!moment.compared) continue;
    ++compared;
    std::map<int, std::vector<double>> by_end;
    for (const Blob& blob : moment.blobs) {
      if (!is_stroke(blob)) continue;
      const Stroke stroke = stroke_of(blob);
      for (int d = -kRowSlack_px; d <= kRowSlack_px; ++d) {
        by_end[stroke.end + d].push_back(stroke.along);
      }
    }
    for (const auto& [end, places] : by_end) {
      if (static_cast<int>(places.size()) >= kLeastStrokes && EvenlySpaced(places)) ++seen[end];
    }
  }
  int tapes = 0;
  int marked_to = -1000;
  for (const auto& [end, count] : seen) {
    if (count < kLeastMoments || count < kTapeShare * compared) continue;
    if (end > marked_to + kBeside_px) ++tapes;
    marked_to = end;
    for (Moment& moment : moments) {
      for (Blob& blob : moment.blobs) {
        const Stroke stroke = stroke_of(blob);
        if (stroke.end - stroke.begin <= kMostStroke_px &&
            std::abs(stroke.end - end) <= kRowSlack_px + kBeside_px) {
          blob.symbol = true;
        }
      }
    }
  }
  return tapes;
}

}  // namespace

int MarkTapes(std::vector<Moment>& moments) {
  return MarkAlong(moments, true) + MarkAlong(moments, false);
}

}  // namespace trucewatch::motion
