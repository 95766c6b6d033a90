// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace trucewatch {

inline constexpr double kForbidden = -std::numeric_limits<double>::infinity();

// How much more probable it is that an object (row) caused a report (column) than that it was
// missed and the report is something else: the natural logarithm of the ratio, row-major.
// kForbidden: outside the gate.
struct AssociationWeights {
  AssociationWeights(std::size_t row_count, std::size_t column_count)
      : rows(row_count), columns(column_count), log_ratio(row_count * column_count, kForbidden) {}
  double& At(std::size_t row, std::size_t column) { return log_ratio[row * columns + column]; }
  double At(std::size_t row, std::size_t column) const { return log_ratio[row * columns + column]; }

  std::size_t rows;
  std::size_t columns;
  std::vector<double> log_ratio;
};

struct AssociationOptions {
  // Partial joint events kept from one row to the next, the most probable ones: below this the
  // answer is exact. Large clusters keep fewer, so that their rows times events stay below
  // max_work.
  std::size_t max_events = 400;
  std::size_t min_events = 20;
  std::size_t max_work = 20'000;
  // Joint events less probable than the best by more than this (natural logarithm) are left out.
  double log_cut = 12.0;
};

// Row-major, rows x (columns + 1): the probability that the row caused the report of the column;
// in the last column, that it was missed. Each row adds up to 1; each column to 1 at most.
struct AssociationProbabilities {
  double At(std::size_t row, std::size_t column) const { return value[row * stride + column]; }
  double Missed(std::size_t row) const { return value[row * stride + stride - 1]; }

  std::size_t stride = 1;
  std::vector<double> value;
};

// Marginals over all joint events in which each report has one cause at most and each object
// causes one report at most: joint integrated probabilistic data association (Musicki and Evans
// 2004), where of the events that differ only in who of the same objects caused which of the same
// reports the most probable one stands for all (JPDA*, Blom and Bloem 2000): neighbours that are
// reported side by side are then not drawn together. Exact up to max_events partial events, then
// the most probable ones. Determinism: a function of the weights.
AssociationProbabilities Associate(const AssociationWeights& weights,
                                   const AssociationOptions& options);

}  // namespace trucewatch
