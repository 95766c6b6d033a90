// SPDX-License-Identifier: Apache-2.0
#include "detect/parked/parked_evidence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace trucewatch::parked {
namespace {

// Fitted with StandsApart's weights.
constexpr double kNetworkWeight = 1.5, kNetworkFloor = 0.03, kStoodWeight = 2.0;
constexpr double kLeastDirection = 2.5;
// Mean scores from which on the network is sure of a vehicle, before and after.
constexpr double kSureOfBoth = 0.4;

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
  if (std::min(d.network_before, d.network_after) >= kSureOfBoth) return 0;
  const double network =
      std::log((d.network_after + kNetworkFloor) / (d.network_before + kNetworkFloor));
  const double direction = d.pictures + kNetworkWeight * network - kStoodWeight * d.stood_before;
  return std::abs(direction) < kLeastDirection ? 0 : direction;
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
