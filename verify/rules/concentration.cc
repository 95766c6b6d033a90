// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/concentration.h"

#include <algorithm>
#include <cmath>

namespace trucewatch {
namespace {

constexpr double kZ95 = 1.959963984540054;  // Phi(kZ95) = 0.975

double AtLeastOfInterval(double mean, double sigma, int least) {
  const double gap = least - 0.5 - mean;
  if (sigma < 1e-9) return gap <= 0.0 ? 1.0 : 0.0;
  return NormalCdf(-gap / sigma);
}

}  // namespace

Assessment AssessConcentration(const Rule& rule, const Zone& zone, double map_sigma_m,
                               const Group& group) {
  Assessment out;
  const bool listed = ShareOfClasses({{group.object_class, 1.0}}, rule.classes) > 0.5;
  if (!listed) return out;
  const double share = group.extent_m > 0.0
                           ? 1.0 - std::pow(10.0, -std::pow(rule.radius_m / group.extent_m, 2))
                           : 1.0;
  const double sigma = std::max(group.count_max - group.count_min, 0) / (2.0 * kZ95);
  const double here =
      group.existence_probability *
      ProbabilityInside(zone.shape.Distance(group.position), group.cov_en_m2, map_sigma_m);
  out.probability =
      here * AtLeastOfInterval(share * group.count_expected, share * sigma, rule.min_count);
  out.expected_inside = here * share * group.count_expected;
  out.inside = {group.count_min, group.count_max};
  return out;
}

Assessment AssessConcentration(const Rule& rule, const Zone& zone, double map_sigma_m,
                               std::span<const Track* const> vehicles) {
  Assessment out;
  out.member_inside.assign(vehicles.size(), false);
  if (vehicles.empty()) return out;
  const LocalFrame frame(vehicles.front()->position);
  std::vector<Eigen::Vector2d> places;
  std::vector<CountedThing> things;
  std::vector<double> inside;
  for (const Track* track : vehicles) {
    places.push_back(frame.EnuFromGeodetic(track->position).head<2>());
    things.push_back({track->existence_probability * ShareOfClasses(track->classes, rule.classes),
                      zone.shape.Distance(track->position), track->cov.topLeftCorner<2, 2>()});
    inside.push_back(ProbabilityInside(things.back().edge, things.back().cov_en_m2, map_sigma_m));
  }
  const auto within = [&](std::size_t a, std::size_t b) {
    if (a == b) return 1.0;
    const Eigen::Vector2d apart = places[b] - places[a];
    const double distance = apart.norm();
    const Eigen::Vector2d along =
        distance > 1e-6 ? Eigen::Vector2d(apart / distance) : Eigen::Vector2d(1.0, 0.0);
    const double variance = along.dot((things[a].cov_en_m2 + things[b].cov_en_m2) * along);
    if (variance < 1e-12) return distance <= rule.radius_m ? 1.0 : 0.0;
    return NormalCdf((rule.radius_m - distance) / std::sqrt(variance));
  };
  std::size_t middle = 0;
  for (std::size_t a = 0; a < vehicles.size(); ++a) {
    double expected = 0.0;
    for (std::size_t b = 0; b < vehicles.size(); ++b)
      expected += things[b].weight * inside[b] * within(a, b);
    if (expected <= out.expected_inside) continue;
    out.expected_inside = expected;
    middle = a;
  }
  if (out.expected_inside < 1e-6) return out;
  for (std::size_t b = 0; b < vehicles.size(); ++b) {
    const double near = within(middle, b);
    out.member_inside[b] = inside[b] >= 0.5 && near >= 0.5;
    things[b].weight *= near;
  }
  const std::vector<double> distribution = CountInside(things, map_sigma_m);
  out.probability = AtLeast(distribution, rule.min_count);
  out.inside = Interval95(distribution);
  return out;
}

}  // namespace trucewatch
