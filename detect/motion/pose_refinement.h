// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <string>
#include <vector>

#include "core/geo/geodetic.h"

namespace trucewatch::motion {

// Where one and the same point of the ground lies by the pose of one picture. Which image point
// that is comes from the registration of the pictures, which knows no pose.
struct PoseSighting {
  Geodetic place;
  // 1-sigma squared of the place by the errors stated for the pose, east and north.
  Eigen::Matrix2d stated_cov_en_m2 = Eigen::Matrix2d::Zero();
};

// What the pictures of a segment say about the poses they came with. If the poses were right, all
// sightings would be one place; how they scatter is their noise, measured. An error common to all
// is not seen.
struct PoseRefinement {
  // A covariance C by the stated errors becomes T C T^T: more where the scatter is larger than they
  // explain, never less.
  Eigen::Matrix2d transform = Eigen::Matrix2d::Identity();
  double stated_sigma_m = 0;  // root of the mean of both variances, as stated
  double scatter_m = 0;       // the same of the sightings, measured
  bool disagree = false;      // the scatter is more than twice (in squares) what is stated
  std::string note;           // says so, for people; else empty
};

// Fewer than kMinSightings: nothing is said.
PoseRefinement RefinePoses(const std::vector<PoseSighting>& sightings);

inline constexpr std::size_t kMinSightings = 4;

}  // namespace trucewatch::motion
