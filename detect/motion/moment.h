// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <string>
#include <vector>

#include "detect/motion/blobs.h"
#include "detect/motion/homography.h"

namespace trucewatch::motion {

// Everything known about one sampled picture after differencing.
struct Moment {
  std::size_t picture = 0;
  double time_s = 0;  // since the first sampled picture
  bool compared = false;
  std::string failure;  // when not compared
  Homography stable_from_working = Homography::Identity();
  double noise = 1;    // grey levels
  double level = 128;  // mean grey level
  std::vector<Blob> blobs;
  std::vector<Eigen::Vector2d> overlap;  // working pixels
  double overlap_share = 0;
};

}  // namespace trucewatch::motion
