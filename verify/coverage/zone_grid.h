// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Geometry>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "trucewatch/v1/coverage_cells.pb.h"
#include "verify/agreement/agreement.h"

namespace trucewatch {

// How much of a cell a footprint has in it.
struct CellShare {
  int cell = 0;
  double share = 0.0;  // of the cell's area, at most 1
  bool whole() const;
};
// A cell is covered in whole from this share on (edges are known to no better), and a share below
// the other one is nothing.
inline constexpr double kWholeShare = 0.99;
inline constexpr double kLeastShare = 1e-4;
inline bool CellShare::whole() const { return share >= kWholeShare; }

// The cells of one zone: squares of a grid in the zone's tangent plane, aligned to its centre; a
// cell belongs to the zone when its centre is inside. A zone too small or too narrow for any has
// one cell, round the place that is deepest inside among those looked at. Of a cell at the zone's
// edge, the part inside the zone is what there is to cover; the one cell of a small zone is all of
// it.
class ZoneGrid {
 public:
  // Fails when the zone's surroundings would take more than kMaxSquares squares.
  static Result<ZoneGrid> Make(const Zone& zone, double cell_m);
  static constexpr double kMaxSquares = 250'000;

  int cells() const { return static_cast<int>(centres_en_m_.size()); }
  const std::vector<Eigen::Vector2d>& centres_en_m() const { return centres_en_m_; }
  // The cell a place is in; nothing (-1) where no cell of the zone is.
  int CellAt(const Geodetic& place) const;
  // The cells of which a polygon on the ground (not closed, either way round) has at least
  // kLeastShare in it, ascending. An area without a footprint has none. Where the footprint's edges
  // cross, SignedAreaM2 (clip.h) says what counts.
  std::vector<CellShare> CellsIn(std::span<const Geodetic> footprint) const;
  // Fills a message's place, size and squares.
  void Describe(v1::CoverageGrid* out) const;
  // Whether a cell's centre is at most radius_m from a place, or the place is in the cell.
  bool CellIsWithin(int cell, const Geodetic& place, double radius_m) const;

 private:
  // What there is to cover of a cell that is no whole square: signed convex pieces, counter-
  // clockwise, that add up to it.
  struct Part {
    std::vector<std::vector<Eigen::Vector2d>> pieces;
    std::vector<double> signs;
    double area_m2 = 0.0;
    Eigen::AlignedBox2d box;
  };

  explicit ZoneGrid(const Zone& zone) : frame_(zone.shape.frame()), shape_(zone.shape) {}
  Eigen::AlignedBox2d SquareOf(int cell) const;
  void SetBounds(const Eigen::Vector2d& low, const Eigen::Vector2d& high);
  // At least those whose squares a box reaches, ascending.
  std::vector<int> CellsNear(const Eigen::AlignedBox2d& bounds) const;
  // Nothing if the area is smaller than least_m2.
  void AddPart(int cell, const std::vector<Eigen::Vector2d>& area, double least_m2);

  LocalFrame frame_;
  PolygonShape shape_;
  // Nothing outside of these is in a cell: most places are far from most zones.
  double south_rad_ = 0.0, north_rad_ = 0.0, west_rad_ = 0.0, east_rad_ = 0.0;
  double cell_m_ = 0.0;
  int columns_ = 0;
  int rows_ = 0;
  Eigen::Vector2d corner_en_m_ = Eigen::Vector2d::Zero();  // south-west of the grid
  std::vector<int> cell_of_square_;                        // -1: outside; row by row
  std::vector<Eigen::Vector2d> centres_en_m_;
  std::map<int, Part> parts_;  // by cell; none: the whole square
};

}  // namespace trucewatch
