// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>
#include <vector>

#include "detect/motion/candidate.h"
#include "detect/motion/moment.h"

namespace trucewatch::motion {

// What goes with a trail: the pixels about it that are found again where it has gone, and not where
// it was. Metres along and across the way from the trail (the shadow goes along, too). `patches` is
// what differencing saw of it, and is the answer when the pixels do not say more. `metres`: per
// stabilised pixel.
Extent MeasureBody(const Trail& trail, const Extent& patches, const Eigen::Matrix2d& metres,
                   const std::vector<Moment>& moments, const std::vector<cv::Mat>& images);

}  // namespace trucewatch::motion
