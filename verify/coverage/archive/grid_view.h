// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "trucewatch/v1/coverage_cells.pb.h"

namespace trucewatch {

// A zone's cells as an archive describes them. Same numbers as verify's grid (zone_grid.h).
class GridView {
 public:
  // Untrusted. kBadInput when its squares do not fit its rows and columns.
  static Result<GridView> Make(v1::CoverageGrid grid);

  const v1::CoverageGrid& grid() const { return grid_; }
  std::uint32_t cells() const { return static_cast<std::uint32_t>(square_of_cell_.size()); }
  // The cell a place is in; -1: in none. Of a zone of one cell: the cell where the place is within
  // a cell's side of its middle.
  int CellAt(const Geodetic& place) const;
  Geodetic Centre(std::uint32_t cell) const;
  // South-west corner first, counter-clockwise; heights zero.
  std::array<Geodetic, 4> Corners(std::uint32_t cell) const;
  // Column and row of a cell, from the west and the south.
  std::array<std::uint32_t, 2> Place(std::uint32_t cell) const;
  double area_of_cell_km2() const { return grid_.area_km2() / cells(); }

 private:
  GridView(v1::CoverageGrid grid, const Geodetic& origin)
      : grid_(std::move(grid)), frame_(origin) {}
  Eigen::Vector2d SouthWest(std::uint32_t cell) const;
  Geodetic OnGround(double east_m, double north_m) const;

  v1::CoverageGrid grid_;
  LocalFrame frame_;
  std::vector<std::uint32_t> square_of_cell_;
  std::vector<std::int32_t> cell_of_square_;
};

}  // namespace trucewatch
