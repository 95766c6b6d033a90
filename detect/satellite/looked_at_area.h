// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace trucewatch {

// Which cells of a grid were really looked at, tile by tile: their number, and the hull around
// them.
class LookedAtArea {
 public:
  // `valid` (not 0: looked at) lies with its first cell at `origin`.
  void Add(const cv::Mat1b& valid, const cv::Point& origin);

  // What remains of a convex `footprint` (in cells) when it is drawn in to the hull, and the share
  // of that which was looked at. A footprint that is nearly full is left as it is.
  struct Extent {
    std::vector<cv::Point2f> footprint;  // empty: nothing of it was looked at
    double share = 0;                    // 0..1
  };
  Extent Within(const std::vector<cv::Point2f>& footprint) const;

 private:
  std::int64_t cells_ = 0;
  std::vector<cv::Point2f> hull_;
};

// Fuller footprints count as seen: edges, and the grid's rounding, cost that much.
inline constexpr double kFullShare = 0.98;

}  // namespace trucewatch
