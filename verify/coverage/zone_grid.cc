// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/zone_grid.h"

#include <algorithm>
#include <cmath>

namespace trucewatch {
namespace {

double InsideM(const Zone& zone, const Eigen::Vector2d& place_en_m) {
  const Geodetic place = zone.shape.frame().GeodeticFromEnu({place_en_m.x(), place_en_m.y(), 0.0});
  return zone.shape.Distance(place).inside_m;
}

}  // namespace

Result<ZoneGrid> ZoneGrid::Make(const Zone& zone, double cell_m) {
  ZoneGrid grid(zone);
  grid.cell_m_ = cell_m;
  Eigen::Vector2d low = zone.shape.vertices_en_m().front();
  Eigen::Vector2d high = low;
  for (const Eigen::Vector2d& vertex : zone.shape.vertices_en_m()) {
    low = low.cwiseMin(vertex);
    high = high.cwiseMax(vertex);
  }
  // Cell edges lie on multiples of the cell's side, as seen from the zone's centre.
  const Eigen::Vector2d first = (low / cell_m).array().floor();
  const Eigen::Vector2d last = (high / cell_m).array().ceil();
  const double squares = (last.x() - first.x()) * (last.y() - first.y());
  if (squares > kMaxSquares)
    return Fail(
        ErrorCode::kBadInput,
        "coverage.cell_m: {} m makes {:.0f} squares for zone '{}'; expected a cell so large "
        "that there are at most {:.0f}",
        cell_m, squares, zone.id, kMaxSquares);
  grid.corner_en_m_ = first * cell_m;
  grid.columns_ = static_cast<int>(last.x() - first.x());
  grid.rows_ = static_cast<int>(last.y() - first.y());
  grid.cell_of_square_.assign(
      static_cast<std::size_t>(grid.columns_) * static_cast<std::size_t>(grid.rows_), -1);
  Eigen::Vector2d deepest = 0.5 * (low + high);
  double depth_m = InsideM(zone, deepest);
  for (int row = 0; row < grid.rows_; ++row) {
    for (int column = 0; column < grid.columns_; ++column) {
      const Eigen::Vector2d centre =
          grid.corner_en_m_ + cell_m * Eigen::Vector2d(column + 0.5, row + 0.5);
      const double inside_m = InsideM(zone, centre);
      if (inside_m > depth_m) {
        depth_m = inside_m;
        deepest = centre;
      }
      if (inside_m <= 0.0) continue;
      grid.cell_of_square_[static_cast<std::size_t>(row * grid.columns_ + column)] = grid.cells();
      grid.centres_en_m_.push_back(centre);
    }
  }
  if (grid.centres_en_m_.empty()) grid.centres_en_m_.push_back(deepest);
  return grid;
}

int ZoneGrid::CellAt(const Geodetic& place) const {
  const Eigen::Vector3d enu = frame_.EnuFromGeodetic(place);
  const Eigen::Vector2d square = ((enu.head<2>() - corner_en_m_) / cell_m_).array().floor();
  if (!(square.x() >= 0.0 && square.y() >= 0.0 && square.x() < columns_ && square.y() < rows_))
    return -1;
  const int cell = cell_of_square_[static_cast<std::size_t>(
      static_cast<int>(square.y()) * columns_ + static_cast<int>(square.x()))];
  // The one cell of a small zone is all of it.
  if (cell < 0 && cells() == 1 && shape_.Distance(place).inside_m > 0.0) return 0;
  return cell;
}

std::vector<int> ZoneGrid::CellsInside(std::span<const Geodetic> footprint) const {
  std::vector<int> out;
  if (footprint.size() < 3) return out;
  std::vector<Eigen::Vector2d> corners;
  corners.reserve(footprint.size());
  for (const Geodetic& place : footprint)
    corners.push_back(frame_.EnuFromGeodetic(place).head<2>());
  Eigen::Vector2d low = corners.front();
  Eigen::Vector2d high = low;
  for (const Eigen::Vector2d& corner : corners) {
    low = low.cwiseMin(corner);
    high = high.cwiseMax(corner);
  }
  for (int cell = 0; cell < cells(); ++cell) {
    const Eigen::Vector2d& p = centres_en_m_[static_cast<std::size_t>(cell)];
    if (!(p.x() >= low.x() && p.y() >= low.y() && p.x() <= high.x() && p.y() <= high.y())) continue;
    // Even-odd rule: edges that a ray to the east crosses.
    bool inside = false;
    for (std::size_t i = 0, j = corners.size() - 1; i < corners.size(); j = i++) {
      const Eigen::Vector2d& a = corners[i];
      const Eigen::Vector2d& b = corners[j];
      if ((a.y() > p.y()) == (b.y() > p.y())) continue;
      if (p.x() < a.x() + (b.x() - a.x()) * (p.y() - a.y()) / (b.y() - a.y())) inside = !inside;
    }
    if (inside) out.push_back(cell);
  }
  return out;
}

bool ZoneGrid::CellIsWithin(int cell, const Geodetic& place, double radius_m) const {
  const Eigen::Vector2d middle = frame_.EnuFromGeodetic(place).head<2>();
  return (centres_en_m_[static_cast<std::size_t>(cell)] - middle).norm() <= radius_m ||
         CellAt(place) == cell;
}

}  // namespace trucewatch
