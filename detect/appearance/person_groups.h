// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "detect/appearance/boxes.h"

namespace trucewatch::appearance {

struct PersonGroupOptions {
  int min_count = 5;                 // smaller groups are not reported
  double group_radius_m = 6;         // people closer than this belong together
  std::optional<double> gsd_m = {};  // unknown: a person's box is taken as kBoxM long
};

// Several people in one picture: how many and where as a whole, never who. Pixels of the picture.
struct PersonGroup {
  double x_px = 0, y_px = 0, width_px = 0, height_px = 0;  // of all of it
  double middle_x_px = 0, middle_y_px = 0;
  double extent_px = 0;  // radius that holds nine in ten
  double count_expected = 0;
  int count_min = 0, count_max = 0;  // 95 % interval
  double score = 0;                  // 0..1, that they are as many as a group needs
};

// The longer side of a person's box where nothing says how large a pixel is.
inline constexpr double kBoxM = 1.4;

// Groups among the person boxes whose score is at least the card's working_score, largest first.
// Linked by single links. The model of the count: each box is a person with its score's
// probability; of all people a share of kMissedShare +- kMissedSigma is not found.
inline constexpr double kMissedShare = 0.15, kMissedSigma = 0.10;
std::vector<PersonGroup> GroupPersons(const std::vector<Box>& boxes,
                                      const v1::config::ModelCard& card,
                                      const PersonGroupOptions& options);

}  // namespace trucewatch::appearance
