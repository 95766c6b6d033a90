// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/archive/chunk.h"

#include <algorithm>
#include <map>

#include "core/archive/deflate.h"
#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/journal/crc32c.h"
#include "verify/coverage/cells/varint.h"

namespace trucewatch::coverage_archive {
namespace {

constexpr int kPackLevel = 6;
constexpr std::uint64_t kMostTexts = 1 << 20;
constexpr std::uint64_t kMostBlockBytes = 1 << 26;

tl::unexpected<Error> BadChunk(const char* what) {
  return Fail(ErrorCode::kBadInput, "a chunk of the coverage archive does not fit: {}", what);
}

// From here on a cell has this entry.
struct CellChange {
  std::uint32_t cell = 0;
  std::uint32_t period = 0;
  std::uint32_t entry = 0;
};

// Collects the chunk's entries and each cell's changes, period by period.
class ChunkMaker {
 public:
  explicit ChunkMaker(std::uint32_t cells) {
    for (auto& of_class : current_) of_class.assign(cells, kNoEntry);
    texts_.emplace("", 0);
  }

  void Add(const PeriodCells& period, std::uint32_t number, std::string& counts) {
    std::vector<std::uint32_t> entry_of;
    for (const CellEntry& entry : period.entries) {
      CellEntry here = entry;
      const auto [text, new_text] =
          texts_.emplace(period.texts[entry.text], static_cast<std::uint32_t>(texts.size()));
      if (new_text) texts.push_back(period.texts[entry.text]);
      here.text = text->second;
      const auto [at, added] = entries_.emplace(here, static_cast<std::uint32_t>(entries.size()));
      if (added) entries.push_back(here);
      entry_of.push_back(at->second);
    }
    for (std::size_t c = 0; c < kCellClasses; ++c) {
      std::uint32_t cell = 0;
      std::map<std::uint32_t, std::uint32_t> cells_of;
      for (const CellRun& run : period.classes[c]) {
        const std::uint32_t entry = entry_of[run.entry];
        cells_of[entry] += run.length;
        for (const std::uint32_t end = cell + run.length; cell < end; ++cell) {
          if (current_[c][cell] == entry) continue;
          current_[c][cell] = entry;
          changes[c].push_back({cell, number, entry});
        }
      }
      AppendCounts(c, cells_of, counts);
    }
  }

  std::vector<std::string> texts = {""};
  std::vector<CellEntry> entries;
  std::array<std::vector<CellChange>, kCellClasses> changes;

 private:
  static constexpr std::uint32_t kNoEntry = 0xffffffff;

  // 0: as in the period before; else one more than how many entries follow.
  void AppendCounts(std::size_t c, const std::map<std::uint32_t, std::uint32_t>& cells_of,
                    std::string& out) {
    if (cells_of == before_[c]) return AppendVarint(out, 0);
    AppendVarint(out, cells_of.size() + 1);
    for (const auto& [entry, cells] : cells_of) {
      AppendVarint(out, entry);
      AppendVarint(out, cells);
    }
    before_[c] = cells_of;
  }

  std::map<std::string, std::uint32_t> texts_;
  std::map<CellEntry, std::uint32_t> entries_;
  std::array<std::vector<std::uint32_t>, kCellClasses> current_;
  std::array<std::map<std::uint32_t, std::uint32_t>, kCellClasses> before_;
};

// By cell, each cell's in order of time.
std::vector<CellChange> ByCell(const std::vector<CellChange>& changes, std::uint32_t cells,
                               std::vector<std::uint32_t>& first) {
  first.assign(cells + 1, 0);
  for (const CellChange& change : changes) ++first[change.cell + 1];
  for (std::uint32_t cell = 0; cell < cells; ++cell) first[cell + 1] += first[cell];
  std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
  std::vector<CellChange> out(changes.size());
  for (const CellChange& change : changes) out[next[change.cell]++] = change;
  return out;
}

bool SameSeries(std::span<const CellChange> a, std::span<const CellChange> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const CellChange& x, const CellChange& y) {
                      return x.period == y.period && x.entry == y.entry;
                    });
}

// 0: as the cell before; else how many entries, each with its periods but for the last.
void AppendSeries(std::span<const CellChange> series, std::string& out) {
  AppendVarint(out, series.size());
  for (std::size_t i = 0; i < series.size(); ++i) {
    AppendVarint(out, series[i].entry);
    if (i + 1 < series.size()) AppendVarint(out, series[i + 1].period - series[i].period);
  }
}

Result<CellSeries> ReadSeries(VarintReader& in, std::uint64_t count, const ChunkIndex& index) {
  CellSeries series;
  std::uint64_t left = index.periods.size();
  if (count > left) return BadChunk("a cell of more entries than periods");
  for (std::uint64_t i = 0; i < count; ++i) {
    CellRun run;
    run.entry = static_cast<std::uint32_t>(in.NumberUpTo(index.entries.size() - 1));
    run.length = static_cast<std::uint32_t>(i + 1 < count ? in.NumberUpTo(left) : left);
    left -= run.length;
    if (!in.ok() || run.length == 0) return BadChunk("a cell's entries");
    series.push_back(run);
  }
  return series;
}

}  // namespace

std::string EncodeChunkHead(const ChunkHead& head) {
  std::string out;
  AppendBe64(out, head.grid);
  AppendBe64(out, static_cast<std::uint64_t>(head.start.micros()));
  AppendBe64(out, static_cast<std::uint64_t>(head.end.micros()));
  AppendBe64(out, head.last);
  for (const std::uint32_t number : {head.index_packed, head.index_size, head.index_crc,
                                     head.counts_packed, head.counts_size, head.counts_crc})
    AppendBe32(out, number);
  return out;
}

ChunkHead DecodeChunkHead(std::string_view bytes) {
  TW_CHECK(bytes.size() == kChunkHeadBytes);
  const Bytes in = AsBytes(bytes);
  ChunkHead head;
  head.grid = ReadBe64(in);
  head.start = Instant::FromMicros(static_cast<std::int64_t>(ReadBe64(in.subspan(8))));
  head.end = Instant::FromMicros(static_cast<std::int64_t>(ReadBe64(in.subspan(16))));
  head.last = ReadBe64(in.subspan(24));
  head.index_packed = ReadBe32(in.subspan(32));
  head.index_size = ReadBe32(in.subspan(36));
  head.index_crc = ReadBe32(in.subspan(40));
  head.counts_packed = ReadBe32(in.subspan(44));
  head.counts_size = ReadBe32(in.subspan(48));
  head.counts_crc = ReadBe32(in.subspan(52));
  return head;
}

std::string EncodeChunk(std::uint64_t grid, std::uint64_t last,
                        std::span<const PeriodCells> periods) {
  TW_CHECK(!periods.empty());
  const std::uint32_t cells = periods.front().cells;
  ChunkMaker maker(cells);
  std::string counts;
  ChunkHead head{
      .grid = grid, .start = periods.front().start, .end = periods.back().end, .last = last};
  for (std::uint32_t i = 0; i < periods.size(); ++i) {
    TW_CHECK(periods[i].cells == cells);
    maker.Add(periods[i], i, counts);
  }
  std::array<std::vector<CellChange>, kCellClasses> changes;
  std::array<std::vector<std::uint32_t>, kCellClasses> first;
  for (std::size_t c = 0; c < kCellClasses; ++c)
    changes[c] = ByCell(maker.changes[c], cells, first[c]);

  std::string index;
  AppendVarint(index, cells);
  AppendVarint(index, periods.size());
  Instant before = head.start;
  for (const PeriodCells& period : periods) {
    AppendVarint(index, static_cast<std::uint64_t>((period.start - before).micros()));
    AppendVarint(index, static_cast<std::uint64_t>((period.end - period.start).micros()));
    before = period.start;
  }
  AppendVarint(index, maker.texts.size() - 1);
  for (std::size_t i = 1; i < maker.texts.size(); ++i) AppendText(index, maker.texts[i]);
  AppendVarint(index, maker.entries.size());
  for (const CellEntry& entry : maker.entries) {
    AppendVarint(index, static_cast<std::uint64_t>(entry.state));
    AppendVarint(index, entry.level);
    AppendVarint(index, static_cast<std::uint64_t>(entry.reason));
    AppendVarint(index, entry.text);
  }
  std::string blocks;
  std::string raw;
  for (std::uint32_t begin = 0; begin < cells; begin += kBlockCells) {
    raw.clear();
    const std::uint32_t end = std::min(begin + kBlockCells, cells);
    for (std::size_t c = 0; c < kCellClasses; ++c) {
      std::span<const CellChange> last_series;
      for (std::uint32_t cell = begin; cell < end; ++cell) {
        const std::span<const CellChange> series =
            std::span(changes[c]).subspan(first[c][cell], first[c][cell + 1] - first[c][cell]);
        if (cell > begin && SameSeries(series, last_series)) {
          AppendVarint(raw, 0);
        } else {
          AppendSeries(series, raw);
        }
        last_series = series;
      }
    }
    const std::string packed = Deflate(raw, kPackLevel);
    AppendVarint(index, packed.size());
    AppendVarint(index, raw.size());
    AppendBe32(index, Crc32c(AsBytes(packed)));
    blocks += packed;
  }
  const std::string packed_index = Deflate(index, kPackLevel);
  const std::string packed_counts = Deflate(counts, kPackLevel);
  head.index_packed = static_cast<std::uint32_t>(packed_index.size());
  head.index_size = static_cast<std::uint32_t>(index.size());
  head.index_crc = Crc32c(AsBytes(packed_index));
  head.counts_packed = static_cast<std::uint32_t>(packed_counts.size());
  head.counts_size = static_cast<std::uint32_t>(counts.size());
  head.counts_crc = Crc32c(AsBytes(packed_counts));
  return EncodeChunkHead(head) + packed_index + packed_counts + blocks;
}

Result<ChunkIndex> DecodeChunkIndex(std::string_view bytes) {
  VarintReader in(bytes);
  ChunkIndex out;
  out.cells = static_cast<std::uint32_t>(in.NumberUpTo(kMaxCells));
  const std::uint64_t periods = in.NumberUpTo(kMaxChunkPeriods);
  if (!in.ok() || out.cells == 0 || periods == 0) return BadChunk("its size");
  // Times follow from the head; here from zero.
  Instant before;
  for (std::uint64_t i = 0; i < periods && in.ok(); ++i) {
    const Instant start = before + Duration::Micros(static_cast<std::int64_t>(in.Number()));
    out.periods.push_back(
        {start, start + Duration::Micros(static_cast<std::int64_t>(in.Number()))});
    before = start;
  }
  const std::uint64_t texts = in.NumberUpTo(kMostTexts);
  out.texts.emplace_back();
  for (std::uint64_t i = 0; i < texts && in.ok(); ++i) out.texts.emplace_back(in.Text());
  const std::uint64_t entries = in.NumberUpTo(bytes.size());
  for (std::uint64_t i = 0; i < entries && in.ok(); ++i) {
    CellEntry entry;
    entry.state = static_cast<CoverageState>(in.NumberUpTo(4));
    entry.level = static_cast<std::uint8_t>(in.NumberUpTo(kDetectionLevels.size() - 1));
    entry.reason = static_cast<CoverageReason>(in.NumberUpTo(kCoverageReasons - 1));
    entry.text = static_cast<std::uint32_t>(in.NumberUpTo(out.texts.size() - 1));
    out.entries.push_back(entry);
  }
  if (!in.ok() || out.entries.empty()) return BadChunk("its entries");
  std::uint64_t offset = 0;
  for (std::uint32_t begin = 0; begin < out.cells; begin += kBlockCells) {
    ChunkBlock block;
    block.offset = offset;
    block.packed = static_cast<std::uint32_t>(in.NumberUpTo(kMostBlockBytes));
    block.size = static_cast<std::uint32_t>(in.NumberUpTo(kMostBlockBytes));
    const std::string_view crc = in.Take(4);
    if (!in.ok()) return BadChunk("its blocks");
    block.crc = ReadBe32(AsBytes(crc));
    offset += block.packed;
    out.blocks.push_back(block);
  }
  if (!in.at_end()) return BadChunk("bytes after its index");
  return out;
}

Result<void> EachCount(std::string_view bytes, const ChunkIndex& index, const TakeCounts& take) {
  VarintReader in(bytes);
  std::array<std::vector<EntryCount>, kCellClasses> counts;
  for (std::size_t i = 0; i < index.periods.size(); ++i) {
    for (std::size_t c = 0; c < kCellClasses; ++c) {
      const std::uint64_t count = in.NumberUpTo(index.entries.size() + 1);
      if (count == 0 && i == 0) return BadChunk("its first counts");
      if (count > 0) {
        counts[c].clear();
        std::uint64_t cells = 0;
        for (std::uint64_t k = 1; k < count && in.ok(); ++k) {
          EntryCount of;
          of.entry = static_cast<std::uint32_t>(in.NumberUpTo(index.entries.size() - 1));
          of.cells = static_cast<std::uint32_t>(in.NumberUpTo(index.cells));
          cells += of.cells;
          counts[c].push_back(of);
        }
        if (!in.ok() || cells != index.cells) return BadChunk("counts that do not add up");
      }
      if (!in.ok()) return BadChunk("its counts");
      take(i, c, counts[c]);
    }
  }
  if (!in.at_end()) return BadChunk("bytes after its counts");
  return {};
}

Result<CellSeries> DecodeSeries(std::string_view block, const ChunkIndex& index,
                                std::uint32_t cells_of_block, std::size_t coverage_class,
                                std::uint32_t cell) {
  VarintReader in(block);
  CellSeries series;
  for (std::size_t c = 0; c <= coverage_class; ++c) {
    const std::uint32_t end = c == coverage_class ? cell + 1 : cells_of_block;
    for (std::uint32_t i = 0; i < end; ++i) {
      const std::uint64_t count = in.Number();
      if (count == 0 && i > 0 && in.ok()) continue;
      if (!in.ok() || count == 0) return BadChunk("a block");
      TW_ASSIGN_OR_RETURN(series, ReadSeries(in, count, index));
    }
  }
  return series;
}

Result<std::array<std::vector<CellSeries>, kCellClasses>> DecodeBlock(
    std::string_view block, const ChunkIndex& index, std::uint32_t cells_of_block) {
  VarintReader in(block);
  std::array<std::vector<CellSeries>, kCellClasses> out;
  for (std::vector<CellSeries>& of_class : out) {
    for (std::uint32_t i = 0; i < cells_of_block; ++i) {
      const std::uint64_t count = in.Number();
      if (!in.ok() || (count == 0 && i == 0)) return BadChunk("a block");
      if (count == 0) {
        of_class.push_back(of_class.back());
        continue;
      }
      TW_ASSIGN_OR_RETURN(CellSeries series, ReadSeries(in, count, index));
      of_class.push_back(std::move(series));
    }
  }
  if (!in.at_end()) return BadChunk("bytes after a block");
  return out;
}

}  // namespace trucewatch::coverage_archive
