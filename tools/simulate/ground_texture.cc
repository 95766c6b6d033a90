// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/ground_texture.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "tools/simulate/ground_paint.h"

namespace trucewatch::simulate {
namespace {

constexpr int kTile = 256;          // texels
constexpr int kMaxTexels = 32'000;  // cv::remap counts source positions in 16 bits

// Whether two convex outlines touch (separating axes of the footprint and of the tile).
bool Touches(std::span<const Eigen::Vector2d> footprint, const Eigen::Vector2d& low,
             const Eigen::Vector2d& high) {
  for (int axis = 0; axis < 2; ++axis) {
    double least = 1e300, most = -1e300;
    for (const Eigen::Vector2d& p : footprint) {
      least = std::min(least, p[axis]), most = std::max(most, p[axis]);
    }
    if (most < low[axis] || least > high[axis]) return false;
  }
  const Eigen::Vector2d corners[] = {low, {high.x(), low.y()}, high, {low.x(), high.y()}};
  for (std::size_t i = 0; i < footprint.size(); ++i) {
    const Eigen::Vector2d side = footprint[(i + 1) % footprint.size()] - footprint[i];
    const Eigen::Vector2d normal(-side.y(), side.x());
    double least = 1e300, most = -1e300, tile_least = 1e300, tile_most = -1e300;
    for (const Eigen::Vector2d& p : footprint) {
      least = std::min(least, normal.dot(p)), most = std::max(most, normal.dot(p));
    }
    for (const Eigen::Vector2d& p : corners) {
      tile_least = std::min(tile_least, normal.dot(p)),
      tile_most = std::max(tile_most, normal.dot(p));
    }
    if (tile_most < least || tile_least > most) return false;
  }
  return true;
}

}  // namespace

GroundTexture::GroundTexture(const Scenario& scenario, const World& world,
                             const Eigen::Vector2d& low, double texel_m, int columns, int rows)
    : scenario_(scenario),
      world_(world),
      texel_m_(texel_m),
      north_west_(low.x(), low.y() + rows * kTile * texel_m_),
      tiles_x_(columns),
      tiles_y_(rows),
      tile_state_(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows), 0),
      luma_(rows * kTile, columns * kTile, CV_8UC1),
      chroma_(rows * kTile / 2, columns * kTile / 2, CV_8UC2) {}

Result<std::unique_ptr<GroundTexture>> GroundTexture::Create(const Scenario& scenario,
                                                             const World& world,
                                                             const Eigen::Vector2d& low,
                                                             const Eigen::Vector2d& high,
                                                             double texel_m) {
  // Tiles lie on a fixed grid, so that a texel is the same whatever else is looked at.
  const double tile_m = kTile * texel_m;
  const Eigen::Vector2d first(std::floor(low.x() / tile_m) * tile_m,
                              std::floor(low.y() / tile_m) * tile_m);
  const double columns = std::ceil((high.x() - first.x()) / tile_m);
  const double rows = std::ceil((high.y() - first.y()) / tile_m);
  if (!(columns >= 1 && rows >= 1 && columns * kTile <= kMaxTexels && rows * kTile <= kMaxTexels)) {
    return Fail(ErrorCode::kBadInput,
                "the camera looks over {:.0f} x {:.0f} m, more than {} cells of texel_m {}: "
                "use a larger texel_m or stare points closer together",
                high.x() - low.x(), high.y() - low.y(), kMaxTexels, texel_m);
  }
  return std::unique_ptr<GroundTexture>(new GroundTexture(
      scenario, world, first, texel_m, static_cast<int>(columns), static_cast<int>(rows)));
}

Eigen::Matrix3d GroundTexture::TexelFromEn(double texel_m) const {
  Eigen::Matrix3d m;
  m << 1 / texel_m, 0, -north_west_.x() / texel_m - 0.5,  //
      0, -1 / texel_m, north_west_.y() / texel_m - 0.5,   //
      0, 0, 1;
  return m;
}

void GroundTexture::Want(std::span<const Eigen::Vector2d> footprint) {
  const double tile_m = kTile * texel_m_;
  for (int y = 0; y < tiles_y_; ++y) {
    for (int x = 0; x < tiles_x_; ++x) {
      auto& state = tile_state_[static_cast<std::size_t>(y * tiles_x_ + x)];
      const Eigen::Vector2d low(north_west_.x() + x * tile_m, north_west_.y() - (y + 1) * tile_m);
      const Eigen::Vector2d high = low + Eigen::Vector2d(tile_m, tile_m);
      // The margin covers bilinear neighbours.
      const Eigen::Vector2d margin(2 * texel_m_, 2 * texel_m_);
      if (state == 0 && Touches(footprint, low - margin, high + margin)) state = 1;
    }
  }
}

void GroundTexture::Paint(unsigned threads) {
  std::atomic<int> next{0};
  const int count = tiles_x_ * tiles_y_;
  const auto work = [&] {
    for (int i = next++; i < count; i = next++) {
      auto& state = tile_state_[static_cast<std::size_t>(i)];
      if (state != 1) continue;
      PaintTile(i % tiles_x_, i / tiles_x_);
      state = 2;
    }
  };
  std::vector<std::jthread> workers;
  for (unsigned i = 1; i < threads; ++i) workers.emplace_back(work);
  work();
}

void GroundTexture::PaintTile(int tile_x, int tile_y) {
  YuvPicture tile(kTile, kTile);
  const double tile_m = kTile * texel_m_;
  PaintGround(scenario_, world_,
              {north_west_ + Eigen::Vector2d(tile_x * tile_m, -tile_y * tile_m), texel_m_}, tile);
  for (int row = 0; row < kTile; ++row) {
    std::copy_n(tile.y.begin() + row * kTile, kTile,
                luma_.ptr<std::uint8_t>(tile_y * kTile + row) + tile_x * kTile);
  }
  for (int row = 0; row < kTile / 2; ++row) {
    std::uint8_t* to = chroma_.ptr<std::uint8_t>(tile_y * kTile / 2 + row) + tile_x * kTile;
    for (int column = 0; column < kTile / 2; ++column) {
      const auto at = static_cast<std::size_t>(row * kTile / 2 + column);
      to[2 * column] = tile.u[at];
      to[2 * column + 1] = tile.v[at];
    }
  }
}

}  // namespace trucewatch::simulate
