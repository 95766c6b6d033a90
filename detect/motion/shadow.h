// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "detect/motion/body.h"
#include "detect/motion/candidate.h"
#include "detect/motion/moment.h"
#include "detect/motion/swept_box.h"

namespace trucewatch::motion {

// Measures the bodies of all candidates with trails, and takes their shadows off them. At which end
// of a shape the shadow lies the pictures of all together say: patterns of the ground go on under
// a shadow, only darker, and end at a roof. Where nothing says it, the shadow stays part of the
// body. `upright`: east and north, where the camera is known; its shadow is believed when the
// shapes of the bodies agree with it, and is zero where no sun is to be reckoned with.
void MeasureBodies(const std::vector<Moment>& moments, const std::vector<cv::Mat>& images,
                   const std::optional<Upright>& upright, std::vector<Candidate>& candidates);

}  // namespace trucewatch::motion
