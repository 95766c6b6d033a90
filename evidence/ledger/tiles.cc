// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/tiles.h"

#include <algorithm>

#include "core/base/check.h"

namespace trucewatch::evidence {
namespace {

std::string LevelFolder(int level) {
  return level == kEntriesLevel ? "tile/entries" : fmt::format("tile/{}", level);
}

// 1234067 -> "x001/x234/067" (tlog-tiles, "Parameters").
std::string IndexPath(std::uint64_t index) {
  std::string path = fmt::format("{:03}", index % 1000);
  for (index /= 1000; index > 0; index /= 1000) path = fmt::format("x{:03}/", index % 1000) + path;
  return path;
}

}  // namespace

std::string PartialFolder(int level, std::uint64_t index) {
  return fmt::format("{}/{}.p", LevelFolder(level), IndexPath(index));
}

std::string TilePath(const TileId& tile) {
  if (tile.width != kTileWidth) {
    return fmt::format("{}/{}", PartialFolder(tile.level, tile.index), tile.width);
  }
  return fmt::format("{}/{}", LevelFolder(tile.level), IndexPath(tile.index));
}

std::uint64_t CountAtLevel(int level, std::uint64_t size) {
  const int shift = level == kEntriesLevel ? 0 : 8 * level;
  return shift >= 64 ? 0 : size >> shift;
}

std::vector<TileId> NewTiles(std::uint64_t old_size, std::uint64_t new_size) {
  std::vector<TileId> tiles;
  for (int level = kEntriesLevel; CountAtLevel(level, new_size) > 0; ++level) {
    const std::uint64_t had = CountAtLevel(level, old_size);
    const std::uint64_t has = CountAtLevel(level, new_size);
    if (had == has) continue;
    for (std::uint64_t i = had / kTileWidth; i < has / kTileWidth; ++i) tiles.push_back({level, i});
    if (has % kTileWidth != 0) tiles.push_back({level, has / kTileWidth, has % kTileWidth});
  }
  return tiles;
}

void AppendEntry(std::string& bundle, std::string_view entry) {
  TW_CHECK(entry.size() <= kMaxEntrySize);
  AppendBe16(bundle, static_cast<std::uint16_t>(entry.size()));
  bundle.append(entry);
}

Result<std::vector<std::string_view>> SplitBundle(std::string_view bundle, std::uint64_t count,
                                                  std::uint64_t first_index) {
  std::vector<std::string_view> entries;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (bundle.size() < 2 || bundle.size() - 2 < ReadBe16(AsBytes(bundle))) {
      return Fail(ErrorCode::kBadInput, "entry {}: the bundle ends inside it", first_index + i);
    }
    const std::size_t length = ReadBe16(AsBytes(bundle));
    entries.push_back(bundle.substr(2, length));
    bundle.remove_prefix(2 + length);
  }
  if (!bundle.empty()) {
    return Fail(ErrorCode::kBadInput, "{} bytes behind entry {}, the last one", bundle.size(),
                first_index + count - 1);
  }
  return entries;
}

std::string JoinHashes(const std::vector<Digest>& hashes) {
  std::string out;
  out.reserve(hashes.size() * sizeof(Digest));
  for (const Digest& hash : hashes) out.append(AsText(hash));
  return out;
}

Result<std::vector<Digest>> SplitHashes(std::string_view tile, std::uint64_t width) {
  if (tile.size() != width * sizeof(Digest)) {
    return Fail(ErrorCode::kBadInput, "{} bytes where {} hashes have {}", tile.size(), width,
                width * sizeof(Digest));
  }
  std::vector<Digest> hashes(width);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::copy_n(tile.begin() + static_cast<std::ptrdiff_t>(i * sizeof(Digest)), sizeof(Digest),
                hashes[i].begin());
  }
  return hashes;
}

}  // namespace trucewatch::evidence
