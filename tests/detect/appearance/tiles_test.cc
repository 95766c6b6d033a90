// SPDX-License-Identifier: Apache-2.0
#include "detect/appearance/tiles.h"

#include <gtest/gtest.h>

#include <random>

namespace trucewatch::appearance {
namespace {

TEST(Tiles, APictureThatFitsIsOneTileThatCutsNothing) {
  const auto tiles = CoverWithTiles({640, 300}, {640, 512}, 0.2);
  ASSERT_EQ(tiles.size(), 1U);
  EXPECT_EQ(tiles[0].width_px, 640);
  EXPECT_EQ(tiles[0].height_px, 512);
  EXPECT_FALSE(tiles[0].cuts_left || tiles[0].cuts_top || tiles[0].cuts_right ||
               tiles[0].cuts_bottom);
}

TEST(Tiles, NeighboursShareTheirOverlapAndSaySidesAtWhichThePictureGoesOn) {
  // 1920 wide: two steps of 512 are too few, three tiles of 640 share nothing; four share 213 px.
  const auto tiles = CoverWithTiles({1920, 512}, {640, 512}, 0.2);
  ASSERT_EQ(tiles.size(), 4U);
  EXPECT_EQ(tiles[1].x_px, 427);
  EXPECT_EQ(tiles[3].x_px, 1280);
  EXPECT_FALSE(tiles[0].cuts_left);
  EXPECT_TRUE(tiles[0].cuts_right && tiles[1].cuts_left && tiles[1].cuts_right);
  EXPECT_FALSE(tiles[3].cuts_right);
  EXPECT_FALSE(tiles[1].cuts_top || tiles[1].cuts_bottom);
}

TEST(Tiles, WhateverIsSmallerThanTheOverlapIsWholeInOneOfThem) {
  std::mt19937 random(7);
  for (int n = 0; n < 300; ++n) {
    const TileSize picture{50 + static_cast<int>(random() % 900),
                           50 + static_cast<int>(random() % 700)};
    const TileSize tile{100, 80};
    const auto tiles = CoverWithTiles(picture, tile, 0.25);
    const int width = 1 + static_cast<int>(random() % 25);
    const int height = 1 + static_cast<int>(random() % 20);
    const int x = static_cast<int>(random() % static_cast<unsigned>(picture.width_px - width + 1));
    const int y =
        static_cast<int>(random() % static_cast<unsigned>(picture.height_px - height + 1));
    bool whole = false;
    for (const Tile& t : tiles) {
      EXPECT_GE(t.x_px, 0);
      EXPECT_LE(t.x_px, std::max(0, picture.width_px - tile.width_px));
      EXPECT_LE(t.y_px, std::max(0, picture.height_px - tile.height_px));
      whole = whole || (x >= t.x_px && y >= t.y_px && x + width <= t.x_px + t.width_px &&
                        y + height <= t.y_px + t.height_px);
    }
    EXPECT_TRUE(whole) << picture.width_px << " x " << picture.height_px << ", " << width << " x "
                       << height << " at " << x << ", " << y;
  }
}

}  // namespace
}  // namespace trucewatch::appearance
