// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "verify/rules/line_crossed.h"

namespace trucewatch {

// Rule CONVOY_TOWARDS, clause of the kind "Movements towards the line that would reach it within T
// minutes shall be reported": P(at least N of the vehicles exist, are of the rule's classes, are on
// the near side now and will be on the far side in T at the velocity they have). The place in T is
// p + T v with the covariance Cpp + T (Cpv + Cvp) + T^2 Cvv; the sum is that of LINE_CROSSED with
// "before" = now and "now" = in T. Straight ahead: a road that bends before the line is not known
// here, so what is near the line is said more surely than what is far from it.
Assessment AssessConvoyTowards(const Rule& rule, const LineShape& line, double map_sigma_m,
                               std::span<const Track* const> vehicles);

// How a movement at a place and velocity stands to a line.
struct Approach {
  double distance_m = 0.0;   // to the line
  double closing_mps = 0.0;  // positive: towards it
};
Approach ApproachOf(const LineShape& line, const Geodetic& position,
                    const Eigen::Vector2d& velocity_en_mps);

}  // namespace trucewatch
