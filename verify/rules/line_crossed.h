// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/rules/count_inside.h"

namespace trucewatch {

// Rule LINE_CROSSED, clause of the kind "Tracked vehicles shall not cross the line". A vehicle
// crossed when it was on the one side before and is on the other now.

// A place as seen from a line: positive behind it (agreement.h), with the error of the place across
// the line (1-sigma; the map's is not in it).
struct LineSide {
  double distance_m = 0.0;
  double sigma_m = 0.0;
};
// Nothing past the ends of the line, where nothing was agreed.
std::optional<LineSide> SideOf(const LineShape& line, const Geodetic& place,
                               const Eigen::Matrix2d& cov_en_m2);
// P(behind), map error included.
double ProbabilityBehind(const LineSide& side, double map_sigma_m);

// One vehicle between two times. `before`: where it was most surely on the side it came from.
struct LineCrossing {
  const Track* vehicle = nullptr;
  LineSide before;
  LineSide now;
  bool forward = true;  // away from behind the line
};

// P(at least N of the vehicles exist, are of the rule's classes, were on the one side and are on
// the other now). For the displacement b of the drawn line, the same for all and for both times,
//   p(b) = w Phi((d_before + b) / s_before) Phi(-(d_now + b) / s_now), averaged over b as in
// CountInside. The errors of the two places are taken as independent: they are apart in time, but
// a shared georeference error makes p too large for lengths below it.
Assessment AssessLineCrossed(const Rule& rule, double map_sigma_m,
                             std::span<const LineCrossing> crossings);

// p averaged over b of one vehicle.
double ProbabilityOfCrossing(const Rule& rule, double map_sigma_m, const LineCrossing& crossing);

}  // namespace trucewatch
