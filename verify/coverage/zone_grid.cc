// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/zone_grid.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "verify/coverage/clip.h"

namespace trucewatch {
namespace {

double InsideM(const Zone& zone, const Eigen::Vector2d& place_en_m) {
  const Geodetic place = zone.shape.frame().GeodeticFromEnu({place_en_m.x(), place_en_m.y(), 0.0});
  return zone.shape.Distance(place).inside_m;
}

std::array<Eigen::Vector2d, 4> CornersOf(const Eigen::AlignedBox2d& box) {
  return {box.min(), {box.max().x(), box.min().y()}, box.max(), {box.min().x(), box.max().y()}};
}

// Whether a segment has a place in common with a box, its edges included.
bool Touches(const Eigen::Vector2d& a, const Eigen::Vector2d& b, const Eigen::AlignedBox2d& box) {
  if (std::max(a.x(), b.x()) < box.min().x() || std::min(a.x(), b.x()) > box.max().x() ||
      std::max(a.y(), b.y()) < box.min().y() || std::min(a.y(), b.y()) > box.max().y())
    return false;
  const Eigen::Vector2d normal(a.y() - b.y(), b.x() - a.x());
  const Eigen::Vector2d half = 0.5 * box.sizes();
  return std::abs(normal.dot(box.center() - a)) <= normal.cwiseAbs().dot(half);
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
  grid.SetBounds(first * cell_m, last * cell_m);
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
  const std::vector<Eigen::Vector2d>& vertices = zone.shape.vertices_en_m();
  if (grid.cells() == 1) {
    grid.AddPart(0, vertices, 1.0);
    return grid;
  }
  for (int cell = 0; cell < grid.cells(); ++cell) {
    const Eigen::AlignedBox2d square = grid.SquareOf(cell);
    bool at_edge = false;
    for (std::size_t i = 0, j = vertices.size() - 1; i < vertices.size() && !at_edge; j = i++)
      at_edge = Touches(vertices[j], vertices[i], square);
    // Of a hair's breadth of zone nothing can be said: the whole square is asked for.
    if (at_edge)
      grid.AddPart(cell, ClipToConvex(vertices, CornersOf(square)), kLeastShare * cell_m * cell_m);
  }
  return grid;
}

Eigen::AlignedBox2d ZoneGrid::SquareOf(int cell) const {
  const Eigen::Vector2d half = Eigen::Vector2d::Constant(0.5 * cell_m_);
  const Eigen::Vector2d& centre = centres_en_m_[static_cast<std::size_t>(cell)];
  return {centre - half, centre + half};
}

void ZoneGrid::AddPart(int cell, const std::vector<Eigen::Vector2d>& area, double least_m2) {
  Part part;
  part.area_m2 = std::abs(SignedAreaM2(area));
  if (!(part.area_m2 >= least_m2)) return;
  for (const Eigen::Vector2d& corner : area) part.box.extend(corner);
  // Triangles from the first corner: those that run the other way round take away what the others
  // have too much.
  for (std::size_t i = 1; i + 1 < area.size(); ++i) {
    std::vector<Eigen::Vector2d> piece = {area.front(), area[i], area[i + 1]};
    const double twice = 2.0 * SignedAreaM2(piece);
    if (twice == 0.0) continue;
    if (twice < 0.0) std::swap(piece[1], piece[2]);
    part.signs.push_back(twice < 0.0 ? -1.0 : 1.0);
    part.pieces.push_back(std::move(piece));
  }
  parts_.emplace(cell, std::move(part));
}

// Of a rectangle in the tangent plane, with a margin for the bend of its edges on the ground (under
// 100 m for sides of 200 km).
void ZoneGrid::SetBounds(const Eigen::Vector2d& low, const Eigen::Vector2d& high) {
  constexpr double kMarginRad = 1e-4;  // 600 m
  south_rad_ = west_rad_ = std::numeric_limits<double>::infinity();
  north_rad_ = east_rad_ = -std::numeric_limits<double>::infinity();
  for (int i = 0; i <= 2; ++i) {
    for (int j = 0; j <= 2; ++j) {
      const Eigen::Vector2d at = low + 0.5 * Eigen::Vector2d(i, j).cwiseProduct(high - low);
      const Geodetic place = frame_.GeodeticFromEnu({at.x(), at.y(), 0.0});
      south_rad_ = std::min(south_rad_, place.latitude.rad() - kMarginRad);
      north_rad_ = std::max(north_rad_, place.latitude.rad() + kMarginRad);
      // Near a pole a metre is many degrees of longitude.
      const double margin = kMarginRad / std::max(1e-3, std::cos(place.latitude.rad()));
      west_rad_ = std::min(west_rad_, place.longitude.rad() - margin);
      east_rad_ = std::max(east_rad_, place.longitude.rad() + margin);
    }
  }
  // Across the antimeridian, or round a pole, longitude tells nothing.
  if (east_rad_ - west_rad_ > 3.0) {
    west_rad_ = -std::numeric_limits<double>::infinity();
    east_rad_ = std::numeric_limits<double>::infinity();
  }
}

int ZoneGrid::CellAt(const Geodetic& place) const {
  const double latitude = place.latitude.rad();
  const double longitude = place.longitude.rad();
  if (latitude < south_rad_ || latitude > north_rad_ || longitude < west_rad_ ||
      longitude > east_rad_)
    return -1;
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

// A cell's part lies within its square, so the squares that the bounds reach hold all there is; but
// for the one cell of a small zone.
std::vector<int> ZoneGrid::CellsNear(const Eigen::AlignedBox2d& bounds) const {
  std::vector<int> out;
  if (cells() == 1) return {0};
  const auto square = [&](const Eigen::Vector2d& place, double way) {
    const Eigen::Array2d at = ((place - corner_en_m_) / cell_m_).array().floor() + way;
    return Eigen::Vector2i(static_cast<int>(std::clamp(at.x(), 0.0, columns_ - 1.0)),
                           static_cast<int>(std::clamp(at.y(), 0.0, rows_ - 1.0)));
  };
  const Eigen::Vector2i low = square(bounds.min(), -1.0);
  const Eigen::Vector2i high = square(bounds.max(), 1.0);
  for (int row = low.y(); row <= high.y(); ++row) {
    for (int column = low.x(); column <= high.x(); ++column) {
      const int cell = cell_of_square_[static_cast<std::size_t>(row * columns_ + column)];
      if (cell >= 0) out.push_back(cell);
    }
  }
  return out;
}

std::vector<CellShare> ZoneGrid::CellsIn(std::span<const Geodetic> footprint) const {
  std::vector<CellShare> out;
  if (footprint.size() < 3) return out;
  std::vector<Eigen::Vector2d> corners;
  corners.reserve(footprint.size());
  Eigen::AlignedBox2d bounds;
  for (const Geodetic& place : footprint) {
    corners.push_back(frame_.EnuFromGeodetic(place).head<2>());
    if (!corners.back().allFinite()) return out;
    bounds.extend(corners.back());
  }
  for (const int cell : CellsNear(bounds)) {
    const auto part = parts_.find(cell);
    const Eigen::AlignedBox2d box = part == parts_.end() ? SquareOf(cell) : part->second.box;
    if (!bounds.intersects(box)) continue;
    // Where no edge comes to the box it is all inside or all outside: even-odd rule, edges that a
    // ray to the east from its middle crosses.
    const Eigen::Vector2d p = box.center();
    bool inside = false;
    bool crossed = false;
    for (std::size_t i = 0, j = corners.size() - 1; i < corners.size() && !crossed; j = i++) {
      const Eigen::Vector2d& a = corners[i];
      const Eigen::Vector2d& b = corners[j];
      crossed = Touches(b, a, box);
      if ((a.y() > p.y()) == (b.y() > p.y())) continue;
      if (p.x() < a.x() + (b.x() - a.x()) * (p.y() - a.y()) / (b.y() - a.y())) inside = !inside;
    }
    if (!crossed) {
      if (inside) out.push_back({cell, 1.0});
      continue;
    }
    double covered_m2 = 0.0;
    double area_m2 = cell_m_ * cell_m_;
    if (part == parts_.end()) {
      covered_m2 = SignedAreaM2(ClipToConvex(corners, CornersOf(box)));
    } else {
      area_m2 = part->second.area_m2;
      for (std::size_t i = 0; i < part->second.pieces.size(); ++i)
        covered_m2 +=
            part->second.signs[i] * SignedAreaM2(ClipToConvex(corners, part->second.pieces[i]));
    }
    const double share = std::min(1.0, std::abs(covered_m2) / area_m2);
    if (share >= kLeastShare) out.push_back({cell, share});
  }
  return out;
}

bool ZoneGrid::CellIsWithin(int cell, const Geodetic& place, double radius_m) const {
  const Eigen::Vector2d middle = frame_.EnuFromGeodetic(place).head<2>();
  return (centres_en_m_[static_cast<std::size_t>(cell)] - middle).norm() <= radius_m ||
         CellAt(place) == cell;
}

void ZoneGrid::Describe(v1::CoverageGrid* out) const {
  out->set_cell_m(cell_m_);
  out->set_latitude_rad(frame_.origin().latitude.rad());
  out->set_longitude_rad(frame_.origin().longitude.rad());
  out->set_height_hae_m(frame_.origin().height_hae_m);
  out->set_columns(static_cast<std::uint32_t>(columns_));
  out->set_rows(static_cast<std::uint32_t>(rows_));
  const bool any = std::any_of(cell_of_square_.begin(), cell_of_square_.end(),
                               [](int cell) { return cell >= 0; });
  const Eigen::Vector2d corner = any ? corner_en_m_ : centres_en_m_.front();
  out->set_corner_east_m(corner.x());
  out->set_corner_north_m(corner.y());
  if (!any) return;
  bool inside = false;
  std::uint32_t length = 0;
  for (const int cell : cell_of_square_) {
    if ((cell >= 0) != inside) {
      out->add_runs(length);
      length = 0;
      inside = !inside;
    }
    ++length;
  }
  out->add_runs(length);
}

}  // namespace trucewatch
