// SPDX-License-Identifier: Apache-2.0
#include "fusion/joint_association.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <utility>

namespace trucewatch {
namespace {

// All joint events, one after another; of those with the same rows reported and the same columns
// used the best one.
class EveryEvent {
 public:
  explicit EveryEvent(const AssociationWeights& weights)
      : weights_(weights), choice_(weights.rows, weights.columns) {
    Descend(0, 0.0, 0, 0);
  }

  double Probability(std::size_t row, std::size_t column) const {
    double sum = 0, with = 0;
    for (const auto& [pattern, event] : best_) {
      const double p = std::exp(event.first);
      sum += p;
      if (event.second[row] == column) with += p;
    }
    return with / sum;
  }

 private:
  void Descend(std::size_t row, double log_weight, unsigned reported, unsigned used) {
    if (row == weights_.rows) {
      auto& slot = best_[{reported, used}];
      if (slot.second.empty() || log_weight > slot.first) slot = {log_weight, choice_};
      return;
    }
    choice_[row] = weights_.columns;
    Descend(row + 1, log_weight, reported, used);
    for (std::size_t c = 0; c < weights_.columns; ++c) {
      if ((used >> c & 1U) != 0 || weights_.At(row, c) == kForbidden) continue;
      choice_[row] = c;
      Descend(row + 1, log_weight + weights_.At(row, c), reported | 1U << row, used | 1U << c);
    }
    choice_[row] = weights_.columns;
  }

  const AssociationWeights& weights_;
  std::vector<std::size_t> choice_;
  std::map<std::pair<unsigned, unsigned>, std::pair<double, std::vector<std::size_t>>> best_;
};

AssociationWeights Random(std::mt19937_64& random, std::size_t rows, std::size_t columns) {
  AssociationWeights weights(rows, columns);
  std::uniform_real_distribution<double> share(0, 1), log_ratio(-3, 5);
  for (double& w : weights.log_ratio) {
    if (share(random) < 0.6) w = log_ratio(random);
  }
  return weights;
}

TEST(JointAssociation, EqualsTheSumOverEveryEventOnRandomClusters) {
  std::mt19937_64 random(41);
  for (int round = 0; round < 200; ++round) {
    const AssociationWeights weights = Random(random, 1 + random() % 4, 1 + random() % 5);
    const EveryEvent every(weights);
    const auto found =
        Associate(weights, {.max_events = 100000, .max_work = 1000000, .log_cut = 60});
    for (std::size_t r = 0; r < weights.rows; ++r) {
      double sum = 0;
      for (std::size_t c = 0; c <= weights.columns; ++c) {
        ASSERT_NEAR(found.At(r, c), every.Probability(r, c), 1e-9) << round << " " << r << " " << c;
        sum += found.At(r, c);
      }
      ASSERT_NEAR(sum, 1.0, 1e-9);
    }
  }
}

TEST(JointAssociation, NoReportHasMoreThanOneCause) {
  std::mt19937_64 random(42);
  for (int round = 0; round < 20; ++round) {
    const AssociationWeights weights = Random(random, 12, 15);
    const auto found = Associate(weights, {});
    for (std::size_t c = 0; c < weights.columns; ++c) {
      double sum = 0;
      for (std::size_t r = 0; r < weights.rows; ++r) sum += found.At(r, c);
      EXPECT_LE(sum, 1.0 + 1e-9);
    }
  }
}

// Where twenty events are kept instead of all, the few that carry the probability are among them.
TEST(JointAssociation, FewEventsKeptComeNearToAllOfThem) {
  std::mt19937_64 random(43);
  double worst = 0;
  for (int round = 0; round < 100; ++round) {
    const AssociationWeights weights = Random(random, 6, 7);
    const auto all =
        Associate(weights, {.max_events = 1000000, .max_work = 100000000, .log_cut = 60});
    const auto few = Associate(weights, {});
    for (std::size_t i = 0; i < all.value.size(); ++i) {
      worst = std::max(worst, std::abs(all.value[i] - few.value[i]));
    }
  }
  EXPECT_LT(worst, 0.02);
}

// Two objects side by side, two reports, either way round nearly as good: each keeps its own.
TEST(JointAssociation, NeighboursReportedSideBySideAreNotDrawnTogether) {
  AssociationWeights weights(2, 2);
  weights.At(0, 0) = weights.At(1, 1) = 8.0;
  weights.At(0, 1) = weights.At(1, 0) = 7.9;
  const auto found = Associate(weights, {});
  EXPECT_GT(found.At(0, 0), 0.99);
  EXPECT_GT(found.At(1, 1), 0.99);
}

TEST(JointAssociation, NothingGatedIsMissedForSure) {
  EXPECT_TRUE(Associate(AssociationWeights(0, 3), {}).value.empty());
  EXPECT_EQ(Associate(AssociationWeights(1, 0), {}).Missed(0), 1.0);
  const auto two = Associate(AssociationWeights(2, 2), {});
  EXPECT_EQ(two.Missed(0), 1.0);
  EXPECT_EQ(two.Missed(1), 1.0);
}

}  // namespace
}  // namespace trucewatch
