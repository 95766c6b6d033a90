// SPDX-License-Identifier: Apache-2.0
#include "tools/score/assignment.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/base/check.h"

namespace trucewatch::tools {

std::vector<std::size_t> AssignAtLeastCost(const CostMatrix& costs) {
  const std::size_t rows = costs.rows;
  // One column of its own for each row stands for "alone", at cost 0: then every row can be served.
  const std::size_t columns = costs.columns + rows;
  const auto cost = [&](std::size_t row, std::size_t column) {
    if (column < costs.columns) return costs.At(row, column);
    return column - costs.columns == row ? 0.0 : kForbidden;
  };
  std::vector<double> row_price(rows, 0.0), column_price(columns, 0.0), distance(columns);
  std::vector<std::size_t> row_of(columns, kUnassigned), column_of(rows, kUnassigned);
  std::vector<std::size_t> parent(columns);
  std::vector<char> row_done(rows), column_done(columns);
  for (std::size_t start = 0; start < rows; ++start) {
    distance.assign(columns, kForbidden);
    row_done.assign(rows, 0);
    column_done.assign(columns, 0);
    double lowest = 0;
    std::size_t row = start, sink = kUnassigned;
    while (sink == kUnassigned) {
      row_done[row] = 1;
      std::size_t next = kUnassigned;
      for (std::size_t column = 0; column < columns; ++column) {
        if (column_done[column]) continue;
        const double c = cost(row, column);
        if (c != kForbidden) {
          const double d = lowest + c - row_price[row] - column_price[column];
          if (d < distance[column]) {
            distance[column] = d;
            parent[column] = row;
          }
        }
        if (distance[column] != kForbidden &&
            (next == kUnassigned || distance[column] < distance[next])) {
          next = column;
        }
      }
      lowest = distance[next];
      column_done[next] = 1;
      if (row_of[next] == kUnassigned) {
        sink = next;
      } else {
        row = row_of[next];
      }
    }
    row_price[start] += lowest;
    for (std::size_t i = 0; i < rows; ++i) {
      if (i != start && row_done[i]) row_price[i] += lowest - distance[column_of[i]];
    }
    for (std::size_t j = 0; j < columns; ++j) {
      if (column_done[j]) column_price[j] -= lowest - distance[j];
    }
    for (std::size_t column = sink;;) {
      const std::size_t i = parent[column];
      row_of[column] = i;
      std::swap(column_of[i], column);
      if (i == start) break;
    }
  }
  for (std::size_t& column : column_of) {
    if (column >= costs.columns) column = kUnassigned;
  }
  return column_of;
}

namespace {

// Sets that are joined pair by pair.
class PairSets {
 public:
  explicit PairSets(std::size_t size) : parent_(size) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }
  std::size_t Of(std::size_t k) {
    while (parent_[k] != k) k = parent_[k] = parent_[parent_[k]];
    return k;
  }
  void Join(std::size_t a, std::size_t b) { parent_[Of(a)] = Of(b); }

 private:
  std::vector<std::size_t> parent_;
};

// One connected set, as a matrix of its own rows and columns only.
void AssignWithin(std::span<const AllowedPair> pairs, std::vector<std::size_t>& column_of) {
  if (pairs.size() == 1) {
    if (pairs[0].cost < 0) column_of[pairs[0].row] = pairs[0].column;
    return;
  }
  std::vector<std::size_t> rows, columns;
  for (const AllowedPair& pair : pairs) {
    rows.push_back(pair.row);
    columns.push_back(pair.column);
  }
  for (std::vector<std::size_t>* names : {&rows, &columns}) {
    std::sort(names->begin(), names->end());
    names->erase(std::unique(names->begin(), names->end()), names->end());
  }
  const auto place = [](const std::vector<std::size_t>& names, std::size_t name) {
    return static_cast<std::size_t>(std::lower_bound(names.begin(), names.end(), name) -
                                    names.begin());
  };
  CostMatrix costs(rows.size(), columns.size());
  for (const AllowedPair& pair : pairs) {
    costs.At(place(rows, pair.row), place(columns, pair.column)) = pair.cost;
  }
  const std::vector<std::size_t> assigned = AssignAtLeastCost(costs);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (assigned[k] != kUnassigned) column_of[rows[k]] = columns[assigned[k]];
  }
}

}  // namespace

std::vector<std::size_t> AssignAtLeastCost(std::size_t rows, std::size_t columns,
                                           std::span<const AllowedPair> pairs) {
  PairSets sets(rows + columns);
  for (const AllowedPair& pair : pairs) {
    TW_CHECK(pair.row < rows && pair.column < columns);
    sets.Join(pair.row, rows + pair.column);
  }
  std::vector<std::pair<std::size_t, std::size_t>> order;  // set, pair
  order.reserve(pairs.size());
  for (std::size_t k = 0; k < pairs.size(); ++k) order.emplace_back(sets.Of(pairs[k].row), k);
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> column_of(rows, kUnassigned);
  std::vector<AllowedPair> within;
  for (std::size_t k = 0; k < order.size(); ++k) {
    within.push_back(pairs[order[k].second]);
    if (k + 1 < order.size() && order[k + 1].first == order[k].first) continue;
    AssignWithin(within, column_of);
    within.clear();
  }
  return column_of;
}

}  // namespace trucewatch::tools
