// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/archive/grid_view.h"

#include <cmath>

namespace trucewatch {
namespace {

constexpr std::uint64_t kMostSquares = 1 << 20;

}  // namespace

Result<GridView> GridView::Make(v1::CoverageGrid grid) {
  const std::uint64_t squares = std::uint64_t{grid.columns()} * grid.rows();
  const auto fits = [](double value, double most) { return std::abs(value) <= most; };
  if (squares == 0 || squares > kMostSquares || !(grid.cell_m() > 0.0) ||
      !fits(grid.cell_m(), 1e6) || !fits(grid.latitude_rad(), 1.6) ||
      !fits(grid.longitude_rad(), 6.3) || !fits(grid.corner_east_m(), 1e7) ||
      !fits(grid.corner_north_m(), 1e7) || !fits(grid.height_hae_m(), 1e5))
    return Fail(ErrorCode::kBadInput, "the grid of zone '{}' is out of range", grid.zone());
  const Geodetic origin{Angle::Radians(grid.latitude_rad()), Angle::Radians(grid.longitude_rad()),
                        grid.height_hae_m()};
  GridView view(std::move(grid), origin);
  if (view.grid_.runs().empty()) {
    view.square_of_cell_ = {0};
    return view;
  }
  bool inside = false;
  for (const std::uint32_t length : view.grid_.runs()) {
    if (length > squares - view.cell_of_square_.size())
      return Fail(ErrorCode::kBadInput, "the grid of zone '{}' has more squares than rows",
                  view.grid_.zone());
    for (std::uint32_t i = 0; i < length; ++i) {
      const auto cell = static_cast<std::int32_t>(view.square_of_cell_.size());
      if (inside)
        view.square_of_cell_.push_back(static_cast<std::uint32_t>(view.cell_of_square_.size()));
      view.cell_of_square_.push_back(inside ? cell : -1);
    }
    inside = !inside;
  }
  if (view.cell_of_square_.size() != squares || view.square_of_cell_.empty())
    return Fail(ErrorCode::kBadInput, "the grid of zone '{}' has squares missing",
                view.grid_.zone());
  return view;
}

int GridView::CellAt(const Geodetic& place) const {
  const Eigen::Vector3d at =
      frame_.EnuFromGeodetic({place.latitude, place.longitude, frame_.origin().height_hae_m});
  if (at.head<2>().norm() > 2e6) return -1;  // a tangent plane has no far side
  if (cell_of_square_.empty()) {
    const Eigen::Vector2d centre(grid_.corner_east_m(), grid_.corner_north_m());
    return (at.head<2>() - centre).norm() <= grid_.cell_m() ? 0 : -1;
  }
  const double column = std::floor((at.x() - grid_.corner_east_m()) / grid_.cell_m());
  const double row = std::floor((at.y() - grid_.corner_north_m()) / grid_.cell_m());
  if (column < 0 || row < 0 || column >= grid_.columns() || row >= grid_.rows()) return -1;
  return cell_of_square_[static_cast<std::size_t>(row) * grid_.columns() +
                         static_cast<std::size_t>(column)];
}

Eigen::Vector2d GridView::SouthWest(std::uint32_t cell) const {
  const Eigen::Vector2d corner(grid_.corner_east_m(), grid_.corner_north_m());
  if (cell_of_square_.empty()) return corner - Eigen::Vector2d::Constant(0.5 * grid_.cell_m());
  const auto [column, row] = Place(cell);
  return corner + grid_.cell_m() * Eigen::Vector2d(column, row);
}

std::array<std::uint32_t, 2> GridView::Place(std::uint32_t cell) const {
  const std::uint32_t square = square_of_cell_.at(cell);
  return {square % grid_.columns(), square / grid_.columns()};
}

Geodetic GridView::OnGround(double east_m, double north_m) const {
  Geodetic place = frame_.GeodeticFromEnu({east_m, north_m, 0.0});
  place.height_hae_m = 0.0;
  return place;
}

Geodetic GridView::Centre(std::uint32_t cell) const {
  const Eigen::Vector2d at = SouthWest(cell) + Eigen::Vector2d::Constant(0.5 * grid_.cell_m());
  return OnGround(at.x(), at.y());
}

std::array<Geodetic, 4> GridView::Corners(std::uint32_t cell) const {
  const Eigen::Vector2d at = SouthWest(cell);
  const double side = grid_.cell_m();
  return {OnGround(at.x(), at.y()), OnGround(at.x() + side, at.y()),
          OnGround(at.x() + side, at.y() + side), OnGround(at.x(), at.y() + side)};
}

}  // namespace trucewatch
