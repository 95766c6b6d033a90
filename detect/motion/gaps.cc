// SPDX-License-Identifier: Apache-2.0
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <optional>

#include "detect/motion/body.h"
#include "detect/motion/patch_sample.h"

namespace trucewatch::motion {
namespace {

constexpr double kLeastGap_m = 1.6;         // a lorry and its trailer are closer
constexpr double kLeastPartLength_m = 2.4;  // along the way
constexpr double kLeastAcross_m = 1.1;
constexpr double kMiddle = 0.7;  // of the breadth is looked at
constexpr double kGapStep_m = 0.35;
constexpr std::size_t kMostEnds = 4;  // sightings at either end of the trail
constexpr double kClearOf_m = 0.7;    // of the body
constexpr double kBareNoise = 1.5;    // a place that is ground differs so little from it, in noise
constexpr double kBareGrey = 2.5;     // or in grey levels
constexpr int kLeastSamples = 4;

struct BareRun {
  double from = 0, to = 0;
};

// A sighting of the trail: takes places about it to the stabilised plane, and that to its picture.
struct GapLook {
  const TrailPoint* point = nullptr;
  Eigen::Matrix2d stable_from_metres;
  Homography working_from_stable;
  const cv::Mat* image = nullptr;
  double level = 1, noise = 1;
};

// How much the places across the body at `x` differ from the ground that is seen there when the
// body is elsewhere; in shares of what ground may differ. Negative: it never is.
double Unlike(double x, const Body& body, const Eigen::Matrix2d& metres,
              const std::vector<GapLook>& looks) {
  double sum = 0, allowed = 0;
  int count = 0;
  const double half = kMiddle * body.extent.breadth / 2;
  for (const GapLook& a : looks) {
    for (double y = body.extent.across - half; y <= body.extent.across + half; y += kGapStep_m) {
      const Eigen::Vector2d stable = a.point->place + a.stable_from_metres * Eigen::Vector2d(x, y);
      const std::int32_t here = Sample(*a.image, Fixed(Apply(a.working_from_stable, stable)));
      if (here < 0) continue;
      double least = -1;
      for (const GapLook& b : looks) {
        const bool later = b.point->time_s > a.point->time_s;
        const double past = later ? x - body.extent.rear : body.extent.front - x;
        const double moved = (metres * (b.point->place - a.point->place)).norm();
        if (moved < past + kClearOf_m) continue;
        const std::int32_t there = Sample(*b.image, Fixed(Apply(b.working_from_stable, stable)));
        if (there < 0) continue;
        const double apart = std::abs(here - there * a.level / b.level) / kGrey;
        least = least < 0 ? apart : std::min(least, apart);
      }
      if (least < 0) continue;
      sum += least;
      allowed += std::max(kBareGrey, kBareNoise * a.noise);
      ++count;
    }
  }
  return count < kLeastSamples ? -1 : sum / allowed;
}

// Where bare ground goes by all across the body.
std::vector<BareRun> BareRuns(const Body& body, const Trail& trail, const Eigen::Matrix2d& metres,
                              const std::vector<Moment>& moments,
                              const std::vector<cv::Mat>& images) {
  std::vector<GapLook> looks;
  for (std::size_t i = 0; i < trail.points.size(); ++i) {
    if (i >= kMostEnds && i + kMostEnds < trail.points.size()) continue;
    const TrailPoint& point = trail.points[i];
    const Moment& moment = moments[point.moment];
    const Eigen::Vector2d velocity = PathAbout(trail, point.time_s).VelocityAt(point.time_s);
    looks.push_back({&point, MetricHeading(metres, velocity).inverse(),
                     moment.stable_from_working.inverse(), &images[point.moment],
                     std::max(1.0, moment.level), moment.noise});
  }
  std::vector<BareRun> runs;
  std::optional<double> begun;
  double part = body.extent.rear;
  const auto end = [&](double x) {
    if (begun && x - *begun >= kLeastGap_m && *begun - part >= kLeastPartLength_m &&
        body.extent.front - x >= kLeastPartLength_m) {
      runs.push_back({*begun, x});
      part = x;
    }
    begun.reset();
  };
  for (double x = body.extent.rear + kLeastPartLength_m;
       x < body.extent.front - kLeastPartLength_m + kGapStep_m; x += kGapStep_m) {
    const double unlike = Unlike(x, body, metres, looks);
    if (unlike < 0 || unlike > 1) {
      end(x - kGapStep_m / 2);
    } else if (!begun) {
      begun = x - kGapStep_m / 2;
    }
  }
  end(body.extent.front - kLeastPartLength_m);
  return runs;
}

}  // namespace

std::vector<Body> CutAtGaps(const Body& body, const Trail& trail, const Eigen::Matrix2d& metres,
                            const std::vector<Moment>& moments,
                            const std::vector<cv::Mat>& images) {
  if (body.cells.empty() || body.extent.length < 2 * kLeastPartLength_m + kLeastGap_m)
    return {body};
  const std::vector<BareRun> runs = BareRuns(body, trail, metres, moments, images);
  if (runs.empty()) return {body};
  std::vector<Body> parts(runs.size() + 1);
  for (const Eigen::Vector2d& cell : body.cells) {
    std::size_t part = 0;
    while (part < runs.size() && cell.x() > runs[part].to) ++part;
    if (part < runs.size() && cell.x() > runs[part].from) continue;
    parts[part].cells.push_back(cell);
  }
  for (Body& part : parts) {
    if (part.cells.empty()) return {body};
    part.cell_m = body.cell_m;
    Eigen::Vector2d low = part.cells.front(), high = low;
    for (const Eigen::Vector2d& cell : part.cells) {
      low = low.cwiseMin(cell);
      high = high.cwiseMax(cell);
    }
    const Eigen::Vector2d size = (high - low).array() + part.cell_m;
    if (size.y() < kLeastAcross_m) return {body};
    const double rear = low.x() - part.cell_m / 2;
    part.extent = {rear, rear + size.x(), (low.y() + high.y()) / 2, size.y(), size.x()};
  }
  return parts;
}

}  // namespace trucewatch::motion
