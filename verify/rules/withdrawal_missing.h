// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "verify/rules/count_zone.h"

namespace trucewatch {

// Rule WITHDRAWAL_MISSING, clause of the kind "By the deadline the vehicles of these classes shall
// have left the zone (shall stand in the storage site)". It is asked from the deadline on.

// Still there: P(at least N vehicles of the classes are in the zone and less than the withdrawal's
// distance behind its line, or beyond it). What was seen speaks for it. How far a place is inside
// that area: the nearer of the zone's border and the line that runs at the distance. Of a line that
// binds both, behind it is each on its own side.
EdgeDistance NotYetBack(const Agreement& agreement, const Rule& rule, const Geodetic& place);
Assessment AssessStillThere(const Rule& rule, const ZoneCount& count);

// Not arrived: `inventory` vehicles were to stand in the site, k were seen there at most, and one
// that stands there would have been seen with probability `watched`. That at least N are missing is
// as sure as it is unlikely that, with no more than N - 1 missing, no more than k would have been
// seen: P = 1 - sum over k of P(k) * P(Binomial(inventory - N + 1, watched) <= k).
double ProbabilityNotArrived(int inventory, int missing, std::span<const double> seen,
                             double watched);

}  // namespace trucewatch
