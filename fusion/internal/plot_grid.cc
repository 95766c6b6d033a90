// SPDX-License-Identifier: Apache-2.0
#include "fusion/internal/plot_grid.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace trucewatch::internal {

PlotGrid::PlotGrid(const std::vector<Eigen::Vector2d>& points_m, double cell_m) : cell_m_(cell_m) {
  entries_.reserve(points_m.size());
  for (std::size_t i = 0; i < points_m.size(); ++i) {
    entries_.push_back({CellOf(points_m[i].y()), CellOf(points_m[i].x()), i, points_m[i]});
  }
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.row, a.column, a.index) < std::tie(b.row, b.column, b.index);
  });
  if (!entries_.empty()) {
    first_row_ = entries_.front().row;
    last_row_ = entries_.back().row;
  }
}

std::int64_t PlotGrid::CellOf(double x_m) const {
  return static_cast<std::int64_t>(std::floor(x_m / cell_m_));
}

void PlotGrid::Find(const Eigen::Vector2d& centre_m, const Eigen::Vector2d& half_m,
                    std::vector<std::size_t>& out) const {
  const std::int64_t low_row = std::max(first_row_, CellOf(centre_m.y() - half_m.y()));
  const std::int64_t high_row = std::min(last_row_, CellOf(centre_m.y() + half_m.y()));
  const std::int64_t low_column = CellOf(centre_m.x() - half_m.x());
  const std::int64_t high_column = CellOf(centre_m.x() + half_m.x());
  auto entry = entries_.begin();
  for (std::int64_t row = low_row; row <= high_row; ++row) {
    entry = std::lower_bound(entry, entries_.end(), std::pair(row, low_column),
                             [](const Entry& e, const std::pair<std::int64_t, std::int64_t>& key) {
                               return std::tie(e.row, e.column) < std::tie(key.first, key.second);
                             });
    if (entry == entries_.end()) return;
    if (entry->row > row) {
      row = entry->row - 1;  // nothing in between
      continue;
    }
    for (; entry != entries_.end() && entry->row == row && entry->column <= high_column; ++entry) {
      const Eigen::Vector2d d = entry->p_m - centre_m;
      if (std::abs(d.x()) <= half_m.x() && std::abs(d.y()) <= half_m.y())
        out.push_back(entry->index);
    }
  }
}

}  // namespace trucewatch::internal
