// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/overlay.h"

#include <algorithm>
#include <cstdlib>
#include <opencv2/imgproc.hpp>

namespace trucewatch::motion {
namespace {

constexpr double kStillRange = 8;  // grey levels: overlays vary no more than this, by coding noise
constexpr double kStillShare = 0.05;  // or than this of the edge's strength
constexpr double kStrongEdge = 60;    // |dx| + |dy| of Sobel 3x3 at a burnt-in edge
constexpr double kMostSymbols = 0.3;  // of the picture
constexpr double kDenseShare = 0.12;  // of a 9x9 neighbourhood
// Grey levels: more than a registration error of half a pixel makes at a road's edge.
constexpr int kForeign = 24;
constexpr double kTellingWay_px = 3;  // of the ground; symbols and ground look alike with less
constexpr double kAcross_px = 3;      // of the ground, over an edge
constexpr int kLeastAcross = 100;     // edges that do so: a few stay by chance
constexpr double kAcrossShare = 0.5;  // of a symbol's edges
constexpr double kRests_px = 1;       // of the ground, over a segment
constexpr double kForeignShare =
    0.15;  // of a symbol's edges; along the motion they look like a road's
// Or of what lies beside them: edges of thin lines are as grey as the ground. Vehicles that follow
// one another along a road make some of its edges look so.
constexpr double kForeignSides = 0.5;

// Symbols are dense; isolated pixels are chance. Grown by a rim for coding noise.
cv::Mat Dense(const cv::Mat& edges) {
  cv::Mat density;
  cv::boxFilter(edges, density, CV_32F, {9, 9});
  cv::Mat mask = density > 255.0 * kDenseShare;
  if (cv::countNonZero(mask) == 0) return {};
  cv::morphologyEx(mask, mask, cv::MORPH_CLOSE,
                   cv::getStructuringElement(cv::MORPH_RECT, {25, 25}));
  cv::dilate(mask, mask, cv::getStructuringElement(cv::MORPH_RECT, {7, 7}));
  return mask;
}

// The ground carried there looks otherwise, in one pair at least. Where the ground hardly moves, or
// is out of view, there is no telling.
bool IsForeign(int x, int y, const std::vector<CarriedPicture>& pairs, bool sides) {
  for (const CarriedPicture& pair : pairs) {
    const Eigen::Vector2d here(x, y), there = Apply(pair.other_from_picture, here);
    const cv::Point p(cvRound(there.x()), cvRound(there.y()));
    if ((there - here).norm() < kTellingWay_px ||
        !p.inside({2, 2, pair.other->cols - 4, pair.other->rows - 4}) ||
        !cv::Point(x, y).inside({1, 1, pair.picture->cols - 2, pair.picture->rows - 2})) {
      continue;
    }
    // As for changes: an error of a pixel is forgiven.
    double least = 0, most = 0, dark = 0, bright = 0;
    const int reach = sides ? 1 : 0;
    const int side = 2 * reach + 3;
    cv::minMaxLoc((*pair.other)(cv::Rect(p.x - reach - 1, p.y - reach - 1, side, side)), &least,
                  &most);
    cv::minMaxLoc((*pair.picture)(cv::Rect(x - reach, y - reach, 2 * reach + 1, 2 * reach + 1)),
                  &dark, &bright);
    if (bright > most + kForeign || dark < least - kForeign) return true;
  }
  return false;
}

// Whether the ground went across the edge between the pictures of a pair: an edge of the ground
// would not have stayed where it is. Letters have edges in all directions, a road that is flown
// along has none across.
bool GroundWentAcross(int x, int y, const std::vector<CarriedPicture>& pairs) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const CarriedPicture& pair) {
    const cv::Mat& picture = *pair.picture;
    if (!cv::Point(x, y).inside({1, 1, picture.cols - 2, picture.rows - 2})) return false;
    const auto grey = [&](int dx, int dy) {
      return static_cast<double>(picture.at<std::uint8_t>(y + dy, x + dx));
    };
    const Eigen::Vector2d across(grey(1, 0) - grey(-1, 0), grey(0, 1) - grey(0, -1));
    const Eigen::Vector2d here(x, y);
    return std::abs(across.dot(Apply(pair.other_from_picture, here) - here)) >
           kAcross_px * across.norm();
  });
}

// Whether the ground stays where it is on the screen, in all pictures.
bool GroundRests(const Eigen::Vector2i& at, const std::vector<Homography>& from_first) {
  const Eigen::Vector2d here = at.cast<double>();
  return std::all_of(from_first.begin(), from_first.end(), [&](const Homography& h) {
    return (Apply(h, here) - here).norm() < kRests_px;
  });
}

}  // namespace

cv::Mat StillEdges(const std::vector<const cv::Mat*>& pictures) {
  if (pictures.size() < 3) return {};
  cv::Mat least = pictures[0]->clone(), most = pictures[0]->clone();
  for (const cv::Mat* picture : pictures) {
    cv::min(least, *picture, least);
    cv::max(most, *picture, most);
  }
  cv::Mat dx, dy, edges, middle, range;
  cv::addWeighted(least, 0.5, most, 0.5, 0, middle);
  cv::Sobel(middle, dx, CV_16S, 1, 0);
  cv::Sobel(middle, dy, CV_16S, 0, 1);
  cv::Mat strength = cv::abs(dx) + cv::abs(dy);
  cv::subtract(most, least, range);
  const cv::Mat strong = strength >= kStrongEdge;
  // At the rim of a symbol the ground shines through: by a share of the contrast, not of nothing.
  cv::Mat wide_range;
  range.convertTo(wide_range, CV_16S);
  const cv::Mat still = wide_range <= cv::max(strength * kStillShare, kStillRange);
  cv::Mat symbols;
  cv::bitwise_and(strong, still, symbols);
  const cv::Mat mask = Dense(symbols);
  // Symbols leave most of the ground in view.
  if (mask.empty() || cv::countNonZero(mask) > kMostSymbols * static_cast<double>(mask.total())) {
    return {};
  }
  // When the edges outside stand still as well, it is the camera that does, and nothing is burnt
  // in. Few edges outside say nothing: a sensor's own, over ground without any.
  cv::Sobel(*pictures[0], dx, CV_16S, 1, 0);
  cv::Sobel(*pictures[0], dy, CV_16S, 0, 1);
  cv::Mat outside = (cv::abs(dx) + cv::abs(dy)) >= kStrongEdge;
  outside.setTo(0, mask);
  cv::Mat outside_still;
  cv::bitwise_and(outside, still, outside_still);
  const int edges_outside = cv::countNonZero(outside);
  if (edges_outside > cv::countNonZero(symbols) &&
      cv::countNonZero(outside_still) * 2 > edges_outside) {
    return {};
  }
  return symbols;
}

cv::Mat OverlayOfEdges(const cv::Mat& edges) {
  if (edges.empty()) return {};
  cv::Mat mask = Dense(edges);
  if (mask.empty()) return {};
  // What a rim encloses belongs to the symbol: flat parts have no edges of their own.
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(mask.clone(), outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
  cv::drawContours(mask, outlines, -1, cv::Scalar(255), cv::FILLED);
  // Symbols leave most of the ground in view.
  if (cv::countNonZero(mask) > kMostSymbols * static_cast<double>(mask.total())) return {};
  return mask;
}

cv::Mat EdgesWhereGroundMoves(const cv::Mat& edges, const std::vector<Homography>& from_first) {
  if (edges.empty() || from_first.empty()) return edges;
  cv::Mat moving = edges.clone();
  for (int y = 0; y < edges.rows; ++y) {
    for (int x = 0; x < edges.cols; ++x) {
      auto& edge = moving.at<std::uint8_t>(y, x);
      if (edge != 0 && GroundRests({x, y}, from_first)) edge = 0;
    }
  }
  return moving;
}

cv::Mat ConfirmOverlay(const cv::Mat& still_edges, const std::vector<CarriedPicture>& pairs) {
  const cv::Mat candidates = OverlayOfEdges(still_edges);
  if (candidates.empty() || pairs.empty()) return candidates;
  cv::Mat labels;
  const int count = cv::connectedComponents(candidates, labels, 8, CV_32S);
  std::vector<int> edges(static_cast<std::size_t>(count)), strange(edges.size()),
      beside(edges.size()), crossed(edges.size());
  for (int y = 0; y < labels.rows; ++y) {
    for (int x = 0; x < labels.cols; ++x) {
      if (still_edges.at<std::uint8_t>(y, x) == 0) continue;
      const auto label = static_cast<std::size_t>(labels.at<int>(y, x));
      ++edges[label];
      if (IsForeign(x, y, pairs, false)) ++strange[label];
      if (IsForeign(x, y, pairs, true)) ++beside[label];
      if (GroundWentAcross(x, y, pairs)) ++crossed[label];
    }
  }
  cv::Mat confirmed = cv::Mat::zeros(candidates.size(), CV_8U);
  bool any = false;
  for (int label = 1; label < count; ++label) {
    const auto i = static_cast<std::size_t>(label);
    const bool across = edges[i] >= kLeastAcross && crossed[i] >= kAcrossShare * edges[i];
    if (!across && strange[i] < kForeignShare * edges[i] && beside[i] < kForeignSides * edges[i]) {
      continue;
    }
    confirmed.setTo(255, labels == label);
    any = true;
  }
  return any ? confirmed : cv::Mat();
}

}  // namespace trucewatch::motion
