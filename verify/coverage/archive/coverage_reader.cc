// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/archive/coverage_reader.h"

#include <algorithm>

#include "core/archive/deflate.h"
#include "core/journal/crc32c.h"

namespace trucewatch {

using namespace coverage_archive;

namespace {

Duration Overlap(Instant start, Instant end, Instant from, Instant until) {
  return std::max(Duration(), std::min(end, until) - std::max(start, from));
}

// Puts pieces of single periods together.
class PieceMaker {
 public:
  PieceMaker(Instant from, Instant until) : from_(from), until_(until) {}

  void Add(const PeriodTimes& times, CellEntry entry, const std::string& text) {
    if (times.end <= from_ || times.start >= until_) return;
    entry.text = 0;
    const bool whole = times.start >= from_ && times.end <= until_;
    out.push_back(
        {std::max(times.start, from_), std::min(times.end, until_), entry, text, whole ? 1 : 0});
  }
  std::vector<CoverageReader::Piece> Finish() {
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a.start < b.start; });
    std::vector<CoverageReader::Piece> joined;
    for (CoverageReader::Piece& piece : out) {
      if (joined.empty() || joined.back().end != piece.start ||
          joined.back().entry != piece.entry || joined.back().text != piece.text) {
        joined.push_back(std::move(piece));
      } else {
        joined.back().end = piece.end;
        joined.back().whole += piece.whole;
      }
    }
    return joined;
  }

  std::vector<CoverageReader::Piece> out;

 private:
  Instant from_, until_;
};

}  // namespace

Result<std::unique_ptr<CoverageReader>> CoverageReader::Open(Storage& storage,
                                                             const std::string& directory) {
  const std::string sealed = directory + "/" + std::string(kSealedFile);
  const std::string open = directory + "/" + std::string(kOpenFile);
  TW_ASSIGN_OR_RETURN(const bool exists, storage.Exists(sealed));
  if (!exists)
    return Fail(ErrorCode::kNotFound, "{}: there is no coverage archive (no file '{}')", directory,
                kSealedFile);
  std::unique_ptr<CoverageReader> reader(new CoverageReader(directory));
  // The open periods first: what becomes a chunk meanwhile is then read twice, not missed.
  TW_ASSIGN_OR_RETURN(const bool has_open, storage.Exists(open));
  if (has_open) {
    TW_ASSIGN_OR_RETURN(const auto file, storage.Open(open, false));
    TW_RETURN_IF_ERROR(reader->ReadOpen(*file));
  }
  TW_ASSIGN_OR_RETURN(reader->sealed_, storage.Open(sealed, false));
  TW_RETURN_IF_ERROR(reader->ReadSealed());
  return reader;
}

Result<void> CoverageReader::ReadOpen(const File& file) {
  TW_ASSIGN_OR_RETURN(FrameCursor cursor, FrameCursor::Open(file, directory_ + "/open"));
  Frame frame;
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool more, cursor.Next(frame));
    if (!more) return {};
    const auto payload = cursor.Read(frame);
    if (!payload) return {};  // it is being written
    TW_ASSIGN_OR_RETURN(PeriodFrame period, DecodePeriodFrame(*payload));
    TW_ASSIGN_OR_RETURN(const PeriodHead head, DecodePeriodHead(period.record));
    OpenPeriod& of = open_[period.grid][head.start];
    if (period.sequence >= of.sequence) of = {period.sequence, head.end, std::move(period.record)};
  }
}

Result<void> CoverageReader::ReadSealed() {
  TW_ASSIGN_OR_RETURN(FrameCursor cursor, FrameCursor::Open(*sealed_, directory_ + "/sealed"));
  Frame frame;
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool more, cursor.Next(frame));
    if (!more) break;
    if (frame.kind == FrameKind::kGrid) {
      TW_ASSIGN_OR_RETURN(const std::string payload, cursor.Read(frame));
      v1::CoverageGrid message;
      if (!message.ParseFromString(payload))
        return Fail(ErrorCode::kCheckFailed, "{}/sealed: byte {}: is no grid", directory_,
                    frame.payload_at);
      if (number_of_.contains(message.grid())) continue;
      number_of_[message.grid()] = grids_.size();
      OfGrid of;
      of.periods = std::move(open_[message.grid()]);
      of_grid_.push_back(std::move(of));
      TW_ASSIGN_OR_RETURN(GridView view, GridView::Make(std::move(message)));
      grids_.push_back(std::move(view));
    } else if (frame.kind == FrameKind::kSealedChunk && frame.length >= kChunkHeadBytes) {
      TW_ASSIGN_OR_RETURN(const std::string head,
                          sealed_->ReadAt(frame.payload_at, kChunkHeadBytes));
      const Chunk chunk{DecodeChunkHead(head), frame.payload_at};
      const auto number = number_of_.find(chunk.head.grid);
      if (number == number_of_.end())
        return Fail(ErrorCode::kCheckFailed, "{}/sealed: byte {}: a chunk of no known grid",
                    directory_, frame.payload_at);
      of_grid_[number->second].chunks.push_back(chunk);
    }
  }
  for (OfGrid& of : of_grid_) {
    std::stable_sort(of.chunks.begin(), of.chunks.end(),
                     [](const Chunk& a, const Chunk& b) { return a.head.start < b.head.start; });
  }
  open_.clear();
  return {};
}

std::optional<CoverageReader::Extent> CoverageReader::ExtentOf(std::size_t grid) const {
  const OfGrid& of = of_grid_.at(grid);
  std::optional<Extent> extent;
  const auto add = [&](Instant start, Instant end) {
    if (!extent) extent = Extent{start, end};
    extent->start = std::min(extent->start, start);
    extent->end = std::max(extent->end, end);
  };
  for (const Chunk& chunk : of.chunks) add(chunk.head.start, chunk.head.end);
  for (const auto& [start, period] : of.periods) add(start, period.end);
  return extent;
}

Result<std::string> CoverageReader::Unpack(std::uint64_t at, std::uint32_t packed,
                                           std::uint32_t size, std::uint32_t crc) const {
  TW_ASSIGN_OR_RETURN(const std::string bytes, sealed_->ReadAt(at, packed));
  if (Crc32c(AsBytes(bytes)) != crc)
    return Fail(ErrorCode::kCheckFailed,
                "{}/sealed: byte {}: {} bytes whose checksum does not fit; remove the folder, and "
                "it is made again from verify's log",
                directory_, at, packed);
  return Inflate(bytes, size, directory_ + "/sealed");
}

Result<ChunkIndex> CoverageReader::IndexOf(const Chunk& chunk) const {
  TW_ASSIGN_OR_RETURN(const std::string bytes,
                      Unpack(chunk.at + kChunkHeadBytes, chunk.head.index_packed,
                             chunk.head.index_size, chunk.head.index_crc));
  TW_ASSIGN_OR_RETURN(ChunkIndex index, DecodeChunkIndex(bytes));
  const Duration since_zero = chunk.head.start - Instant();
  for (PeriodTimes& period : index.periods) {
    period.start = period.start + since_zero;
    period.end = period.end + since_zero;
  }
  return index;
}

Result<std::string> CoverageReader::BlockOf(const Chunk& chunk, const ChunkIndex& index,
                                            std::uint32_t block) const {
  const ChunkBlock& of = index.blocks.at(block);
  return Unpack(
      chunk.at + kChunkHeadBytes + chunk.head.index_packed + chunk.head.counts_packed + of.offset,
      of.packed, of.size, of.crc);
}

Result<std::vector<CoverageReader::Piece>> CoverageReader::Cell(std::size_t grid,
                                                                std::size_t coverage_class,
                                                                std::uint32_t cell, Instant from,
                                                                Instant until) const {
  const OfGrid& of = of_grid_.at(grid);
  PieceMaker pieces(from, until);
  for (const Chunk& chunk : of.chunks) {
    if (chunk.head.end <= from || chunk.head.start >= until) continue;
    TW_ASSIGN_OR_RETURN(const ChunkIndex index, IndexOf(chunk));
    if (cell >= index.cells)
      return Fail(ErrorCode::kCheckFailed, "{}: a chunk of {} cells", directory_, index.cells);
    const std::uint32_t block = cell / kBlockCells;
    TW_ASSIGN_OR_RETURN(const std::string bytes, BlockOf(chunk, index, block));
    TW_ASSIGN_OR_RETURN(const CellSeries series,
                        DecodeSeries(bytes, index, CellsOfBlock(index.cells, block), coverage_class,
                                     cell % kBlockCells));
    std::size_t period = 0;
    for (const CellRun& run : series) {
      const CellEntry& entry = index.entries[run.entry];
      for (std::uint32_t i = 0; i < run.length; ++i, ++period) {
        if (of.periods.contains(index.periods[period].start)) continue;  // amended since
        pieces.Add(index.periods[period], entry, index.texts[entry.text]);
      }
    }
  }
  for (const auto& [start, period] : of.periods) {
    if (period.end <= from || start >= until) continue;
    TW_ASSIGN_OR_RETURN(const PeriodCells cells, DecodePeriodCells(period.record));
    std::uint64_t before = 0;
    for (const CellRun& run : cells.classes.at(coverage_class)) {
      before += run.length;
      if (before <= cell) continue;
      const CellEntry& entry = cells.entries[run.entry];
      pieces.Add({start, period.end}, entry, cells.texts[entry.text]);
      break;
    }
  }
  return pieces.Finish();
}

std::int64_t CoverageReader::Sum::Of(CoverageState state) const {
  std::int64_t total = 0;
  for (const auto& [key, us] : cell_us) total += key.first == state ? us : 0;
  return total;
}

std::int64_t CoverageReader::Sum::Total() const {
  std::int64_t total = 0;
  for (const auto& [key, us] : cell_us) total += us;
  return total;
}

Result<std::array<CoverageReader::Sum, kCellClasses>> CoverageReader::Sums(std::size_t grid,
                                                                           Instant from,
                                                                           Instant until) const {
  const OfGrid& of = of_grid_.at(grid);
  std::array<Sum, kCellClasses> sums;
  const auto add = [&](std::size_t c, const CellEntry& entry, std::uint32_t cells, Duration span) {
    sums[c].cell_us[{entry.state, entry.reason}] += cells * span.micros();
  };
  for (const Chunk& chunk : of.chunks) {
    if (chunk.head.end <= from || chunk.head.start >= until) continue;
    TW_ASSIGN_OR_RETURN(const ChunkIndex index, IndexOf(chunk));
    TW_ASSIGN_OR_RETURN(
        const std::string bytes,
        Unpack(chunk.at + kChunkHeadBytes + chunk.head.index_packed, chunk.head.counts_packed,
               chunk.head.counts_size, chunk.head.counts_crc));
    // By entry first: there are few, and many periods.
    std::array<std::vector<std::int64_t>, kCellClasses> cell_us;
    for (auto& of_class : cell_us) of_class.assign(index.entries.size(), 0);
    std::vector<std::int64_t> asked_us;
    for (const PeriodTimes& times : index.periods)
      asked_us.push_back(of.periods.contains(times.start)
                             ? 0
                             : Overlap(times.start, times.end, from, until).micros());
    const auto count = [&](std::size_t period, std::size_t c, std::span<const EntryCount> counts) {
      if (asked_us[period] == 0) return;
      for (const EntryCount& one : counts) cell_us[c][one.entry] += one.cells * asked_us[period];
    };
    TW_RETURN_IF_ERROR(EachCount(bytes, index, count));
    for (std::size_t c = 0; c < kCellClasses; ++c) {
      for (std::size_t entry = 0; entry < cell_us[c].size(); ++entry) {
        if (cell_us[c][entry] != 0)
          sums[c].cell_us[{index.entries[entry].state, index.entries[entry].reason}] +=
              cell_us[c][entry];
      }
    }
  }
  for (const auto& [start, period] : of.periods) {
    const Duration span = Overlap(start, period.end, from, until);
    if (span == Duration()) continue;
    TW_ASSIGN_OR_RETURN(const PeriodCells cells, DecodePeriodCells(period.record));
    for (std::size_t c = 0; c < kCellClasses; ++c) {
      for (const CellRun& run : cells.classes[c])
        add(c, cells.entries[run.entry], run.length, span);
    }
  }
  return sums;
}

Result<void> CoverageReader::EachOfChunk(std::size_t grid, const Chunk& chunk, Instant from,
                                         Instant until, const Take& take) const {
  const OfGrid& of = of_grid_.at(grid);
  TW_ASSIGN_OR_RETURN(const ChunkIndex index, IndexOf(chunk));
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < index.periods.size(); ++i) {
    const Instant start = index.periods[i].start;
    if (start >= from && start < until && !of.periods.contains(start)) wanted.push_back(i);
  }
  if (wanted.empty()) return {};
  // What each cell was, run by run, and how far it is read.
  struct At {
    std::size_t run = 0, end = 0;  // end: first period after the run
  };
  std::array<std::vector<CellSeries>, kCellClasses> series;
  for (std::uint32_t block = 0; block < index.blocks.size(); ++block) {
    TW_ASSIGN_OR_RETURN(const std::string bytes, BlockOf(chunk, index, block));
    TW_ASSIGN_OR_RETURN(auto some, DecodeBlock(bytes, index, CellsOfBlock(index.cells, block)));
    for (std::size_t c = 0; c < kCellClasses; ++c)
      std::move(some[c].begin(), some[c].end(), std::back_inserter(series[c]));
  }
  std::array<std::vector<At>, kCellClasses> at;
  for (std::size_t c = 0; c < kCellClasses; ++c) {
    for (const CellSeries& cell : series[c]) at[c].push_back({0, cell.front().length});
  }
  for (const std::size_t period : wanted) {
    PeriodCellsBuilder builder(grids_.at(grid).grid().zone(), index.periods[period].start,
                               index.periods[period].end, index.cells);
    for (std::size_t c = 0; c < kCellClasses; ++c) {
      for (std::size_t cell = 0; cell < series[c].size(); ++cell) {
        At& here = at[c][cell];
        while (here.end <= period) here.end += series[c][cell].at(++here.run).length;
        const CellEntry& entry = index.entries[series[c][cell][here.run].entry];
        builder.Add(c, entry.state, entry.level, entry.reason, index.texts[entry.text]);
      }
    }
    TW_RETURN_IF_ERROR(take(builder.Take()));
  }
  return {};
}

Result<std::optional<PeriodCells>> CoverageReader::PeriodAt(std::size_t grid, Instant time) const {
  const OfGrid& of = of_grid_.at(grid);
  std::optional<PeriodCells> out;
  auto open = of.periods.upper_bound(time);
  if (open != of.periods.begin() && (--open)->second.end > time) {
    TW_ASSIGN_OR_RETURN(out, DecodePeriodCells(open->second.record));
    return out;
  }
  const auto keep = [&](const PeriodCells& cells) -> Result<void> {
    out = cells;
    return {};
  };
  for (const Chunk& chunk : of.chunks) {
    if (chunk.head.end <= time || chunk.head.start > time) continue;
    TW_ASSIGN_OR_RETURN(const ChunkIndex index, IndexOf(chunk));
    for (const PeriodTimes& period : index.periods) {
      if (time < period.start || time >= period.end) continue;
      TW_RETURN_IF_ERROR(
          EachOfChunk(grid, chunk, period.start, period.start + Duration::Micros(1), keep));
    }
  }
  return out;
}

Result<void> CoverageReader::EachPeriod(std::size_t grid, Instant from, Instant until,
                                        const Take& take) const {
  const OfGrid& of = of_grid_.at(grid);
  auto open = of.periods.lower_bound(from);
  const auto take_open = [&](Instant before) -> Result<void> {
    for (; open != of.periods.end() && open->first < before; ++open) {
      TW_ASSIGN_OR_RETURN(const PeriodCells cells, DecodePeriodCells(open->second.record));
      TW_RETURN_IF_ERROR(take(cells));
    }
    return {};
  };
  const auto in_order = [&](const PeriodCells& cells) -> Result<void> {
    TW_RETURN_IF_ERROR(take_open(cells.start));
    return take(cells);
  };
  for (const Chunk& chunk : of.chunks) {
    if (chunk.head.end <= from || chunk.head.start >= until) continue;
    TW_RETURN_IF_ERROR(EachOfChunk(grid, chunk, from, until, in_order));
  }
  return take_open(until);
}

}  // namespace trucewatch
