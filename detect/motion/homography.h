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

// How small displacements about a point are carried along.
inline Eigen::Matrix2d Linear(const Homography& h, const Eigen::Vector2d& at) {
  Eigen::Matrix2d jacobian;
  for (int axis = 0; axis < 2; ++axis) {
    const Eigen::Vector2d step = Eigen::Vector2d::Unit(axis);
    jacobian.col(axis) = (Apply(h, at + step) - Apply(h, at - step)) / 2;
  }
  return jacobian;
}

}  // namespace trucewatch::motion
