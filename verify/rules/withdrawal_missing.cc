// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/withdrawal_missing.h"

#include <algorithm>

namespace trucewatch {

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
