// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "verify/agreement/agreement.h"

namespace trucewatch {

// The cells of one zone: squares of a grid in the zone's tangent plane, aligned to its centre; a
// cell belongs to the zone when its centre is inside. A zone too small or too narrow for any has
// one cell, round the place that is deepest inside among those looked at.
class ZoneGrid {
 public:
  // Fails when the zone's surroundings would take more than kMaxSquares squares.
  static Result<ZoneGrid> Make(const Zone& zone, double cell_m);
  static constexpr double kMaxSquares = 50'000;

  int cells() const { return static_cast<int>(centres_en_m_.size()); }
  const std::vector<Eigen::Vector2d>& centres_en_m() const { return centres_en_m_; }
  // The cell a place is in; nothing (-1) where no cell of the zone is.
  int CellAt(const Geodetic& place) const;
  // Cells whose centre is inside a polygon on the ground (not closed, either way round), ascending.
  // An area without a footprint has none.
  std::vector<int> CellsInside(std::span<const Geodetic> footprint) const;
  // Whether a cell's centre is at most radius_m from a place, or the place is in the cell.
  bool CellIsWithin(int cell, const Geodetic& place, double radius_m) const;

 private:
  explicit ZoneGrid(const Zone& zone) : frame_(zone.shape.frame()), shape_(zone.shape) {}

  LocalFrame frame_;
  PolygonShape shape_;
  double cell_m_ = 0.0;
  int columns_ = 0;
  int rows_ = 0;
  Eigen::Vector2d corner_en_m_ = Eigen::Vector2d::Zero();  // south-west of the grid
  std::vector<int> cell_of_square_;                        // -1: outside; row by row
  std::vector<Eigen::Vector2d> centres_en_m_;
};

}  // namespace trucewatch
