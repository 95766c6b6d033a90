// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/group_in_zone.h"

namespace trucewatch {

Assessment AssessGroupInZone(const Rule& rule, const Zone& zone, double map_sigma_m,
                             std::span<const Track* const> vehicles) {
  Assessment out;
  out.member_inside.reserve(vehicles.size());
  std::vector<CountedThing> things;
  things.reserve(vehicles.size());
  for (const Track* track : vehicles) {
    const CountedThing thing{
        track->existence_probability * ShareOfClasses(track->classes, rule.classes),
        zone.shape.Distance(track->position), track->cov.topLeftCorner<2, 2>()};
    const double inside = ProbabilityInside(thing.edge, thing.cov_en_m2, map_sigma_m);
    out.expected_inside += thing.weight * inside;
    out.member_inside.push_back(inside >= 0.5);
    things.push_back(thing);
  }
  if (out.expected_inside < 1e-6) return out;
  const std::vector<double> distribution = CountInside(things, map_sigma_m);
  out.probability = AtLeast(distribution, rule.min_count);
  out.inside = Interval95(distribution);
  return out;
}

}  // namespace trucewatch
