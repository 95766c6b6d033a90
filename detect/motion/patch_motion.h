// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "detect/motion/image_tracker.h"
#include "detect/motion/moment.h"

namespace trucewatch::motion {

// How the pixels of a track's patches really move over the ground.
struct PatchMotion {
  Eigen::Vector2d velocity =
      Eigen::Vector2d::Zero();  // stabilised px/s, where the patches fit best
  double velocity_sigma = 0;    // of each axis
  double moving_misfit =
      0;  // mean grey-level difference of the patches carried along at `velocity`
  double static_misfit = 0;  // the same if they stood still on the ground
  int pairs = 0;             // comparisons made; 0: nothing to compare with
};

// Differencing sees changes, and not all that changes moves: ground that a vehicle has just
// uncovered changes too, and of a long slow vehicle only the ends do, whose centres run faster than
// it. Pixels do not lie: each patch of the track is laid over the pictures about 0.4 s before and
// after, once as standing still and once moved with velocities about `guess`; the best fit is the
// motion.
PatchMotion MeasurePatchMotion(const ImageTrack& track, const Eigen::Vector2d& guess,
                               const std::vector<Moment>& moments,
                               const std::vector<cv::Mat>& images);

}  // namespace trucewatch::motion
