// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/geo/camera.h"
#include "core/geo/terrain.h"

namespace trucewatch::parked {

// A square piece of ground in cells: row 0 is its northern, column 0 its western edge.
struct GroundFrame {
  Geodetic middle;  // on the ground
  int side_cells = 0;
  double cell_m = 0;

  std::size_t cells() const {
    return static_cast<std::size_t>(side_cells) * static_cast<std::size_t>(side_cells);
  }
  // Metres east and north of the middle, of a cell (its centre at integers), and back.
  Eigen::Vector2d MetresFromCell(const Eigen::Vector2d& column_row) const;
  Eigen::Vector2d CellFromMetres(const Eigen::Vector2d& en_m) const;
};

// That ground as one look shows it, from straight above; side_cells x side_cells, row after row.
struct GroundPicture {
  std::vector<std::uint8_t> grey;
  std::vector<std::uint8_t> seen;  // 255 where the look shows the ground, else 0
  double seen_share = 0;           // of the cells
};

// Grey levels; row y begins at data + y * stride. Only looked at.
struct GreyView {
  int width_px = 0, height_px = 0;
  const std::uint8_t* data = nullptr;
  std::ptrdiff_t stride = 0;
};

// Pixels of a picture, or of the same picture made smaller, that do not show the ground.
struct HiddenPixels {
  int width_px = 0, height_px = 0;
  std::vector<std::uint8_t> hidden;  // row after row; 0: shows the ground. Empty: all do
};

// Lays a picture on the ground: one homography, from the places of its corners, so the ground is
// taken as flat within the picture. Pictures finer than the cells are smoothed first. Nothing when
// a corner does not meet the ground.
std::optional<GroundPicture> LayOnGround(const GreyView& picture, const CameraPose& pose,
                                         const Terrain& terrain, const GroundFrame& frame,
                                         const HiddenPixels& hidden = {});

// Where `later` shows what `earlier` shows, both laid on the same ground: later cell = linear *
// earlier cell + shift (column, row). What errors of the poses leave; close to the identity.
struct GroundAlignment {
  Eigen::Matrix2d linear = Eigen::Matrix2d::Identity();
  Eigen::Vector2d shift = Eigen::Vector2d::Zero();
  double likeness = 0;  // correlation of the edges after alignment, 0..1
  Eigen::Vector2d Later(const Eigen::Vector2d& earlier) const { return linear * earlier + shift; }
  Eigen::Vector2d Earlier(const Eigen::Vector2d& later) const {
    return linear.inverse() * (later - shift);
  }
};

// By the edges of the ground that both show: a search over `max_cells` in each direction, then an
// affine fit (Evangelidis and Psarakis 2008, enhanced correlation). Nothing when they do not look
// alike there.
std::optional<GroundAlignment> Align(const GroundPicture& earlier, const GroundPicture& later,
                                     int side_cells, int max_cells);
// The later picture as it lies on the earlier one.
GroundPicture Aligned(const GroundPicture& later, int side_cells, const GroundAlignment& alignment);

}  // namespace trucewatch::parked
