// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/probability.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace trucewatch {
namespace {

TEST(NormalCdf, TableValues) {
  // Abramowitz and Stegun, table 26.1.
  EXPECT_NEAR(NormalCdf(0.0), 0.5, 1e-15);
  EXPECT_NEAR(NormalCdf(1.0), 0.841344746068543, 1e-14);
  EXPECT_NEAR(NormalCdf(-1.96), 0.024997895148220, 1e-14);
  EXPECT_NEAR(NormalCdf(-8.0), 6.22096057427e-16, 1e-26);
}

TEST(ProbabilityInside, UsesTheErrorAcrossTheBoundaryAndTheMap) {
  Eigen::Matrix2d cov;
  cov << 900.0, 0.0, 0.0, 1.0;  // 30 m east, 1 m north
  const EdgeDistance north{40.0, Eigen::Vector2d::UnitY()};
  const EdgeDistance east{40.0, Eigen::Vector2d::UnitX()};
  EXPECT_NEAR(ProbabilityInside(north, cov, 0.0), 1.0, 1e-12);
  EXPECT_NEAR(ProbabilityInside(east, cov, 0.0), NormalCdf(40.0 / 30.0), 1e-12);
  EXPECT_NEAR(ProbabilityInside(east, cov, 40.0), NormalCdf(40.0 / 50.0), 1e-12);
  EXPECT_DOUBLE_EQ(
      ProbabilityInside({-3.0, Eigen::Vector2d::UnitX()}, Eigen::Matrix2d::Zero(), 0.0), 0.0);
  EXPECT_DOUBLE_EQ(ProbabilityInside({0.0, Eigen::Vector2d::UnitX()}, cov, 0.0), 0.5);
}

TEST(PoissonBinomial, EqualsTheSumOverAllOutcomes) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  for (std::size_t n = 0; n <= 12; ++n) {
    std::vector<double> p(n);
    for (double& value : p) value = uniform(random);
    if (n > 2) p[0] = 0.0;
    if (n > 3) p[1] = 1.0;
    std::vector<double> expected(n + 1, 0.0);
    for (unsigned outcome = 0; outcome < (1u << n); ++outcome) {
      double probability = 1.0;
      std::size_t successes = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const bool success = (outcome >> i) & 1u;
        probability *= success ? p[i] : 1.0 - p[i];
        successes += success ? 1 : 0;
      }
      expected[successes] += probability;
    }
    const auto distribution = PoissonBinomial(p);
    ASSERT_EQ(distribution.size(), n + 1);
    double tail = 0.0;
    for (std::size_t k = n + 1; k-- > 0;) {
      EXPECT_NEAR(distribution[k], expected[k], 1e-14);
      tail += expected[k];
      EXPECT_NEAR(AtLeast(distribution, static_cast<int>(k)), tail, 1e-13);
    }
  }
}

TEST(PoissonBinomial, EqualProbabilitiesGiveTheBinomial) {
  const std::vector<double> p(200, 0.3);
  const auto distribution = PoissonBinomial(p);
  for (int k = 0; k <= 200; k += 7) {
    const double log_p = std::lgamma(201.0) - std::lgamma(k + 1.0) - std::lgamma(201.0 - k) +
                         k * std::log(0.3) + (200 - k) * std::log(0.7);
    EXPECT_NEAR(distribution[static_cast<std::size_t>(k)], std::exp(log_p), 1e-12);
  }
}

TEST(Interval95, LeavesAtMostTwoAndAHalfPercentOnEachSide) {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  for (int run = 0; run < 200; ++run) {
    std::vector<double> p(static_cast<std::size_t>(1 + run % 15));
    for (double& value : p) value = uniform(random);
    const auto d = PoissonBinomial(p);
    const CountBounds interval = Interval95(d);
    ASSERT_LE(interval.min, interval.max);
    EXPECT_GE(AtLeast(d, interval.min), 0.975 - 1e-12);
    EXPECT_LE(AtLeast(d, interval.max + 1), 0.025 + 1e-12);
    // No smaller interval would do.
    if (interval.min < interval.max) {
      EXPECT_LT(AtLeast(d, interval.min + 1), 0.975);
      EXPECT_GT(AtLeast(d, interval.max), 0.025);
    }
  }
}

}  // namespace
}  // namespace trucewatch
