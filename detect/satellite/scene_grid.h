// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "core/raster/scene_reader.h"

namespace trucewatch {

// Square cells in the tangent plane of a scene: column to the east, row to the south. Cell (0, 0)
// is the north-western one; a cell's centre lies at half-integers.
class SceneGrid {
 public:
  static constexpr int kMaxSide = 200'000;
  // Covers a polygon on the ground of at least three corners, up to kMaxSide cells a side; `cell_m`
  // is positive.
  SceneGrid(const std::vector<Geodetic>& footprint, double cell_m);

  int columns() const { return columns_; }
  int rows() const { return rows_; }
  double cell_m() const { return cell_m_; }
  const LocalFrame& frame() const { return frame_; }

  Geodetic GroundFromCell(const Eigen::Vector2d& cell) const;
  Eigen::Vector2d CellFromGround(const Geodetic& place) const;
  std::vector<cv::Point2f> Polygon(const std::vector<Geodetic>& polygon) const;  // in cells

 private:
  LocalFrame frame_;
  double cell_m_;
  double west_m_ = 0, north_m_ = 0;
  int columns_ = 0, rows_ = 0;
};

struct GridTile {
  cv::Mat1f grey;   // 0 where not valid
  cv::Mat1b valid;  // 255: the image has a value there
};

// The image in the cells of `area` (which may reach beyond the grid), moved by `shift` cells: cell
// c shows what the image has at c + shift. Bilinear.
Result<GridTile> SampleGrid(const SceneReader& image, const SceneGrid& grid, const cv::Rect& area,
                            const Eigen::Vector2d& shift);

// Of polygons in cells, which must be convex; empty when they do not meet.
std::vector<cv::Point2f> IntersectConvex(const std::vector<cv::Point2f>& a,
                                         const std::vector<cv::Point2f>& b);

}  // namespace trucewatch
