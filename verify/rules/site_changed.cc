// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/site_changed.h"

namespace trucewatch {

SiteAssessment AssessSiteChanged(const Rule& rule, const Zone& zone, double map_sigma_m,
                                 std::span<const SiteChange> changes) {
  SiteAssessment out;
  std::vector<CountedThing> things;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const SiteChange& change = changes[i];
    if (change.kind == ChangeKind::kUnspecified) continue;
    const CountedThing thing{change.probability * ShareOfClasses(change.classes, rule.classes),
                             zone.shape.Distance(change.position), change.cov_en_m2};
    const double here = thing.weight * ProbabilityInside(thing.edge, thing.cov_en_m2, map_sigma_m);
    out.expected += here;
    if (here < 1e-6) continue;
    things.push_back(thing);
    if (here < 0.5) continue;
    out.counted.push_back(i);
    ++(change.kind == ChangeKind::kAppeared ? out.appeared : out.vanished);
  }
  if (things.empty()) return out;
  const std::vector<double> distribution = CountInside(things, map_sigma_m);
  out.probability = AtLeast(distribution, rule.min_count);
  out.changed = Interval95(distribution);
  return out;
}

}  // namespace trucewatch
