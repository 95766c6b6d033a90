// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/group_in_zone.h"

#include <algorithm>
#include <cmath>

namespace trucewatch {
namespace {

// Displacements of the boundary in units of its sigma. The trapezoid rule over +-4 sigma is exact
// to 1e-4 for smooth integrands and to 2 % for a step, when all vehicles are placed far better than
// the map is drawn.
constexpr int kSteps = 40;
constexpr double kStep = 0.1;

struct Member {
  double weight;  // existence and class
  EdgeDistance edge;
  Eigen::Matrix2d cov_en_m2;
};

}  // namespace

Assessment AssessGroupInZone(const Rule& rule, const Zone& zone, double map_sigma_m,
                             std::span<const Track* const> vehicles) {
  Assessment out;
  out.member_inside.reserve(vehicles.size());
  std::vector<Member> members;
  members.reserve(vehicles.size());
  for (const Track* track : vehicles) {
    Member member{track->existence_probability * ShareOfClasses(track->classes, rule.classes),
                  zone.shape.Distance(track->position), track->cov.topLeftCorner<2, 2>()};
    const double inside = ProbabilityInside(member.edge, member.cov_en_m2, map_sigma_m);
    out.expected_inside += member.weight * inside;
    out.member_inside.push_back(inside >= 0.5);
    members.push_back(member);
  }
  if (out.expected_inside < 1e-6) return out;

  const int steps = map_sigma_m > 0.0 ? kSteps : 0;
  std::vector<double> distribution(members.size() + 1, 0.0);
  std::vector<double> probabilities(members.size());
  double total = 0.0;
  for (int step = -steps; step <= steps; ++step) {
    const double z = kStep * step;
    const double weight = std::exp(-0.5 * z * z);
    for (std::size_t i = 0; i < members.size(); ++i) {
      EdgeDistance moved = members[i].edge;
      moved.inside_m += z * map_sigma_m;
      probabilities[i] = members[i].weight * ProbabilityInside(moved, members[i].cov_en_m2, 0.0);
    }
    const std::vector<double> here = PoissonBinomial(probabilities);
    for (std::size_t k = 0; k < distribution.size(); ++k) distribution[k] += weight * here[k];
    total += weight;
  }
  for (double& p : distribution) p /= total;
  out.probability = AtLeast(distribution, rule.min_count);
  out.inside = Interval95(distribution);
  return out;
}

}  // namespace trucewatch
