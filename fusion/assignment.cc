// SPDX-License-Identifier: Apache-2.0
#include "fusion/assignment.h"

namespace trucewatch {

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

}  // namespace trucewatch
