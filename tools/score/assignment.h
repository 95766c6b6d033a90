// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace trucewatch::tools {

inline constexpr double kForbidden = std::numeric_limits<double>::infinity();

// A rectangle of costs, row-major. kForbidden: the two do not go together.
struct CostMatrix {
  CostMatrix(std::size_t row_count, std::size_t column_count)
      : rows(row_count), columns(column_count), cost(row_count * column_count, kForbidden) {}
  double& At(std::size_t row, std::size_t column) { return cost[row * columns + column]; }
  double At(std::size_t row, std::size_t column) const { return cost[row * columns + column]; }

  std::size_t rows;
  std::size_t columns;
  std::vector<double> cost;
};

inline constexpr std::size_t kUnassigned = static_cast<std::size_t>(-1);

// For each row its column or kUnassigned, such that the sum of costs is least; leaving a row alone
// costs 0 and each column serves at most one row. Shortest augmenting paths (Jonker and Volgenant
// 1987, Crouse 2016); exact. Determinism: a function of the matrix; among equal sums, fixed by the
// order of rows and columns. Cost: O(rows^2 (rows + columns)).
std::vector<std::size_t> AssignAtLeastCost(const CostMatrix& costs);

// A pair that may go together.
struct AllowedPair {
  std::size_t row = 0, column = 0;
  double cost = 0;
};

// The same for a matrix that is forbidden nearly everywhere: solved apart for each set of rows and
// columns that hang together, which is exact too. A pair is given once; its row and column are
// below `rows` and `columns`.
std::vector<std::size_t> AssignAtLeastCost(std::size_t rows, std::size_t columns,
                                           std::span<const AllowedPair> pairs);

}  // namespace trucewatch::tools
