// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <vector>

namespace trucewatch::people {

// One patch of foreground on the ground plane, about as large as a person or several who touch.
// Lives inside the detector only.
struct Patch {
  Eigen::Vector2d place_m = Eigen::Vector2d::Zero();
  double area_m2 = 0;
  Eigen::Vector2d half_axis_m = Eigen::Vector2d::Zero();  // from its middle to its far end
};

struct CrowdOptions {
  double group_radius_m = 5;  // closer patches belong together
  int min_count = 5;
  double least_patch_m2 = 0.08;
};

// How many, where and how far spread; never who.
struct Crowd {
  Eigen::Vector2d middle_m = Eigen::Vector2d::Zero();
  Eigen::Matrix2d spread_m2 = Eigen::Matrix2d::Zero();  // of the places about the middle
  Eigen::Vector2d low_m = Eigen::Vector2d::Zero();      // corners of the box about all of it
  Eigen::Vector2d high_m = Eigen::Vector2d::Zero();
  double extent_m = 0;  // radius that holds nine in ten
  double count_expected = 0;
  int count_min = 0;  // 95 % interval
  int count_max = 0;
  double score = 0;
};

// Groups in the patches of several pictures of one segment, largest first.
//
// The model of the count: all pictures together say how much ground one person covers, shadow
// included (the size that most of the foreground's area has). A patch as large as one person is
// one, a larger one as many as fit, a piece its share. Persons thrown at random on the group's
// ground hide one another: those who touch are raised by -ln(1 - c) / c, c the share of the group's
// ground that is covered. n = median of the pictures' sums. Each person is missed with probability
// q = 0.03 +- 0.05, because he stands still for the whole segment or in another's shadow: the
// expected count is n / (1 - q). The interval adds the pictures' spread (they share most of their
// error: it is not divided by their number), 7 % for the size of one person, half a person for
// rounding, and upwards the uncertainty of q.
std::vector<Crowd> CountCrowds(const std::vector<std::vector<Patch>>& pictures,
                               const CrowdOptions& options);

}  // namespace trucewatch::people
