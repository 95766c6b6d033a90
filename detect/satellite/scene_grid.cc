// SPDX-License-Identifier: Apache-2.0
#include "detect/satellite/scene_grid.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace trucewatch {
namespace {

// The mapping between cells and pixels is smooth: it is computed at nodes so far apart, and linear
// between them. Over 64 cells the curvature of any map projection is far below a hundredth of one.
constexpr int kNodeCells = 64;

LocalFrame FrameOf(const std::vector<Geodetic>& footprint) {
  double latitude = 0;
  double longitude = 0;
  for (const Geodetic& corner : footprint) {
    latitude += corner.latitude.deg() / static_cast<double>(footprint.size());
    longitude += corner.longitude.deg() / static_cast<double>(footprint.size());
  }
  return LocalFrame(Geodetic::FromDegrees(latitude, longitude, 0));
}

// Pixel of each cell centre, as cv::remap wants it (pixel centres at integers). Nodes without a
// place are far outside.
cv::Mat2f PixelMap(const SceneReader& image, const SceneGrid& grid, const cv::Rect& area,
                   const Eigen::Vector2d& shift) {
  const int columns = (area.width + kNodeCells - 1) / kNodeCells + 1;
  const int rows = (area.height + kNodeCells - 1) / kNodeCells + 1;
  cv::Mat2f nodes(rows, columns);
  for (int j = 0; j < rows; ++j) {
    for (int i = 0; i < columns; ++i) {
      const Eigen::Vector2d cell(area.x + i * kNodeCells + 0.5, area.y + j * kNodeCells + 0.5);
      const auto pixel = image.PixelFromGround(grid.GroundFromCell(cell + shift));
      const Eigen::Vector2d at = pixel.value_or(Eigen::Vector2d(-1e6, -1e6));
      nodes(j, i) = cv::Vec2f(static_cast<float>(at.x() - 0.5), static_cast<float>(at.y() - 0.5));
    }
  }
  cv::Mat2f map(area.height, area.width);
  for (int y = 0; y < area.height; ++y) {
    const int j = y / kNodeCells;
    const float fy = static_cast<float>(y % kNodeCells) / kNodeCells;
    for (int x = 0; x < area.width; ++x) {
      const int i = x / kNodeCells;
      const float fx = static_cast<float>(x % kNodeCells) / kNodeCells;
      map(y, x) = (nodes(j, i) * (1 - fx) + nodes(j, i + 1) * fx) * (1 - fy) +
                  (nodes(j + 1, i) * (1 - fx) + nodes(j + 1, i + 1) * fx) * fy;
    }
  }
  return map;
}

}  // namespace

SceneGrid::SceneGrid(const std::vector<Geodetic>& footprint, double cell_m)
    : frame_(FrameOf(footprint)), cell_m_(cell_m) {
  double east_m = -1e18;
  double south_m = 1e18;
  west_m_ = 1e18;
  north_m_ = -1e18;
  for (const Geodetic& corner : footprint) {
    const Eigen::Vector3d p = frame_.EnuFromGeodetic(corner);
    west_m_ = std::min(west_m_, p.x());
    east_m = std::max(east_m, p.x());
    south_m = std::min(south_m, p.y());
    north_m_ = std::max(north_m_, p.y());
  }
  columns_ = static_cast<int>(std::min<double>(kMaxSide, std::ceil((east_m - west_m_) / cell_m)));
  rows_ = static_cast<int>(std::min<double>(kMaxSide, std::ceil((north_m_ - south_m) / cell_m)));
}

Geodetic SceneGrid::GroundFromCell(const Eigen::Vector2d& cell) const {
  const double east_m = west_m_ + cell.x() * cell_m_;
  const double north_m = north_m_ - cell.y() * cell_m_;
  // Down from the tangent plane to the ellipsoid: the drop is d^2 / 2R, its slope negligible.
  constexpr double kEarthRadiusM = 6.371e6;
  const double up_m = -(east_m * east_m + north_m * north_m) / (2 * kEarthRadiusM);
  Geodetic place = frame_.GeodeticFromEnu({east_m, north_m, up_m});
  place.height_hae_m = 0;
  return place;
}

Eigen::Vector2d SceneGrid::CellFromGround(const Geodetic& place) const {
  Geodetic flat = place;
  flat.height_hae_m = 0;
  const Eigen::Vector3d p = frame_.EnuFromGeodetic(flat);
  return {(p.x() - west_m_) / cell_m_, (north_m_ - p.y()) / cell_m_};
}

std::vector<cv::Point2f> SceneGrid::Polygon(const std::vector<Geodetic>& polygon) const {
  std::vector<cv::Point2f> cells;
  for (const Geodetic& corner : polygon) {
    const Eigen::Vector2d cell = CellFromGround(corner);
    cells.emplace_back(static_cast<float>(cell.x()), static_cast<float>(cell.y()));
  }
  return cells;
}

Result<GridTile> SampleGrid(const SceneReader& image, const SceneGrid& grid, const cv::Rect& area,
                            const Eigen::Vector2d& shift) {
  GridTile tile{cv::Mat1f(area.size(), 0.0F), cv::Mat1b(area.size(), std::uint8_t{0})};
  cv::Mat2f map = PixelMap(image, grid, area, shift);
  const int width = image.info().width_px;
  const int height = image.info().height_px;
  int left = width, right = -1, top = height, bottom = -1;
  for (const cv::Vec2f& p : map) {
    if (!(p[0] > -1 && p[1] > -1 && p[0] < static_cast<float>(width) &&
          p[1] < static_cast<float>(height))) {
      continue;
    }
    left = std::min(left, static_cast<int>(std::floor(p[0])));
    right = std::max(right, static_cast<int>(std::floor(p[0])) + 1);
    top = std::min(top, static_cast<int>(std::floor(p[1])));
    bottom = std::max(bottom, static_cast<int>(std::floor(p[1])) + 1);
  }
  left = std::max(left, 0);
  top = std::max(top, 0);
  right = std::min(right, width - 1);
  bottom = std::min(bottom, height - 1);
  // cv::remap takes images of up to 32767 pixels a side.
  if (right < left || bottom < top || right - left > 32'000 || bottom - top > 32'000) return tile;
  TW_ASSIGN_OR_RETURN(GreyPlane plane,
                      image.ReadGrey({left, top, right - left + 1, bottom - top + 1}));
  const cv::Mat1f grey(plane.height, plane.width, plane.values.data());
  cv::Mat1b valid(plane.height, plane.width, plane.valid.data());
  valid *= 255;
  map -= cv::Scalar(left, top);
  cv::remap(grey, tile.grey, map, cv::noArray(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  // A cell is valid only when all four pixels it is made of are.
  cv::Mat1b share;
  cv::remap(valid, share, map, cv::noArray(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, 0);
  cv::compare(share, 254, tile.valid, cv::CMP_GE);
  cv::bitwise_not(tile.valid, share);
  tile.grey.setTo(0, share);
  return tile;
}

std::vector<cv::Point2f> IntersectConvex(const std::vector<cv::Point2f>& a,
                                         const std::vector<cv::Point2f>& b) {
  // Sutherland and Hodgman: `a` is cut along each side of `b`. (cv::intersectConvexConvex makes a
  // triangle of two equal rectangles whose corners differ by rounding.)
  if (a.size() < 3 || b.size() < 3) return {};
  const double inside = cv::contourArea(b, true) < 0 ? -1 : 1;
  std::vector<cv::Point2d> common(a.begin(), a.end());
  for (std::size_t i = 0; i < b.size() && !common.empty(); ++i) {
    const cv::Point2d from = b[i];
    const cv::Point2d side = cv::Point2d(b[(i + 1) % b.size()]) - from;
    const auto depth = [&](const cv::Point2d& p) { return inside * side.cross(p - from); };
    std::vector<cv::Point2d> kept;
    for (std::size_t k = 0; k < common.size(); ++k) {
      const cv::Point2d here = common[k];
      const cv::Point2d next = common[(k + 1) % common.size()];
      const double depth_here = depth(here);
      const double depth_next = depth(next);
      if (depth_here >= 0) kept.push_back(here);
      if ((depth_here > 0 && depth_next < 0) || (depth_here < 0 && depth_next > 0)) {
        kept.push_back(here + (next - here) * (depth_here / (depth_here - depth_next)));
      }
    }
    common = std::move(kept);
  }
  // Corners that fall together (within a thousandth of a cell) are one.
  std::vector<cv::Point2f> out;
  for (const cv::Point2d& p : common) {
    const cv::Point2f corner = p;
    const bool again = std::any_of(out.begin(), out.end(), [&](const cv::Point2f& other) {
      return cv::norm(other - corner) < 1e-3;
    });
    if (!again) out.push_back(corner);
  }
  if (out.size() < 3 || cv::contourArea(out) <= 0) out.clear();
  return out;
}

}  // namespace trucewatch
