// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace trucewatch::appearance {

// A part of a picture, in its pixels; may reach past the right or lower edge of a picture that is
// smaller than a tile.
struct Tile {
  int x_px = 0, y_px = 0;
  int width_px = 0, height_px = 0;
  // Sides at which the picture goes on.
  bool cuts_left = false, cuts_top = false, cuts_right = false, cuts_bottom = false;
};

struct TileSize {
  int width_px = 0, height_px = 0;
};

// The fewest tiles of one size that cover the picture, evenly spread, row by row; neighbours share
// at least `overlap` (0..0.9) of a tile. A picture that fits into one is one.
std::vector<Tile> CoverWithTiles(TileSize picture, TileSize tile, double overlap);

}  // namespace trucewatch::appearance
