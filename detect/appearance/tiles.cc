// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance/tiles.h"

#include <cmath>

namespace trucewatch::appearance {
namespace {

// First pixels of the tiles along one side.
std::vector<int> Starts(int length, int tile, double overlap) {
  if (length <= tile) return {0};
  const double step = tile * (1.0 - overlap);
  const int count = 1 + static_cast<int>(std::ceil((length - tile) / step));
  std::vector<int> starts;
  for (int i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / (count - 1);
    starts.push_back(static_cast<int>(std::lround(share * (length - tile))));
  }
  return starts;
}

}  // namespace

std::vector<Tile> CoverWithTiles(TileSize picture, TileSize tile, double overlap) {
  std::vector<Tile> tiles;
  for (const int y : Starts(picture.height_px, tile.height_px, overlap)) {
    for (const int x : Starts(picture.width_px, tile.width_px, overlap)) {
      tiles.push_back({.x_px = x,
                       .y_px = y,
                       .width_px = tile.width_px,
                       .height_px = tile.height_px,
                       .cuts_left = x > 0,
                       .cuts_top = y > 0,
                       .cuts_right = x + tile.width_px < picture.width_px,
                       .cuts_bottom = y + tile.height_px < picture.height_px});
    }
  }
  return tiles;
}

}  // namespace trucewatch::appearance
