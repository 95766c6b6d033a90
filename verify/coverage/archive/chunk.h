// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"
#include "verify/coverage/cells/period_cells.h"

namespace trucewatch::coverage_archive {

// The periods of one zone that begin within a span of kChunkSpan (aligned to UTC), stored so that a
// question about one cell reads little: for each cell what was said of it in turn, in blocks of
// kBlockCells cells, each packed by itself. Bytes: docs/formats/coverage.md.
inline constexpr Duration kChunkSpan = Duration::Seconds(6 * 3600);
inline constexpr std::uint32_t kBlockCells = 256;
inline constexpr std::size_t kMaxChunkPeriods = 6 * 360;  // of 10 s
inline std::uint32_t CellsOfBlock(std::uint32_t cells, std::uint32_t block) {
  return std::min(kBlockCells, cells - block * kBlockCells);
}

struct PeriodTimes {
  Instant start, end;
};

// A chunk's first bytes: what it is of, and how its index and its counts are packed.
struct ChunkHead {
  std::uint64_t grid = 0;
  Instant start, end;      // of its first and last period
  std::uint64_t last = 0;  // newest sequence in verify's log of what is in it
  std::uint32_t index_packed = 0, index_size = 0, index_crc = 0;
  std::uint32_t counts_packed = 0, counts_size = 0, counts_crc = 0;
};
inline constexpr std::size_t kChunkHeadBytes = 8 * 4 + 4 * 6;
std::string EncodeChunkHead(const ChunkHead& head);
ChunkHead DecodeChunkHead(std::string_view bytes);  // of kChunkHeadBytes

struct ChunkBlock {
  std::uint64_t offset = 0;  // from the first block
  std::uint32_t packed = 0, size = 0, crc = 0;
};

struct ChunkIndex {
  std::uint32_t cells = 0;
  std::vector<PeriodTimes> periods;
  std::vector<std::string> texts;
  std::vector<CellEntry> entries;
  std::vector<ChunkBlock> blocks;
};
// Untrusted bytes, unpacked.
Result<ChunkIndex> DecodeChunkIndex(std::string_view bytes);

// How many cells of a class one entry was said of.
struct EntryCount {
  std::uint32_t entry = 0;
  std::uint32_t cells = 0;
  bool operator==(const EntryCount&) const = default;
};
// Of each period and class in turn; cells of a class add up to the index's.
using TakeCounts = std::function<void(std::size_t period, std::size_t coverage_class,
                                      std::span<const EntryCount>)>;
Result<void> EachCount(std::string_view bytes, const ChunkIndex& index, const TakeCounts& take);

// What was said of one cell: entry and for how many periods, in turn.
using CellSeries = std::vector<CellRun>;
// Of one cell (its number within the block) and class from an unpacked block; or of all, by class
// and cell.
Result<CellSeries> DecodeSeries(std::string_view block, const ChunkIndex& index,
                                std::uint32_t cells_of_block, std::size_t coverage_class,
                                std::uint32_t cell);
Result<std::array<std::vector<CellSeries>, kCellClasses>> DecodeBlock(std::string_view block,
                                                                      const ChunkIndex& index,
                                                                      std::uint32_t cells_of_block);

// A chunk of these periods, in order of their starts, all of as many cells.
std::string EncodeChunk(std::uint64_t grid, std::uint64_t last,
                        std::span<const PeriodCells> periods);

}  // namespace trucewatch::coverage_archive
