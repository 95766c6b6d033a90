// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>

namespace trucewatch::simulate {

// For cv::warpPerspective.
inline cv::Mat ToMat(const Eigen::Matrix3d& m) {
  cv::Mat result(3, 3, CV_64F);
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) result.at<double>(r, c) = m(r, c);
  }
  return result;
}

// From pixel indices (0 is the middle of the first) to image points of a plane `step` luma pixels a
// sample.
inline Eigen::Matrix3d ImageFromIndex(double step) {
  Eigen::Matrix3d m;
  m << step, 0, 0.5 * step, 0, step, 0.5 * step, 0, 0, 1;
  return m;
}

}  // namespace trucewatch::simulate
