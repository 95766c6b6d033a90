// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/withdrawal_missing.h"

#include <algorithm>

namespace trucewatch {

EdgeDistance NotYetBack(const Agreement& agreement, const Rule& rule, const Geodetic& place) {
  const Withdrawal& withdrawal = agreement.withdrawals[rule.withdrawal];
  const Line& line = agreement.lines[withdrawal.line];
  const EdgeDistance in_zone = agreement.zones[rule.zone].shape.Distance(place);
  EdgeDistance too_near = line.shape.Distance(place);
  if (line.side != Side::kNeither || withdrawal.side != Side::kB) {
    too_near.inside_m = -too_near.inside_m;
    too_near.outward_en = -too_near.outward_en;
  }
  too_near.inside_m += withdrawal.distance_m;
  return too_near.inside_m < in_zone.inside_m ? too_near : in_zone;
}

Assessment AssessStillThere(const Rule& rule, const ZoneCount& count) {
  return AssessCeiling(rule, count);  // at least N, from the same distribution
}

double ProbabilityNotArrived(int inventory, int missing, std::span<const double> seen,
                             double watched) {
  const int there = inventory - missing + 1;
  if (there <= 0) return 0.0;
  const std::vector<double> would_see =
      PoissonBinomial(std::vector<double>(static_cast<std::size_t>(there), watched));
  double p = 1.0;
  double up_to = 0.0;
  for (std::size_t k = 0; k < seen.size(); ++k) {
    if (k < would_see.size()) up_to += would_see[k];
    p -= seen[k] * std::min(up_to, 1.0);
  }
  return std::max(p, 0.0);
}

}  // namespace trucewatch
