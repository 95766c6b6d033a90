// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// A picture in planar YUV 4:2:0, rows contiguous, limited range. Points are in pixels of the luma
// plane, u right and v down from the top-left corner of the top-left pixel (as core/geo has them).
struct YuvPicture {
  int width_px = 0;
  int height_px = 0;
  std::vector<std::uint8_t> y, u, v;

  YuvPicture(int width, int height)
      : width_px(width),
        height_px(height),
        y(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)),
        u(y.size() / 4),
        v(y.size() / 4) {}
};

// Paints a convex polygon with the exact share of each pixel's row it covers (four lines a pixel),
// so that small things keep their place and size below a pixel. `opacity` 0..1. Points may lie
// outside the picture.
void PaintConvex(YuvPicture& picture, std::span<const Eigen::Vector2d> corners,
                 const Colour& colour, float opacity);

// Darkens what is below a convex polygon to `factor` of its light: shadows.
void ShadeConvex(YuvPicture& picture, std::span<const Eigen::Vector2d> corners, float factor);

// The corners of the convex hull, for shadows of boxes.
std::vector<Eigen::Vector2d> ConvexHull(std::vector<Eigen::Vector2d> points);

}  // namespace trucewatch::simulate
