// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <vector>

namespace trucewatch::internal {

// Distance to the polygon's border, positive inside, negative outside [m]. Not closed; any
// orientation. At least one corner. Cost: linear in the corners.
double DepthInside(const std::vector<Eigen::Vector2d>& polygon_m, const Eigen::Vector2d& p_m);

}  // namespace trucewatch::internal
