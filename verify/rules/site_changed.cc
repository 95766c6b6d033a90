// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/site_changed.h"

#include <algorithm>
#include <cmath>

namespace trucewatch {
namespace {

bool SamePlace(const SiteChange& a, const SiteChange& b) {
  const Geodetic at_a{a.position.latitude, a.position.longitude, 0.0};
  const Geodetic at_b{b.position.latitude, b.position.longitude, 0.0};
  const double sigma_m = std::sqrt(a.cov_en_m2.trace() + b.cov_en_m2.trace());
  return GeodesicDistanceM(at_a, at_b) <= kSamePlaceM + 3.0 * sigma_m;
}

}  // namespace

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

bool LookedAtAll(const SettledLook& look, std::span<const SiteChange> changes) {
  if (look.standing_vehicle_probability <= 0.0 || !look.degraded_reason.empty() ||
      look.footprint.size() < 3)
    return false;
  const PolygonShape footprint(look.footprint);
  return std::all_of(changes.begin(), changes.end(), [&](const SiteChange& change) {
    return footprint.Distance(change.position).inside_m > 0.0;
  });
}

std::vector<SiteChange> Outlasting(std::span<const SiteChange> earlier,
                                   std::span<const SiteChange> later) {
  std::vector<SiteChange> out;
  for (const SiteChange& change : earlier) {
    const bool taken_back = std::any_of(later.begin(), later.end(), [&](const SiteChange& other) {
      return other.kind != change.kind && other.probability >= 0.5 && SamePlace(change, other);
    });
    if (!taken_back) out.push_back(change);
  }
  return out;
}

bool ShowsAgain(std::span<const SiteChange> earlier, std::span<const SiteChange> later) {
  return std::any_of(earlier.begin(), earlier.end(), [&](const SiteChange& change) {
    return std::any_of(later.begin(), later.end(), [&](const SiteChange& other) {
      return other.kind == change.kind && other.probability >= 0.5 && SamePlace(change, other);
    });
  });
}

}  // namespace trucewatch
