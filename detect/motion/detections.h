// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <vector>

#include "detect/motion/ground_view.h"
#include "detect/motion/moment.h"
#include "detect/motion/motion_detector.h"
#include "detect/motion/movers.h"

namespace trucewatch::motion {

// Adds to `out` those that are judged to be vehicles on the move at moments[m], numbered as they
// stand in `movers`.
void AddDetections(const std::vector<Mover>& movers, std::size_t m,
                   const std::vector<Moment>& moments, const GroundView& view,
                   const std::vector<cv::Mat>& images, const MotionOptions& options,
                   MotionMoment& out);

}  // namespace trucewatch::motion
