// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/line_crossed.h"

#include <cmath>

namespace trucewatch {
namespace {

double BehindAt(const LineSide& side, double shift_m) {
  const double distance_m = side.distance_m + shift_m;
  if (side.sigma_m < 1e-6) return distance_m > 0.0 ? 1.0 : distance_m < 0.0 ? 0.0 : 0.5;
  return NormalCdf(distance_m / side.sigma_m);
}

double CrossedAt(const LineCrossing& crossing, double shift_m) {
  const double before = BehindAt(crossing.before, shift_m);
  const double now = BehindAt(crossing.now, shift_m);
  return crossing.forward ? before * (1.0 - now) : (1.0 - before) * now;
}

}  // namespace

std::optional<LineSide> SideOf(const LineShape& line, const Geodetic& place,
                               const Eigen::Matrix2d& cov_en_m2) {
  if (!line.Abreast(place)) return std::nullopt;
  const EdgeDistance edge = line.Distance(place);
  const double variance = edge.outward_en.dot(cov_en_m2 * edge.outward_en);
  return LineSide{edge.inside_m, std::sqrt(std::max(variance, 0.0))};
}

double ProbabilityBehind(const LineSide& side, double map_sigma_m) {
  return BehindAt({side.distance_m, std::hypot(side.sigma_m, map_sigma_m)}, 0.0);
}

Assessment AssessLineCrossed(const Rule& rule, double map_sigma_m,
                             std::span<const LineCrossing> crossings) {
  Assessment out;
  std::vector<double> weights;
  for (const LineCrossing& crossing : crossings) {
    weights.push_back(crossing.vehicle->existence_probability *
                      ShareOfClasses(crossing.vehicle->classes, rule.classes));
    const double crossed = ProbabilityOfCrossing(rule, map_sigma_m, crossing);
    out.expected_inside += crossed;
    out.member_inside.push_back(crossed >= 0.5);
  }
  if (out.expected_inside < 1e-6) return out;
  const std::vector<double> distribution = CountDisplaced(
      crossings.size(), map_sigma_m, [&](double shift_m, std::span<double> probabilities) {
        for (std::size_t i = 0; i < crossings.size(); ++i)
          probabilities[i] = weights[i] * CrossedAt(crossings[i], shift_m);
      });
  out.probability = AtLeast(distribution, rule.min_count);
  out.inside = Interval95(distribution);
  return out;
}

double ProbabilityOfCrossing(const Rule& rule, double map_sigma_m, const LineCrossing& crossing) {
  const double weight = crossing.vehicle->existence_probability *
                        ShareOfClasses(crossing.vehicle->classes, rule.classes);
  if (weight < 1e-6) return 0.0;
  const std::vector<double> one =
      CountDisplaced(1, map_sigma_m, [&](double shift_m, std::span<double> probabilities) {
        probabilities[0] = CrossedAt(crossing, shift_m);
      });
  return weight * one[1];
}

}  // namespace trucewatch
