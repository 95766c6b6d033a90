// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/storage/storage.h"
#include "verify/coverage/archive/chunk.h"
#include "verify/coverage/archive/frames.h"
#include "verify/coverage/archive/grid_view.h"
#include "verify/coverage/cells/period_cells.h"

namespace trucewatch {

// Asks a folder that CoverageArchive writes, or has written. Reads what a question needs and no
// more. Numbers of grids are those of grids(). Threads: thread-compatible.
class CoverageReader {
 public:
  // What was written until now: what comes later is seen by a reader opened later. kNotFound when
  // there is no archive.
  static Result<std::unique_ptr<CoverageReader>> Open(Storage& storage,
                                                      const std::string& directory);

  // A zone under one version of the agreement each, in the order they came.
  const std::vector<GridView>& grids() const { return grids_; }
  // From the start of a grid's first period to the end of its last; nothing when it has none.
  struct Extent {
    Instant start, end;
  };
  std::optional<Extent> ExtentOf(std::size_t grid) const;

  // What was said of one cell and class, in order of time, cut to [from, until): as long as it
  // stayed the same one piece.
  struct Piece {
    Instant start, end;
    CellEntry entry;
    std::string text;  // instead of entry.text, which is 0
    int whole = 0;     // periods that lie wholly between from and until
    bool operator==(const Piece&) const = default;
  };
  Result<std::vector<Piece>> Cell(std::size_t grid, std::size_t coverage_class, std::uint32_t cell,
                                  Instant from, Instant until) const;

  // Cell-microseconds of a class between from and until, by state and reason.
  struct Sum {
    std::map<std::pair<CoverageState, CoverageReason>, std::int64_t> cell_us;
    std::int64_t Of(CoverageState state) const;
    std::int64_t Total() const;
  };
  Result<std::array<Sum, kCellClasses>> Sums(std::size_t grid, Instant from, Instant until) const;

  // All cells of the period that has this time in it; nothing when there is none.
  Result<std::optional<PeriodCells>> PeriodAt(std::size_t grid, Instant time) const;
  // Of every period that begins in [from, until), in order of time.
  using Take = std::function<Result<void>(const PeriodCells&)>;
  Result<void> EachPeriod(std::size_t grid, Instant from, Instant until, const Take& take) const;

 private:
  struct Chunk {
    coverage_archive::ChunkHead head;
    std::uint64_t at = 0;  // of its head in the file
  };
  struct OpenPeriod {
    std::uint64_t sequence = 0;
    Instant end;
    std::string record;
  };
  struct OfGrid {
    std::vector<Chunk> chunks;              // by start
    std::map<Instant, OpenPeriod> periods;  // by start; before what a chunk says
  };

  CoverageReader(std::string directory) : directory_(std::move(directory)) {}
  Result<void> ReadOpen(const File& file);
  Result<void> ReadSealed();
  Result<coverage_archive::ChunkIndex> IndexOf(const Chunk& chunk) const;
  Result<std::string> BlockOf(const Chunk& chunk, const coverage_archive::ChunkIndex& index,
                              std::uint32_t block) const;
  Result<std::string> Unpack(std::uint64_t at, std::uint32_t packed, std::uint32_t size,
                             std::uint32_t crc) const;
  // Of the chunk's periods that are asked for and were not amended since.
  Result<void> EachOfChunk(std::size_t grid, const Chunk& chunk, Instant from, Instant until,
                           const Take& take) const;

  const std::string directory_;
  std::unique_ptr<File> sealed_;
  std::vector<GridView> grids_;
  std::vector<OfGrid> of_grid_;
  std::map<std::uint64_t, std::size_t> number_of_;
  std::map<std::uint64_t, std::map<Instant, OpenPeriod>> open_;  // until their grids are known
};

}  // namespace trucewatch
