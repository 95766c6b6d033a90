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
  std::size_t moment = 0;  // index of the picture among those of the segment
  double time_s = 0;       // ascending
  Geodetic place;
  // 1-sigma squared of the place by the errors stated for the pose, east and north.
  Eigen::Matrix2d stated_cov_en_m2 = Eigen::Matrix2d::Zero();
};

// What the pictures of a segment say about the poses they came with. If the poses were right, all
// sightings would be one place; how they scatter is their noise, measured. The mean is better than
// any one of them; an error common to all is not seen.
struct PoseRefinement {
  // Added to a place found with the pose of moment i: what that pose is off from the mean. Zero
  // where a moment had no sighting, and everywhere when the two disagree: errors that are not the
  // noise they were taken for (metadata late while the camera swings) do not average out.
  std::vector<Eigen::Vector2d> shift_en_m;
  // A covariance C by the stated errors becomes T C T^T: less by the noise that the mean takes
  // away, more where the scatter is larger than the stated errors.
  Eigen::Matrix2d transform = Eigen::Matrix2d::Identity();
  double stated_sigma_m = 0;  // root of the mean of both variances, as stated
  double scatter_m = 0;       // the same of the sightings, measured
  bool disagree = false;      // the scatter is more than twice (in squares) what is stated
  std::string note;           // says so, for people; else empty
};

// `moments`: size of shift_en_m. Fewer than kMinSightings: nothing is refined.
PoseRefinement RefinePoses(const std::vector<PoseSighting>& sightings, std::size_t moments);

inline constexpr std::size_t kMinSightings = 4;

}  // namespace trucewatch::motion
