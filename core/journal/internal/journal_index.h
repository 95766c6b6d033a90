// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/journal/internal/segment_format.h"

struct sqlite3;

namespace trucewatch::journal {

// Which records are acknowledged and where they lie: an SQLite database (WAL, synchronous=FULL).
// One connection reads, writes and checkpoints; it holds the file exclusively, which also avoids
// the WAL-reset bug of SQLite 3.7.0 to 3.51.2 (RELIABILITY.md 2.D). Threads: one caller at a time.
// After an error of Commit or SetClosed nothing is known: open again.
class JournalIndex {
 public:
  // Fails with kUnavailable when another journal has it open, with kCheckFailed when it is damaged.
  static Result<std::unique_ptr<JournalIndex>> Open(const std::string& path);
  ~JournalIndex();
  JournalIndex(const JournalIndex&) = delete;
  JournalIndex& operator=(const JournalIndex&) = delete;

  bool created() const { return created_; }  // there was none before
  Result<std::vector<Row>> Load() const;     // by sequence
  Result<bool> closed() const;
  // Both are durable when they return.
  Result<void> Commit(std::span<const Row> rows);
  Result<void> SetClosed();
  // Segments that retention took away, by number. The first mark makes the index format 2.
  Result<std::vector<TrimmedSegment>> LoadTrimmed() const;
  Result<void> MarkTrimmed(const TrimmedSegment& trimmed);  // durable when it returns

 private:
  explicit JournalIndex(std::string path) : path_(std::move(path)) {}
  Result<void> Configure();
  Result<void> CreateTables();
  Result<void> Execute(const char* sql) const;
  // First column of the first row as text.
  Result<std::string> Query(const std::string& sql) const;
  tl::unexpected<Error> FailWith(const char* what, int status) const;

  const std::string path_;
  sqlite3* database_ = nullptr;
  bool created_ = false;
  bool has_trimmed_ = false;  // format 2
};

}  // namespace trucewatch::journal
