// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/probability.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace trucewatch {

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double ProbabilityInside(const EdgeDistance& edge, const Eigen::Matrix2d& cov_en_m2,
                         double map_sigma_m) {
  const double variance =
      edge.outward_en.dot(cov_en_m2 * edge.outward_en) + map_sigma_m * map_sigma_m;
  // A thousandth of a millimetre: below it the place is taken as exact.
  if (variance < 1e-12) return edge.inside_m > 0.0 ? 1.0 : edge.inside_m < 0.0 ? 0.0 : 0.5;
  return NormalCdf(edge.inside_m / std::sqrt(variance));
}

std::vector<double> PoissonBinomial(std::span<const double> probabilities) {
  std::vector<double> distribution(probabilities.size() + 1, 0.0);
  distribution[0] = 1.0;
  std::size_t trials = 0;
  for (const double p : probabilities) {
    ++trials;
    for (std::size_t k = trials; k > 0; --k)
      distribution[k] = distribution[k] * (1.0 - p) + distribution[k - 1] * p;
    distribution[0] *= 1.0 - p;
  }
  return distribution;
}

double AtLeast(std::span<const double> distribution, int k) {
  double sum = 0.0;  // from the far end: small terms first
  for (std::size_t i = distribution.size(); i > 0 && static_cast<int>(i) - 1 >= k; --i)
    sum += distribution[i - 1];
  return std::min(sum, 1.0);
}

CountBounds Interval95(std::span<const double> distribution) {
  constexpr double kTail = 0.025;
  CountBounds interval{0, std::max(static_cast<int>(distribution.size()) - 1, 0)};
  double below = 0.0;
  while (interval.min < interval.max) {
    below += distribution[static_cast<std::size_t>(interval.min)];
    if (below > kTail) break;
    ++interval.min;
  }
  double above = 0.0;
  while (interval.max > interval.min) {
    above += distribution[static_cast<std::size_t>(interval.max)];
    if (above > kTail) break;
    --interval.max;
  }
  return interval;
}

}  // namespace trucewatch
