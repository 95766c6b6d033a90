// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <opencv2/core.hpp>
#include <span>
#include <utility>

#include "core/base/result.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// The ground seen from above: fields, scrub, trees, tracks, roads and the shadows of houses, in
// luma and chroma. Only the tiles that some frame looks at are painted; the rest of the rectangle
// costs no memory. Determinism: a texel depends on scenario, seed and its place alone, not on the
// tiles or threads asked for.
class GroundTexture {
 public:
  // The rectangle, east and north, that will be looked at, in cells of `texel_m`. Fails when it is
  // too large to be one picture.
  static Result<std::unique_ptr<GroundTexture>> Create(const Scenario& scenario, const World& world,
                                                       const Eigen::Vector2d& low,
                                                       const Eigen::Vector2d& high, double texel_m);

  // Marks the tiles a convex footprint touches as wanted.
  void Want(std::span<const Eigen::Vector2d> footprint);
  // Paints what is wanted and not painted yet. Must not run beside readers.
  void Paint(unsigned threads);

  const cv::Mat& luma() const { return luma_; }      // CV_8UC1
  const cv::Mat& chroma() const { return chroma_; }  // CV_8UC2, half the size: u, v
  // Texel coordinates (0,0: middle of the first texel) from east, north, 1.
  Eigen::Matrix3d luma_from_en() const { return TexelFromEn(texel_m_); }
  Eigen::Matrix3d chroma_from_en() const { return TexelFromEn(2 * texel_m_); }

 private:
  GroundTexture(const Scenario& scenario, const World& world, const Eigen::Vector2d& low,
                double texel_m, int columns, int rows);
  Eigen::Matrix3d TexelFromEn(double texel_m) const;
  void PaintTile(int tile_x, int tile_y);

  const Scenario& scenario_;
  const World& world_;
  double texel_m_;
  Eigen::Vector2d north_west_;
  int tiles_x_, tiles_y_;
  std::vector<std::uint8_t> tile_state_;  // 0 nothing, 1 wanted, 2 painted
  cv::Mat luma_, chroma_;
};

}  // namespace trucewatch::simulate
