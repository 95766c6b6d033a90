// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
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
struct TrimmedSegment;
}  // namespace journal

// What retention may take away as a whole.
struct SegmentInfo {
  std::uint64_t first = 0, last = 0;   // sequences of its records
  std::uint64_t bytes = 0;             // of the file, as far as records are acknowledged
  bool trimmable = false;              // not the newest segment, which is written to
  std::optional<std::string> trimmed;  // taken away: when and by which rule, in words
};

// A numbered log on disk: payloads in append-only segment files, which are synced before their rows
// are committed to an SQLite index. A record is acknowledged when it has a row; whatever else a
// crash leaves behind was never acknowledged and is cut off at Open. Every record read is checked
// against its checksum. The index lies on the real file system (folder/index.sqlite) whatever the
// Storage is. Errors: kUnavailable when another process has it open; kCheckFailed, naming segment
// file and byte, when an
//   acknowledged record is missing or damaged. A failed Append leaves the log as it was, or, after
//   a failed sync or index commit, refuses everything until it is opened again (RELIABILITY.md 2.D,
//   rule 1). A read that comes to a trimmed record fails with kNotFound and says when and by which
//   rule it went.
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
  // Reads and checks every record that is there.
  Result<void> Verify() const;

  std::vector<SegmentInfo> Segments() const;  // oldest first, those that were trimmed too
  // Takes a segment away, for good: the mark is durable first, then the file goes (at the next Open
  // when the process dies between). Its records keep their sequences. A second time changes
  // nothing. Fails with kBadInput when no trimmable segment begins at `first`.
  Result<void> Trim(std::uint64_t first, const std::string& note);
  // The sequence to read after, for a reader that passes over what was trimmed: `after`, or the
  // last one of the trimmed records that follow it.
  std::uint64_t PassTrimmed(std::uint64_t after) const;

 private:
  Journal();
  Result<void> Recover(const JournalOptions& options);
  Result<std::vector<journal::Row>> WriteSegments(const std::vector<NewRecord>& records);
  Result<void> VerifyRows(std::size_t first, std::size_t end) const;
  Result<void> Usable() const;
  Result<void> RecoverTrimmed();
  // Of the trimmed segment that has this record; null: none has. Under mutex_.
  const journal::TrimmedSegment* TrimmedAt(std::uint64_t sequence) const;
  tl::unexpected<Error> FailTrimmed(const journal::TrimmedSegment& trimmed) const;

  Storage* storage_ = nullptr;
  std::string directory_;
  std::mutex append_mutex_;  // held by Append and Close; taken before mutex_
  bool broken_ = false;      // by append_mutex_: nothing is known, open again
  std::unique_ptr<journal::JournalIndex> index_;
  std::unique_ptr<journal::SegmentWriter> writer_;
  std::unique_ptr<journal::SegmentReader> reader_;

  mutable std::mutex mutex_;
  std::condition_variable grown_;
  std::vector<journal::Row> rows_;                            // row i has sequence i + 1
  std::map<std::uint64_t, journal::TrimmedSegment> trimmed_;  // by first sequence
  bool closed_ = false;
};

// A journal as it is left: what was trimmed is passed over. The journal outlives it.
class PresentRecords final : public LogReader {
 public:
  explicit PresentRecords(Journal& journal) : journal_(journal) {}
  Result<LogBatch> ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) override {
    return journal_.ReadAfter(journal_.PassTrimmed(after), max_bytes, wait);
  }

 private:
  Journal& journal_;
};

}  // namespace trucewatch
