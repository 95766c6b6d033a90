// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace trucewatch::evidence {

// The static files of C2SP tlog-tiles: paths below the ledger's folder and what the files hold.

inline constexpr std::uint64_t kTileWidth = 256;  // hashes in a full tile, entries in a full bundle
inline constexpr std::size_t kMaxEntrySize = 65'535;  // its length is a uint16
inline constexpr int kEntriesLevel = -1;  // stands for tile/entries where a level is asked for
inline constexpr std::uint64_t kMaxBundleSize = kTileWidth * (kMaxEntrySize + 2);

// One file: a full tile when width is 256, else a partial one (1..255).
struct TileId {
  int level = 0;  // 0: leaf hashes; kEntriesLevel: entry bundle
  std::uint64_t index = 0;
  std::uint64_t width = kTileWidth;
  bool operator==(const TileId&) const = default;
};

// "tile/0/x001/x234/067.p/112"; a full tile has no ".p/" part.
std::string TilePath(const TileId& tile);
// Folder of the partial versions of a tile: "tile/0/x001/x234/067.p".
std::string PartialFolder(int level, std::uint64_t index);

// Hashes (or entries) that a tree of `size` leaves has at a level: floor(size / 256^level).
std::uint64_t CountAtLevel(int level, std::uint64_t size);

// Files that must be added when a tree that was published at `old_size` is published at `new_size`,
// ascending by level and index; with old_size 0, all files of the tree.
std::vector<TileId> NewTiles(std::uint64_t old_size, std::uint64_t new_size);

// uint16 big-endian length, then the entry. The caller has checked the length.
void AppendEntry(std::string& bundle, std::string_view entry);
// Splits a bundle of exactly `count` entries; the views point into it. Fails naming the first bad
// entry, counted from first_index.
Result<std::vector<std::string_view>> SplitBundle(std::string_view bundle, std::uint64_t count,
                                                  std::uint64_t first_index);

std::string JoinHashes(const std::vector<Digest>& hashes);
// Fails unless the tile holds exactly `width` hashes.
Result<std::vector<Digest>> SplitHashes(std::string_view tile, std::uint64_t width);

}  // namespace trucewatch::evidence
