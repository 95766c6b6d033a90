// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/tiles.h"

#include <gtest/gtest.h>

#include <map>

namespace trucewatch::evidence {
namespace {

TEST(Tiles, PathsAreThoseOfTlogTiles) {
  EXPECT_EQ(TilePath({0, 0}), "tile/0/000");
  EXPECT_EQ(TilePath({0, 273}), "tile/0/273");
  EXPECT_EQ(TilePath({1, 1234067}), "tile/1/x001/x234/067");
  EXPECT_EQ(TilePath({2, 1000, 7}), "tile/2/x001/000.p/7");
  EXPECT_EQ(TilePath({kEntriesLevel, 273, 112}), "tile/entries/273.p/112");
}

// RELIABILITY.md 2.A: level 0 has 273 full tiles and width 112, level 1 one full and width 17,
// level 2 width 1; 552 files with the bundles and the checkpoint.
TEST(Tiles, SeventyThousandLeavesHave551TilesAndBundles) {
  std::map<int, std::map<std::uint64_t, int>> widths;
  const auto tiles = NewTiles(0, 70'000);
  for (const TileId& tile : tiles) ++widths[tile.level][tile.width];
  EXPECT_EQ(tiles.size() + 1, 552U);
  const std::map<std::uint64_t, int> level0 = {{112, 1}, {256, 273}};
  EXPECT_EQ(widths[kEntriesLevel], level0);
  EXPECT_EQ(widths[0], level0);
  EXPECT_EQ(widths[1], (std::map<std::uint64_t, int>{{17, 1}, {256, 1}}));
  EXPECT_EQ(widths[2], (std::map<std::uint64_t, int>{{1, 1}}));
  EXPECT_EQ(widths.size(), 4U);
}

TEST(Tiles, GrowthByStepsAddsEveryFullTileOnce) {
  std::map<std::string, int> full;
  for (std::uint64_t size = 0; size < 70'000; size += 100) {
    for (const TileId& tile : NewTiles(size, size + 100)) {
      if (tile.width == kTileWidth) ++full[TilePath(tile)];
    }
  }
  EXPECT_EQ(full.size(), 273U + 273U + 1U);
  for (const auto& [path, times] : full) EXPECT_EQ(times, 1) << path;
}

TEST(Tiles, NoTileHasWidthZero) {
  EXPECT_TRUE(NewTiles(0, 0).empty());
  EXPECT_TRUE(NewTiles(256, 256).empty());
  const std::vector<TileId> expected = {{kEntriesLevel, 0}, {0, 0}, {1, 0, 1}};
  EXPECT_EQ(NewTiles(0, 256), expected);
}

TEST(Tiles, BundleRoundTripAndEveryTruncationIsRefused) {
  std::string bundle;
  const std::vector<std::string> entries = {"", "a", std::string(300, 'x')};
  for (const std::string& entry : entries) AppendEntry(bundle, entry);
  const auto split = SplitBundle(bundle, 3, 0);
  ASSERT_TRUE(split);
  for (std::size_t i = 0; i < entries.size(); ++i) EXPECT_EQ((*split)[i], entries[i]);
  for (std::size_t size = 0; size < bundle.size(); ++size) {
    EXPECT_FALSE(SplitBundle(bundle.substr(0, size), 3, 0)) << size;
  }
  EXPECT_FALSE(SplitBundle(bundle + "x", 3, 0));
  EXPECT_NE(SplitBundle(bundle.substr(0, 5), 3, 512).error().message.find("entry 514"),
            std::string::npos);
}

}  // namespace
}  // namespace trucewatch::evidence
