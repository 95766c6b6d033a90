// SPDX-License-Identifier: Apache-2.0
#include "tools/score/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace trucewatch::tools {
namespace {

double BruteForce(const CostMatrix& costs, std::size_t row, std::vector<char>& taken) {
  if (row == costs.rows) return 0;
  double best = BruteForce(costs, row + 1, taken);  // left alone
  for (std::size_t column = 0; column < costs.columns; ++column) {
    if (taken[column] || costs.At(row, column) == kForbidden) continue;
    taken[column] = 1;
    best = std::min(best, costs.At(row, column) + BruteForce(costs, row + 1, taken));
    taken[column] = 0;
  }
  return best;
}

double SumOf(const CostMatrix& costs, const std::vector<std::size_t>& column_of) {
  double sum = 0;
  std::vector<char> taken(costs.columns, 0);
  for (std::size_t row = 0; row < costs.rows; ++row) {
    if (column_of[row] == kUnassigned) continue;
    EXPECT_FALSE(taken[column_of[row]]) << "column given twice";
    taken[column_of[row]] = 1;
    sum += costs.At(row, column_of[row]);
  }
  return sum;
}

TEST(Assignment, EqualsBruteForceOnRandomMatrices) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> cost(-10.0, 4.0);
  std::uniform_int_distribution<int> coarse(-3, 1);  // many ties
  for (int round = 0; round < 2000; ++round) {
    CostMatrix costs(1 + random() % 5, 1 + random() % 5);
    for (double& c : costs.cost) {
      if (random() % 4 == 0) continue;  // forbidden
      c = round % 2 == 0 ? cost(random) : coarse(random);
    }
    std::vector<char> taken(costs.columns, 0);
    EXPECT_NEAR(SumOf(costs, AssignAtLeastCost(costs)), BruteForce(costs, 0, taken), 1e-9);
  }
}

TEST(Assignment, OfSparsePairsCostsAsMuchAsTheWholeMatrix) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> cost(-10.0, 2.0);
  std::size_t assigned = 0;
  for (int round = 0; round < 300; ++round) {
    CostMatrix costs(1 + random() % 40, 1 + random() % 40);
    std::vector<AllowedPair> pairs;
    for (std::size_t k = 0; k < costs.cost.size(); ++k) {
      if (random() % 30 != 0) continue;
      costs.cost[k] = cost(random);
      pairs.push_back({k / costs.columns, k % costs.columns, costs.cost[k]});
    }
    std::shuffle(pairs.begin(), pairs.end(), random);
    const auto sparse = AssignAtLeastCost(costs.rows, costs.columns, pairs);
    EXPECT_NEAR(SumOf(costs, sparse), SumOf(costs, AssignAtLeastCost(costs)), 1e-9);
    assigned += static_cast<std::size_t>(
        std::ranges::count_if(sparse, [](std::size_t column) { return column != kUnassigned; }));
  }
  EXPECT_GT(assigned, 1000U);
}

TEST(Assignment, LeavesRowsAloneWhenEverythingIsForbiddenOrDear) {
  CostMatrix costs(2, 2);
  costs.At(0, 0) = 5.0;
  EXPECT_EQ(AssignAtLeastCost(costs), (std::vector<std::size_t>{kUnassigned, kUnassigned}));
}

TEST(Assignment, TakesTheGlobalOptimumNotTheNearest) {
  // Row 0 is nearest to column 0, but only row 1 has no other choice.
  CostMatrix costs(2, 2);
  costs.At(0, 0) = -5.0;
  costs.At(0, 1) = -4.0;
  costs.At(1, 0) = -4.9;
  EXPECT_EQ(AssignAtLeastCost(costs), (std::vector<std::size_t>{1, 0}));
}

TEST(Assignment, HandlesNoColumnsAndNoRows) {
  EXPECT_TRUE(AssignAtLeastCost(CostMatrix(0, 3)).empty());
  EXPECT_EQ(AssignAtLeastCost(CostMatrix(2, 0)),
            (std::vector<std::size_t>{kUnassigned, kUnassigned}));
}

}  // namespace
}  // namespace trucewatch::tools
