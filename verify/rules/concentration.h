// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/rules/count_inside.h"

namespace trucewatch {

// Rule CONCENTRATION, clause of the kind "N or more persons (vehicles) shall not assemble within
// R metres in the zone". Each group is held against the rule by itself: two reports of the same
// people cannot be told from two groups, so groups are never added up.

// Of a group that is seen as a whole, with its count and interval:
//   P = existence * class * P(inside) * P(at least N within R).
// The count is taken as normal with the mean m = count_expected and s = (max - min) / (2 * 1.96),
// rounded to whole numbers; the people as spread normally round the middle, nine in ten within
// extent_m, so that the share q = 1 - 10^-((R / extent_m)^2) is within R of it:
//   P(at least N within R) = 1 - Phi((N - 0.5 - q m) / (q s)).
// Class: 1 when the rule lists the group's, else 0. P(inside) is that of the middle.
Assessment AssessConcentration(const Rule& rule, const Zone& zone, double map_sigma_m,
                               const Group& group);

// Of vehicles that are tracked: P(at least N exist, are of the rule's classes, are inside the zone
// and within R of one of them). That one is the vehicle with the most expected so near to it;
// taking one middle makes P a lower bound. Within R, at the distance d with the covariance C of the
// difference and the direction u: Phi((R - d) / sqrt(u' C u)), right where R is larger than the
// errors.
Assessment AssessConcentration(const Rule& rule, const Zone& zone, double map_sigma_m,
                               std::span<const Track* const> vehicles);

}  // namespace trucewatch
