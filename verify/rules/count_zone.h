// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/rules/count_inside.h"

namespace trucewatch {

// How many vehicles of a rule's classes are in a zone, as a distribution: what CEILING, BUILD_UP
// and WITHDRAWAL_MISSING are made of.
struct ZoneCount {
  std::vector<double> distribution;  // element k: P(exactly k)
  double expected = 0.0;
  std::vector<bool> member_inside;   // one for each vehicle: counted, and more likely in than not
  std::vector<const Group*> wholes;  // seen as wholes: counted, and more likely in than not
};

// Counts
// - every vehicle, with weight = existence * class share, as in CountInside;
// - of a group seen as a whole its count, normal with the mean count_expected and s = (max - min) /
//   (2 * 1.96), rounded, with probability existence * class * P(inside);
// - of a moving group the vehicles that no track stands for: its count less the existence of its
//   members, s^2 what its interval leaves over their variance, never less than none.
// Nothing is counted twice: a vehicle that stands (slower than kLeastMovingMps) within the extent
// and 3 sigma of a whole is part of it; of two wholes that overlap the one expected to be larger
// counts. The displacement of the boundary is common to all.
ZoneCount CountZone(const Rule& rule, const Zone& zone, double map_sigma_m,
                    std::span<const Track* const> vehicles, std::span<const Group* const> groups);
// The same of any area: how far a place is inside it.
using InsideAt = std::function<EdgeDistance(const Geodetic&)>;
ZoneCount CountArea(const Rule& rule, const InsideAt& area, double map_sigma_m,
                    std::span<const Track* const> vehicles, std::span<const Group* const> groups);

// The mean of a distribution of counts.
double MeanCount(std::span<const double> distribution);

// Rule CEILING, clause of the kind "In the area of limitation there shall be no more than N
// vehicles of these classes": P(count > N), with rule.min_count = N + 1. The interval of the count
// goes into the finding; its middle is held against nothing.
Assessment AssessCeiling(const Rule& rule, const ZoneCount& count);

}  // namespace trucewatch
