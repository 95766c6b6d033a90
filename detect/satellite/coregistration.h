// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "detect/satellite/scene_grid.h"

namespace trucewatch {

struct Coregistration {
  Eigen::Vector2d shift = Eigen::Vector2d::Zero();  // for SampleGrid of the earlier scene, cells
  double residual_cells = 0;                        // 1-sigma that remains, each of both axes
};

// How the earlier scene has to be moved to lie on the later one, by phase correlation of patches
// inside `overlap` (cells of the grid). Nothing when no patch shows the same ground beyond doubt,
// or it lies further off than `max_shift_cells`.
Result<std::optional<Coregistration>> Coregister(const SceneReader& later,
                                                 const SceneReader& earlier, const SceneGrid& grid,
                                                 const std::vector<cv::Point2f>& overlap,
                                                 int window_cells, double max_shift_cells);

}  // namespace trucewatch
