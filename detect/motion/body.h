// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>
#include <vector>

#include "detect/motion/candidate.h"
#include "detect/motion/moment.h"

namespace trucewatch::motion {

// What goes with a trail, its shadow too. Metres along and across the way from the trail.
struct Body {
  Extent extent;
  // Middles of the pixels, or squares of `cell_m`, that it was seen by; empty when the patches had
  // to do.
  std::vector<Eigen::Vector2d> cells;
  double cell_m = 0;
};

// The pixels about a trail that are found again where it has gone, and not where it was; of parts
// that lie apart those that can be of one vehicle. `patches` is what differencing saw of it, and is
// the answer when the pixels do not say more. `metres`: per stabilised pixel.
Body MeasureBody(const Trail& trail, const Extent& patches, const Eigen::Matrix2d& metres,
                 const std::vector<Moment>& moments, const std::vector<cv::Mat>& images);

// Vehicles that go one behind the other at one speed look like one long one: the body cut where
// bare ground goes by between parts that are as long as vehicles; by itself when it is one.
std::vector<Body> CutAtGaps(const Body& body, const Trail& trail, const Eigen::Matrix2d& metres,
                            const std::vector<Moment>& moments, const std::vector<cv::Mat>& images);

// Across the direction in which its pixels are narrowest, metres, a pixel's breadth included; 0
// when fewer than three speak.
double NarrowestWidth(const Body& body);

}  // namespace trucewatch::motion
