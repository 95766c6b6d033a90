// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "core/journal/internal/journal_index.h"
#include "core/journal/internal/segment_format.h"
#include "core/journal/internal/segment_reader.h"
#include "core/journal/internal/segment_writer.h"

namespace trucewatch {

using journal::Row;

namespace {

// Rows number the records 1, 2, 3 ... and lay them side by side; anything else is not what Append
// wrote.
Result<void> CheckRows(const std::vector<Row>& rows, const std::string& directory) {
  std::uint64_t segment = 0;
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    if (row.location.segment == row.sequence) {
      segment = row.sequence;
      end = journal::kSegmentHeaderBytes;
    }
    if (row.sequence != i + 1 || row.location.segment != segment || row.location.offset != end) {
      return Fail(ErrorCode::kCheckFailed,
                  "{}/index.sqlite: the index is damaged: the row of record {} does not follow on",
                  directory, i + 1);
    }
    end = row.location.end();
  }
  return {};
}

}  // namespace

Journal::Journal() = default;
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::Open(Storage& storage, const std::string& directory,
                                               const JournalOptions& options) {
  TW_RETURN_IF_ERROR(storage.MakeDirectories(directory));
  std::unique_ptr<Journal> journal(new Journal());
  journal->storage_ = &storage;
  journal->directory_ = directory;
  TW_ASSIGN_OR_RETURN(journal->index_, journal::JournalIndex::Open(directory + "/index.sqlite"));
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> names, storage.List(directory));
  const bool has_segments = std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return journal::ParseSegmentName(name).has_value();
  });
  if (journal->index_->created()) {
    // The first segment is made after the index is durable, so this is no crash: the index was
    // lost.
    if (has_segments) {
      return Fail(ErrorCode::kCheckFailed,
                  "{}: segment files without their index.sqlite; put it back, or move them away",
                  directory);
    }
    TW_RETURN_IF_ERROR(storage.SyncDirectory(directory));
  }
  journal->reader_ = std::make_unique<journal::SegmentReader>(storage, directory);
  journal->writer_ =
      std::make_unique<journal::SegmentWriter>(storage, directory, options.segment_bytes);
  TW_RETURN_IF_ERROR(journal->Recover(options));
  return journal;
}

Result<void> Journal::Recover(const JournalOptions& options) {
  TW_ASSIGN_OR_RETURN(rows_, index_->Load());
  TW_ASSIGN_OR_RETURN(closed_, index_->closed());
  TW_RETURN_IF_ERROR(CheckRows(rows_, directory_));
  TW_RETURN_IF_ERROR(RecoverTrimmed());
  std::size_t last_segment = 0;
  for (std::size_t first = 0; first < rows_.size();) {
    last_segment = first;
    std::size_t end = first;
    while (end < rows_.size() && rows_[end].location.segment == rows_[first].location.segment)
      ++end;
    if (!trimmed_.contains(rows_[first].sequence)) {
      TW_RETURN_IF_ERROR(reader_->CheckSegment(rows_[first], rows_[end - 1].location.end()));
    }
    first = end;
  }
  TW_RETURN_IF_ERROR(VerifyRows(options.verify_all ? 0 : last_segment, rows_.size()));
  return writer_->Recover(rows_.empty() ? nullptr : &rows_.back());
}

Result<void> Journal::VerifyRows(std::size_t first, std::size_t end) const {
  constexpr std::uint64_t kChunkBytes = 8 << 20;
  while (first < end) {
    std::vector<Row> rows;
    {
      const std::lock_guard lock(mutex_);
      std::uint64_t bytes = 0;
      while (first < end && bytes < kChunkBytes) {
        if (const auto* trimmed = TrimmedAt(first + 1)) {
          first = trimmed->last;
          continue;
        }
        bytes += rows_[first].location.length + kRecordOverheadBytes;
        rows.push_back(rows_[first++]);
      }
    }
    std::vector<LogRecord> records;
    TW_RETURN_IF_ERROR(reader_->Read(rows, records));
  }
  return {};
}

Result<void> Journal::Verify() const { return VerifyRows(0, last()); }

Result<LogBatch> Journal::ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) {
  LogBatch batch;
  std::vector<Row> rows;
  {
    std::unique_lock lock(mutex_);
    if (after > rows_.size()) return FailBeyondEnd(directory_, after, rows_.size());
    grown_.wait_for(lock, std::chrono::microseconds(wait.micros()),
                    [&] { return rows_.size() > after || closed_; });
    batch.last = rows_.size();
    batch.closed = closed_;
    std::uint64_t bytes = 0;
    if (const auto* gone = TrimmedAt(after + 1); gone != nullptr && max_bytes > 0) {
      return FailTrimmed(*gone);
    }
    for (std::size_t i = after; i < rows_.size() && max_bytes > 0; ++i) {
      if (trimmed_.contains(i + 1)) break;
      bytes += rows_[i].location.length + kRecordOverheadBytes;
      if (!rows.empty() && bytes > max_bytes) break;
      rows.push_back(rows_[i]);
    }
  }
  // Rows never change and segments only grow, so reading needs no lock.
  if (const auto read = reader_->Read(rows, batch.records); !read) {
    // Unless one was trimmed meanwhile.
    const std::lock_guard lock(mutex_);
    for (const Row& row : rows) {
      if (const auto* gone = TrimmedAt(row.sequence)) return FailTrimmed(*gone);
    }
    return tl::unexpected<Error>(read.error());
  }
  return batch;
}

Result<void> Journal::Usable() const {
  if (broken_) {
    return Fail(ErrorCode::kIo, "{}: an earlier write failed; open the journal again", directory_);
  }
  if (closed()) return Fail(ErrorCode::kCheckFailed, "{}: the journal is closed", directory_);
  return {};
}

Result<void> Journal::Append(const std::vector<NewRecord>& records) {
  const std::lock_guard append_lock(append_mutex_);
  TW_RETURN_IF_ERROR(Usable());
  TW_RETURN_IF_ERROR(CheckRecordSizes(records));
  if (records.empty()) return {};
  auto written = WriteSegments(records);
  if (!written) {
    if (!writer_->RollBack()) broken_ = true;
    return tl::unexpected<Error>(written.error());
  }
  // From here an error leaves open what is durable: only opening again tells.
  broken_ = true;
  TW_RETURN_IF_ERROR(writer_->Sync());
  TW_RETURN_IF_ERROR(index_->Commit(*written));
  broken_ = false;
  writer_->Commit();
  {
    const std::lock_guard lock(mutex_);
    rows_.insert(rows_.end(), written->begin(), written->end());
  }
  grown_.notify_all();
  return {};
}

Result<std::vector<Row>> Journal::WriteSegments(const std::vector<NewRecord>& records) {
  std::uint64_t sequence = last();
  std::vector<Row> rows;
  rows.reserve(records.size());
  for (const NewRecord& record : records) {
    ++sequence;
    TW_ASSIGN_OR_RETURN(const journal::Location location,
                        writer_->Write(sequence, record.origin, record.payload));
    rows.push_back({.sequence = sequence, .origin = record.origin, .location = location});
  }
  TW_RETURN_IF_ERROR(writer_->Flush());
  return rows;
}

std::uint64_t Journal::last() const {
  const std::lock_guard lock(mutex_);
  return rows_.size();
}

bool Journal::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

Result<void> Journal::Close() {
  const std::lock_guard append_lock(append_mutex_);
  if (closed()) return {};
  TW_RETURN_IF_ERROR(Usable());
  broken_ = true;
  TW_RETURN_IF_ERROR(index_->SetClosed());
  broken_ = false;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  grown_.notify_all();
  return {};
}

}  // namespace trucewatch
