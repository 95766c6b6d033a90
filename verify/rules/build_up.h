// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "verify/rules/count_inside.h"

namespace trucewatch {

// What is known of one day of a zone.
struct DayKnown {
  int day = 0;  // D is 0
  std::span<const double>
      count;             // element k: P(the largest number at once was k); empty: none seen
  double watched = 0.0;  // P(a vehicle that stood there would have been seen), zone mean
};

struct BuildUp {
  double probability = 0.0;
  std::optional<int> base_day;
  CountBounds base;           // 95 % of that day's largest number
  std::vector<int> left_out;  // days not watched well enough
};

// Rule BUILD_UP, clause of the kind "The sides shall not reinforce their positions in the area
// during the truce: N vehicles more within M days": P(number now - largest number of the base day
// >= N), the two taken as independent. The base day is the one of the M days before today with the
// least expected number among those on which the zone was watched with at least `floor`; a day that
// was watched less says nothing of what was there and is left out; of the days before the first
// that is known nothing is said. `days` ascending. The largest number of a day is taken at its
// moment of largest expectation.
BuildUp AssessBuildUp(std::span<const double> now, std::span<const DayKnown> days, int today,
                      int at_most_days, int rise, double floor);

}  // namespace trucewatch
