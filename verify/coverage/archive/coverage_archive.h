// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"
#include "core/storage/storage.h"
#include "core/time/instant.h"

namespace trucewatch {

// Writes the coverage account by cell into a folder, from the records of verify's log. What is
// there twice counts once: a record is known by its sequence, a period by its grid and start, and
// of a period the newest record holds. Periods first lie in the file `open`; when all of a span of
// six hours have come and are past being amended they become a chunk in the file `sealed`, which is
// only ever appended to. Whenever the process is killed the archive is what it was after some
// record, and last() says which: it goes on from there. Nothing in it is the only copy: without the
// folder it is made again from verify's log. Format: docs/formats/coverage.md.
// Threads: thread-compatible; others may read the folder meanwhile (coverage_reader.h).
class CoverageArchive {
 public:
  // Opens or makes it; cuts off what a crash left unfinished. kCheckFailed, naming file and byte,
  // when something before the end is damaged. `storage` outlives it.
  static Result<std::unique_ptr<CoverageArchive>> Open(Storage& storage,
                                                       const std::string& directory);

  // Everything up to this record of verify's log is in it and durable; 0: nothing.
  std::uint64_t last() const { return durable_; }
  // A record of verify's log; what says nothing of cells, and what it has, is passed over.
  // kBadInput when it is damaged or of a grid that was never described.
  Result<void> Add(std::uint64_t sequence, std::string_view payload);
  // Makes durable what was added, and chunks of what has come in whole.
  Result<void> Sync();

 private:
  struct OpenPeriod {
    std::uint64_t sequence = 0;
    Instant end;
    std::string record;
  };
  struct Grid {
    std::map<Instant, OpenPeriod> periods;         // by start; not in a chunk, or amended since
    std::map<std::int64_t, std::uint64_t> chunks;  // sealed ones, by number: newest sequence
    std::uint32_t cells = 0;                       // 0: no period was seen yet
  };

  CoverageArchive(Storage& storage, std::string directory)
      : storage_(storage), directory_(std::move(directory)) {}
  std::string PathOf(std::string_view name) const;
  Result<void> Recover();
  Result<void> RecoverSealed();
  Result<void> RecoverOpen();
  Result<void> Take(std::uint64_t sequence, std::uint64_t grid, std::string record);
  // The oldest chunk of a grid that is due and not sealed; nothing: none.
  std::optional<std::int64_t> Due(const Grid& grid) const;
  Result<void> Seal(std::uint64_t number, Grid& grid, std::int64_t chunk);
  Result<void> RewriteOpen();

  Storage& storage_;
  const std::string directory_;
  std::unique_ptr<File> sealed_, open_;
  std::map<std::uint64_t, Grid> grids_;
  std::string to_sealed_, to_open_;  // frames that are not written yet
  Instant newest_start_;             // of a period
  std::uint64_t newest_ = 0, durable_ = 0;
};

}  // namespace trucewatch
