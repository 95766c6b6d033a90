// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/bus/log.h"
#include "core/storage/storage.h"

namespace trucewatch {

struct JournalOptions {
  std::uint64_t segment_bytes = 64 << 20;  // a segment file is finished when it would pass this
  bool verify_all =
      false;  // read and check every record at Open, not only those of the last segment
};

namespace journal {
class JournalIndex;
class SegmentReader;
class SegmentWriter;
struct Row;
}  // namespace journal

// A numbered log on disk: payloads in append-only segment files, which are synced before their rows
// are committed to an SQLite index. A record is acknowledged when it has a row; whatever else a
// crash leaves behind was never acknowledged and is cut off at Open. Every record read is checked
// against its checksum. The index lies on the real file system (folder/index.sqlite) whatever the
// Storage is. Errors: kUnavailable when another process has it open; kCheckFailed, naming segment
// file and byte, when an
//   acknowledged record is missing or damaged. A failed Append leaves the log as it was, or, after
//   a failed sync or index commit, refuses everything until it is opened again (RELIABILITY.md 2.D,
//   rule 1).
// Threads: thread-safe; one appends while others read.
// Cost: each Append call syncs twice (segment and index), so append in groups. 40 bytes of memory a
// record.
class Journal final : public LogReader, public LogWriter {
 public:
  // Opens or makes the journal in `directory`. `storage` outlives it.
  static Result<std::unique_ptr<Journal>> Open(Storage& storage, const std::string& directory,
                                               const JournalOptions& options = {});
  ~Journal() override;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  Result<LogBatch> ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) override;
  Result<void> Append(const std::vector<NewRecord>& records) override;
  std::uint64_t last() const override;
  Result<void> Close() override;

  bool closed() const;
  // Reads and checks every record.
  Result<void> Verify() const;

 private:
  Journal();
  Result<void> Recover(const JournalOptions& options);
  Result<std::vector<journal::Row>> WriteSegments(const std::vector<NewRecord>& records);
  Result<void> VerifyRows(std::size_t first, std::size_t end) const;
  Result<void> Usable() const;

  std::string directory_;
  std::mutex append_mutex_;  // held by Append and Close; taken before mutex_
  bool broken_ = false;      // by append_mutex_: nothing is known, open again
  std::unique_ptr<journal::JournalIndex> index_;
  std::unique_ptr<journal::SegmentWriter> writer_;
  std::unique_ptr<journal::SegmentReader> reader_;

  mutable std::mutex mutex_;
  std::condition_variable grown_;
  std::vector<journal::Row> rows_;  // row i has sequence i + 1
  bool closed_ = false;
};

}  // namespace trucewatch
