// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "detect/motion/homography.h"

namespace trucewatch::motion {

// Writes into `out` (already of the size wanted, 8-bit) the picture seen through
// `picture_from_out`, bilinear. Pixels that the picture does not show keep their value.
void WarpInto(const cv::Mat& picture, const Homography& picture_from_out, cv::Mat& out);

// The pixels x0 <= x < x1 of one row of that; `row` points at the row's pixel 0.
void WarpRow(const cv::Mat& picture, const Homography& picture_from_out, int y, int x0, int x1,
             std::uint8_t* row);

}  // namespace trucewatch::motion
