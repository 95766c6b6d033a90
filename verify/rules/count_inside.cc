// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/count_inside.h"

#include <cmath>

namespace trucewatch {
namespace {

// Displacements of the boundary in units of its sigma. The trapezoid rule over +-4 sigma is exact
// to 1e-4 for smooth integrands and to 2 % for a step, when all things are placed far better than
// the map is drawn.
constexpr int kSteps = 40;
constexpr double kStep = 0.1;

}  // namespace

std::vector<double> CountInside(std::span<const CountedThing> things, double map_sigma_m) {
  return CountDisplaced(
      things.size(), map_sigma_m, [&](double shift_m, std::span<double> probabilities) {
        for (std::size_t i = 0; i < things.size(); ++i) {
          EdgeDistance moved = things[i].edge;
          moved.inside_m += shift_m;
          probabilities[i] = things[i].weight * ProbabilityInside(moved, things[i].cov_en_m2, 0.0);
        }
      });
}

void ForEachDisplacement(double map_sigma_m,
                         const std::function<void(double shift_m, double weight)>& use) {
  const int steps = map_sigma_m > 0.0 ? kSteps : 0;
  for (int step = -steps; step <= steps; ++step) {
    const double z = kStep * step;
    use(z * map_sigma_m, std::exp(-0.5 * z * z));
  }
}

std::vector<double> CountDisplaced(std::size_t n, double map_sigma_m, const ProbabilitiesAt& fill) {
  std::vector<double> distribution(n + 1, 0.0);
  std::vector<double> probabilities(n);
  double total = 0.0;
  ForEachDisplacement(map_sigma_m, [&](double shift_m, double weight) {
    fill(shift_m, probabilities);
    const std::vector<double> here = PoissonBinomial(probabilities);
    for (std::size_t k = 0; k < distribution.size(); ++k) distribution[k] += weight * here[k];
    total += weight;
  });
  for (double& p : distribution) p /= total;
  return distribution;
}

}  // namespace trucewatch
