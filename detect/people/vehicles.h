// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>
#include <vector>

namespace trucewatch::people {

// Takes vehicles out of the foreground: what is large and one piece (after gaps of half a metre are
// closed) and moves as one, faster than people walk; or solid like a body and moving at all. What
// stands beside it in the same picture goes with it. `metres_per_px` about the middle, times_s
// ascending.
void RemoveVehicles(std::vector<cv::Mat>& masks, const std::vector<double>& times_s,
                    double metres_per_px);

}  // namespace trucewatch::people
