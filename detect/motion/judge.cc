// SPDX-License-Identifier: Apache-2.0
#include "detect/motion/judge.h"

#include <cmath>
#include <cstdint>
#include <iterator>

namespace trucewatch::motion {
namespace {

// A node with a `right` goes on with the next node when its evidence is not above the threshold,
// else with node `right` of the table; one without is a leaf and adds `value`.
struct Node {
  std::int16_t evidence;
  std::int16_t right;
  float value;
};

#include "detect/motion/judge_trees.inc"

}  // namespace

double Probability(const Evidence& evidence) {
  double odds = kPriorLogOdds;
  for (const std::int16_t root : kRoots) {
    std::size_t at = static_cast<std::size_t>(root);
    while (kNodes[at].right != 0) {
      const auto value =
          static_cast<float>(evidence[static_cast<std::size_t>(kNodes[at].evidence)].second);
      at = value <= kNodes[at].value ? at + 1 : static_cast<std::size_t>(kNodes[at].right);
    }
    odds += static_cast<double>(kNodes[at].value);
  }
  return 1.0 / (1.0 + std::exp(-odds));
}

std::vector<const char*> JudgedBy() {
  return std::vector<const char*>(std::begin(kEvidenceNames), std::end(kEvidenceNames));
}

}  // namespace trucewatch::motion
