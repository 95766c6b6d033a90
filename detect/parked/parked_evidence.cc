// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/parked_evidence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace trucewatch::parked {
namespace {

// Mean scores of the network before and after that differ by less say nothing.
constexpr double kLeastTurn = 0.08, kLeastRatio = 2.0;
constexpr double kLeastDirection = 1.0;

}  // namespace

Step StepOf(std::span<const double> progress) {
  constexpr std::size_t kHalf = 6;
  if (progress.size() != 2 * kHalf) return {};
  std::array<double, kHalf> before{}, after{};
  for (std::size_t i = 0; i < kHalf; ++i) {
    before[i] = std::abs(progress[i]);
    after[i] = std::abs(1 - progress[kHalf + i]);
  }
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  return {.jump = progress[kHalf] - progress[kHalf - 1],
          .worst = std::max(before[kHalf - 2], after[kHalf - 2])};
}

double Step::WeightOf(double strength) const {
  return strength * std::max(0.0, 1 - worst) * std::clamp(jump, 0.0, 1.0);
}

double DirectionOf(const Direction& d) {
  const double turn = d.network_after - d.network_before;
  const double more = std::max(d.network_after, d.network_before),
               less = std::min(d.network_after, d.network_before);
  const bool network = more - less >= kLeastTurn && more >= kLeastRatio * less;
  if (!network && d.stood_before == 0) return 0;
  const double direction =
      6 * turn + 0.5 * d.gained_more + 0.7 * d.stands_out - 2.0 * d.stood_before;
  if (std::abs(direction) < kLeastDirection) return 0;
  // What the picture hints at does not overrule the network, nor that what stands cannot come.
  if (network && direction * turn < 0) return 0;
  if (direction * d.stood_before > 0) return 0;
  return direction;
}

double ProbabilityOf(double weight, double direction) {
  const double odds = 2 * (weight - 2.0) + 0.5 * (std::abs(direction) - 1);
  return std::clamp(1 / (1 + std::exp(-odds)), 0.5, 0.98);
}

ParkedCount CountOf(std::span<const double> probabilities) {
  std::vector<double> share = {1.0};  // of so many vehicles
  ParkedCount count;
  for (const double p : probabilities) {
    count.expected += p;
    share.push_back(0);
    for (std::size_t k = share.size() - 1; k > 0; --k) {
      share[k] = share[k] * (1 - p) + share[k - 1] * p;
    }
    share[0] *= 1 - p;
  }
  double below = 0;
  count.low = -1;
  for (std::size_t k = 0; k < share.size(); ++k) {
    below += share[k];
    if (count.low < 0 && below > 0.025) count.low = static_cast<int>(k);
    count.high = static_cast<int>(k);
    if (below >= 0.975) break;
  }
  count.low = std::max(count.low, 0);
  return count;
}

}  // namespace trucewatch::parked
