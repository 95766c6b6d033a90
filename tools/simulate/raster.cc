// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/raster.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace trucewatch::simulate {
namespace {

constexpr int kLines = 4;  // scan lines a pixel
constexpr std::size_t kMaxCorners = 16;

// Calls blend(index, coverage 0..1) for every sample the polygon touches of a plane whose samples
// are `step` luma pixels wide.
template <typename Blend>
void Cover(int width, int height, double step, std::span<const Eigen::Vector2d> corners,
           Blend&& blend) {
  if (corners.size() < 3 || corners.size() > kMaxCorners) return;
  std::array<Eigen::Vector2d, kMaxCorners> points;
  for (std::size_t i = 0; i < corners.size(); ++i) points[i] = corners[i] / step;
  double top = 1e300, bottom = -1e300, left = 1e300, right = -1e300;
  for (const Eigen::Vector2d& corner : corners) {
    top = std::min(top, corner.y() / step), bottom = std::max(bottom, corner.y() / step);
    left = std::min(left, corner.x() / step), right = std::max(right, corner.x() / step);
  }
  if (!(bottom > 0 && top < height && right > 0 && left < width)) return;
  const int first_row = std::max(0, static_cast<int>(std::floor(top)));
  const int last_row = std::min(height - 1, static_cast<int>(std::floor(bottom)));
  const int first_column = std::max(0, static_cast<int>(std::floor(left)));
  const int columns = std::min(width - 1, static_cast<int>(std::floor(right))) - first_column + 1;
  if (columns <= 0) return;
  std::vector<float> coverage(static_cast<std::size_t>(columns));
  for (int row = first_row; row <= last_row; ++row) {
    std::fill(coverage.begin(), coverage.end(), 0.0F);
    for (int line = 0; line < kLines; ++line) {
      const double at = row + (line + 0.5) / kLines;
      double enter = 1e300, leave = -1e300;
      for (std::size_t i = 0; i < corners.size(); ++i) {
        const Eigen::Vector2d& a = points[i];
        const Eigen::Vector2d& b = points[i + 1 < corners.size() ? i + 1 : 0];
        if ((a.y() <= at) == (b.y() <= at)) continue;
        const double x = a.x() + (b.x() - a.x()) * (at - a.y()) / (b.y() - a.y());
        enter = std::min(enter, x), leave = std::max(leave, x);
      }
      enter = std::max(enter - first_column, 0.0);
      leave = std::min(leave - first_column, static_cast<double>(columns));
      if (enter >= leave) continue;
      const int from = static_cast<int>(enter);
      const int to = std::min(static_cast<int>(leave), columns - 1);
      for (int column = from; column <= to; ++column) {
        const double share = std::min(leave, column + 1.0) - std::max(enter, 1.0 * column);
        coverage[static_cast<std::size_t>(column)] += static_cast<float>(share / kLines);
      }
    }
    for (int column = 0; column < columns; ++column) {
      const float share = coverage[static_cast<std::size_t>(column)];
      if (share > 0) {
        blend(static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(first_column + column),
              share);
      }
    }
  }
}

void Mix(std::uint8_t& sample, float value, float share) {
  const float mixed = static_cast<float>(sample) * (1 - share) + value * share;
  sample = static_cast<std::uint8_t>(std::clamp(mixed + 0.5F, 0.0F, 255.0F));
}

double Cross(const Eigen::Vector2d& o, const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
  return (a.x() - o.x()) * (b.y() - o.y()) - (a.y() - o.y()) * (b.x() - o.x());
}

}  // namespace

void PaintConvex(YuvPicture& picture, std::span<const Eigen::Vector2d> corners,
                 const Colour& colour, float opacity) {
  Cover(picture.width_px, picture.height_px, 1.0, corners,
        [&](std::size_t i, float share) { Mix(picture.y[i], colour.y, share * opacity); });
  Cover(picture.width_px / 2, picture.height_px / 2, 2.0, corners, [&](std::size_t i, float share) {
    Mix(picture.u[i], colour.u, share * opacity);
    Mix(picture.v[i], colour.v, share * opacity);
  });
}

void ShadeConvex(YuvPicture& picture, std::span<const Eigen::Vector2d> corners, float factor) {
  Cover(picture.width_px, picture.height_px, 1.0, corners, [&](std::size_t i, float share) {
    const float black = 16.0F + (static_cast<float>(picture.y[i]) - 16.0F) * factor;
    Mix(picture.y[i], black, share);
  });
  Cover(picture.width_px / 2, picture.height_px / 2, 2.0, corners, [&](std::size_t i, float share) {
    Mix(picture.u[i], 128.0F, share * (1 - factor));
    Mix(picture.v[i], 128.0F, share * (1 - factor));
  });
}

std::vector<Eigen::Vector2d> ConvexHull(std::vector<Eigen::Vector2d> points) {
  // Andrew's monotone chain.
  std::sort(points.begin(), points.end(), [](const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
    return a.x() != b.x() ? a.x() < b.x() : a.y() < b.y();
  });
  if (points.size() < 3) return points;
  std::vector<Eigen::Vector2d> hull;
  for (int pass = 0; pass < 2; ++pass) {
    const std::size_t base = hull.size();
    for (const Eigen::Vector2d& point : points) {
      while (hull.size() >= base + 2 && Cross(hull[hull.size() - 2], hull.back(), point) <= 0) {
        hull.pop_back();
      }
      hull.push_back(point);
    }
    hull.pop_back();
    std::reverse(points.begin(), points.end());
  }
  return hull;
}

}  // namespace trucewatch::simulate
