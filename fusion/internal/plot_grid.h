// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace trucewatch::internal {

// Points sorted into square cells, for "which lie in this box". Order of answers: by cell row, then
// column, then index.
class PlotGrid {
 public:
  // Points need |coordinate| < 1e9 m. cell_m > 0.
  PlotGrid(const std::vector<Eigen::Vector2d>& points_m, double cell_m);

  // Appends the indices of the points with |p - centre| <= half, component by component.
  void Find(const Eigen::Vector2d& centre_m, const Eigen::Vector2d& half_m,
            std::vector<std::size_t>& out) const;

 private:
  struct Entry {
    std::int64_t row, column;
    std::size_t index;
    Eigen::Vector2d p_m;
  };
  std::int64_t CellOf(double x_m) const;

  double cell_m_;
  std::vector<Entry> entries_;  // by (row, column, index)
  std::int64_t first_row_ = 0, last_row_ = -1;
};

}  // namespace trucewatch::internal
