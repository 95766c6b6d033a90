// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/random.h"

#include <gtest/gtest.h>

namespace trucewatch::simulate {
namespace {

constexpr int kDraws = 200'000;

TEST(Random, StreamsOfOtherPurposesIndicesAndSeedsDiffer) {
  const auto first = Random(1, "a").Next();
  EXPECT_EQ(first, Random(1, "a").Next());
  EXPECT_NE(first, Random(1, "b").Next());
  EXPECT_NE(first, Random(2, "a").Next());
  EXPECT_NE(first, Random(1, "a", 1).Next());
}

TEST(Random, NormalHasMeanZeroAndVarianceOne) {
  Random random(7, "normal");
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Normal();
    sum += x, squares += x * x, fourth += x * x * x * x;
  }
  // Five standard errors: 1/sqrt(n), sqrt(2/n), sqrt(96/n).
  EXPECT_NEAR(sum / kDraws, 0, 5 * std::sqrt(1.0 / kDraws));
  EXPECT_NEAR(squares / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourth / kDraws, 3, 5 * std::sqrt(96.0 / kDraws));
}

TEST(Random, PoissonHasItsMeanAndVariance) {
  for (const double mean : {0.5, 7.3, 130.0}) {
    Random random(7, "poisson");
    constexpr int kCount = 20'000;
    double sum = 0, squares = 0;
    for (int i = 0; i < kCount; ++i) {
      const double x = random.Poisson(mean) - mean;
      sum += x, squares += x * x;
    }
    EXPECT_NEAR(sum / kCount, 0, 5 * std::sqrt(mean / kCount));
    // Variance of the squared deviation of a Poisson: mean + 2 mean^2.
    EXPECT_NEAR(squares / kCount, mean, 5 * std::sqrt((mean + 2 * mean * mean) / kCount));
  }
}

}  // namespace
}  // namespace trucewatch::simulate
