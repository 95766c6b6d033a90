// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/archive/coverage_archive.h"

#include <algorithm>
#include <vector>

#include "core/base/bytes.h"
#include "trucewatch/v1/coverage_cells.pb.h"
#include "verify/coverage/archive/chunk.h"
#include "verify/coverage/archive/frames.h"
#include "verify/coverage/cells/period_cells.h"

namespace trucewatch {

using namespace coverage_archive;

namespace {

// Verify amends periods that ended up to an hour ago, with the next period's end, which is at most
// an hour long.
constexpr Duration kPastAmending = Duration::Seconds(3 * 3600);
// The first byte pairs of a record that is a CoverageEnvelope: fields 16 and 17, with a length.
constexpr std::string_view kGridKey = "\x82\x01";
constexpr std::string_view kCellsKey = "\x8a\x01";

std::int64_t ChunkNumber(Instant start) {
  const std::int64_t chunk = kChunkSpan.micros();
  const std::int64_t rest = ((start.micros() % chunk) + chunk) % chunk;
  return (start.micros() - rest) / chunk;
}

Instant ChunkEnd(std::int64_t number) {
  return Instant::FromMicros((number + 1) * kChunkSpan.micros());
}

}  // namespace

std::string CoverageArchive::PathOf(std::string_view name) const {
  return directory_ + "/" + std::string(name);
}

Result<std::unique_ptr<CoverageArchive>> CoverageArchive::Open(Storage& storage,
                                                               const std::string& directory) {
  TW_RETURN_IF_ERROR(storage.MakeDirectories(directory));
  std::unique_ptr<CoverageArchive> archive(new CoverageArchive(storage, directory));
  TW_RETURN_IF_ERROR(archive->Recover());
  return archive;
}

Result<void> CoverageArchive::Recover() {
  TW_ASSIGN_OR_RETURN(sealed_, storage_.Open(PathOf(kSealedFile), true));
  TW_ASSIGN_OR_RETURN(open_, storage_.Open(PathOf(kOpenFile), true));
  TW_RETURN_IF_ERROR(RecoverSealed());
  TW_RETURN_IF_ERROR(RecoverOpen());
  TW_RETURN_IF_ERROR(storage_.SyncDirectory(directory_));
  durable_ = newest_;
  return {};
}

namespace {

// Calls `take` with each frame that is whole; what follows is cut off. A damaged frame that is not
// the last was whole once: that is no torn end.
template <typename Take>
Result<void> ReadFrames(File& file, const std::string& name, Take take) {
  TW_ASSIGN_OR_RETURN(FrameCursor cursor, FrameCursor::Open(file, name));
  std::uint64_t good = cursor.at();
  Frame frame;
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool more, cursor.Next(frame));
    if (!more) break;
    const auto payload = cursor.Read(frame);
    if (!payload) {
      Frame next;
      const auto follows = cursor.Next(next);
      if (follows && *follows && cursor.Read(next)) return tl::unexpected<Error>(payload.error());
      break;
    }
    TW_RETURN_IF_ERROR(take(frame, *payload));
    good = frame.end();
  }
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, file.Size());
  if (size > good) TW_RETURN_IF_ERROR(file.Truncate(good));
  if (good == 0) TW_RETURN_IF_ERROR(file.Append(AsBytes(kFileTag)));
  if (size > good || good == 0) TW_RETURN_IF_ERROR(file.Sync());
  return {};
}

}  // namespace

Result<void> CoverageArchive::RecoverSealed() {
  return ReadFrames(
      *sealed_, PathOf(kSealedFile),
      [this](const Frame& frame, const std::string& payload) -> Result<void> {
        if (frame.kind == FrameKind::kGrid) {
          v1::CoverageGrid grid;
          if (!grid.ParseFromString(payload))
            return Fail(ErrorCode::kCheckFailed, "{}: byte {}: is no grid", PathOf(kSealedFile),
                        frame.payload_at);
          grids_[grid.grid()];
        } else if (frame.kind == FrameKind::kSealedChunk && payload.size() >= kChunkHeadBytes) {
          const ChunkHead head =
              DecodeChunkHead(std::string_view(payload).substr(0, kChunkHeadBytes));
          grids_[head.grid].chunks[ChunkNumber(head.start)] = head.last;
          newest_ = std::max(newest_, head.last);
        }
        return {};
      });
}

Result<void> CoverageArchive::RecoverOpen() {
  return ReadFrames(*open_, PathOf(kOpenFile),
                    [this](const Frame&, const std::string& payload) -> Result<void> {
                      TW_ASSIGN_OR_RETURN(PeriodFrame period, DecodePeriodFrame(payload));
                      return Take(period.sequence, period.grid, std::move(period.record));
                    });
}

Result<void> CoverageArchive::Take(std::uint64_t sequence, std::uint64_t grid, std::string record) {
  const auto found = grids_.find(grid);
  if (found == grids_.end())
    return Fail(ErrorCode::kBadInput, "record {}: coverage cells of grid {:016x}, never described",
                sequence, grid);
  TW_ASSIGN_OR_RETURN(const PeriodHead head, DecodePeriodHead(record));
  Grid& of = found->second;
  newest_ = std::max(newest_, sequence);
  newest_start_ = std::max(newest_start_, head.start);
  // A crash came between sealing and forgetting.
  const auto chunk = of.chunks.find(ChunkNumber(head.start));
  if (chunk != of.chunks.end() && sequence <= chunk->second) return {};
  if (of.cells != 0 && head.cells != of.cells)
    return Fail(ErrorCode::kBadInput, "record {}: {} cells in a grid of {}", sequence, head.cells,
                of.cells);
  of.cells = head.cells;
  OpenPeriod& period = of.periods[head.start];
  if (sequence >= period.sequence) period = {sequence, head.end, std::move(record)};
  return {};
}

Result<void> CoverageArchive::Add(std::uint64_t sequence, std::string_view payload) {
  if (sequence <= newest_ || !(payload.starts_with(kGridKey) || payload.starts_with(kCellsKey)))
    return {};
  v1::CoverageEnvelope envelope;
  if (!envelope.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
    return Fail(ErrorCode::kBadInput, "record {}: is no CoverageEnvelope", sequence);
  if (envelope.has_coverage_grid()) {
    const v1::CoverageGrid& grid = envelope.coverage_grid();
    if (grids_.contains(grid.grid())) return {};
    grids_[grid.grid()];
    to_sealed_ += EncodeFrame(FrameKind::kGrid, grid.SerializeAsString());
    return {};
  }
  if (!envelope.has_coverage_cells()) return {};
  v1::CoverageCells& cells = *envelope.mutable_coverage_cells();
  // Whoever asks for a period later must find it whole.
  if (const auto period = DecodePeriodCells(cells.record()); !period)
    return Prefix(fmt::format("record {}", sequence), period.error());
  to_open_ += EncodePeriodFrame(sequence, cells.grid(), cells.record());
  return Take(sequence, cells.grid(), std::move(*cells.mutable_record()));
}

Result<void> CoverageArchive::Sync() {
  if (!to_sealed_.empty()) {
    TW_RETURN_IF_ERROR(sealed_->Append(AsBytes(to_sealed_)));
    TW_RETURN_IF_ERROR(sealed_->Sync());
    to_sealed_.clear();
  }
  if (!to_open_.empty()) {
    TW_RETURN_IF_ERROR(open_->Append(AsBytes(to_open_)));
    TW_RETURN_IF_ERROR(open_->Sync());
    to_open_.clear();
  }
  durable_ = newest_;
  bool sealed = false;
  for (auto& [number, grid] : grids_) {
    while (const auto chunk = Due(grid)) {
      TW_RETURN_IF_ERROR(Seal(number, grid, *chunk));
      sealed = true;
    }
  }
  return sealed ? RewriteOpen() : Result<void>();
}

std::optional<std::int64_t> CoverageArchive::Due(const Grid& grid) const {
  for (const auto& [start, period] : grid.periods) {
    const std::int64_t number = ChunkNumber(start);
    if (ChunkEnd(number) + kPastAmending > newest_start_) return std::nullopt;
    // An amendment that came after all stays beside its chunk.
    if (!grid.chunks.contains(number)) return number;
  }
  return std::nullopt;
}

Result<void> CoverageArchive::Seal(std::uint64_t number, Grid& grid, std::int64_t chunk) {
  std::vector<PeriodCells> periods;
  std::uint64_t last = 0;
  const auto first = grid.periods.lower_bound(Instant::FromMicros(chunk * kChunkSpan.micros()));
  auto at = first;
  for (; at != grid.periods.end() && ChunkNumber(at->first) == chunk; ++at) {
    TW_ASSIGN_OR_RETURN(PeriodCells period, DecodePeriodCells(at->second.record));
    periods.push_back(std::move(period));
    last = std::max(last, at->second.sequence);
  }
  const std::string frame =
      EncodeFrame(FrameKind::kSealedChunk, EncodeChunk(number, last, periods));
  TW_RETURN_IF_ERROR(sealed_->Append(AsBytes(frame)));
  TW_RETURN_IF_ERROR(sealed_->Sync());
  grid.periods.erase(first, at);
  grid.chunks[chunk] = last;
  return {};
}

Result<void> CoverageArchive::RewriteOpen() {
  // In the order they came, so that a torn end is the newest.
  std::vector<std::pair<std::uint64_t, std::pair<std::uint64_t, const std::string*>>> left;
  for (const auto& [number, grid] : grids_) {
    for (const auto& [start, period] : grid.periods)
      left.push_back({period.sequence, {number, &period.record}});
  }
  std::sort(left.begin(), left.end());
  std::string bytes(kFileTag);
  for (const auto& [sequence, period] : left)
    bytes += EncodePeriodFrame(sequence, period.first, *period.second);
  open_.reset();
  TW_RETURN_IF_ERROR(WriteFileAtomically(storage_, PathOf(kOpenFile), AsBytes(bytes)));
  TW_ASSIGN_OR_RETURN(open_, storage_.Open(PathOf(kOpenFile), false));
  return {};
}

}  // namespace trucewatch
