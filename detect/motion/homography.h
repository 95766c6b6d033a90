// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cmath>

namespace trucewatch::motion {

// Plane-to-plane map of image points. Points are (x right, y down) with pixel centres at integers.
using Homography = Eigen::Matrix3d;

inline Eigen::Vector2d Apply(const Homography& h, const Eigen::Vector2d& p) {
  const Eigen::Vector3d q = h * Eigen::Vector3d(p.x(), p.y(), 1.0);
  return {q.x() / q.z(), q.y() / q.z()};
}

}  // namespace trucewatch::motion
