// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/journal/internal/segment_format.h"
#include "core/storage/storage.h"

namespace trucewatch::journal {

// Appends records to the newest segment file and starts a new one when it is full.
// Order of use: Write..., Sync, (index commit), Commit; or RollBack after an error of Write.
// Threads: thread-compatible.
class SegmentWriter {
 public:
  SegmentWriter(Storage& storage, std::string directory, std::uint64_t segment_bytes);

  // Removes everything after the last acknowledged record (null: there is none): records that were
  // never acknowledged, torn ones among them. Call once, first.
  Result<void> Recover(const Row* last);

  Result<Location> Write(std::uint64_t sequence, std::uint64_t origin, std::string_view payload);
  // Gives what was written to the file system, where it may yet find no room.
  Result<void> Flush();
  // Makes durable what was written. An error is final.
  Result<void> Sync();
  // What was written is acknowledged.
  void Commit();
  // Undoes what was written since Commit. Refused after a failed sync. An error is final.
  Result<void> RollBack();

 private:
  Result<void> StartSegment(std::uint64_t first_sequence);
  Result<void> OpenSegment(std::uint64_t first_sequence, std::uint64_t end);
  std::string PathOf(std::uint64_t first_sequence) const;

  Storage& storage_;
  const std::string directory_;
  const std::uint64_t segment_bytes_;
  std::unique_ptr<File> file_;  // null: no segment yet
  std::uint64_t segment_ = 0;
  std::uint64_t end_ = 0;  // of the segment, with the buffer
  std::string buffer_;     // not yet given to the file
  bool in_sync_ = false;   // stays true when a sync fails
  std::uint64_t committed_segment_ = 0;
  std::uint64_t committed_end_ = 0;     // 0: no segment
  std::vector<std::uint64_t> created_;  // segments since Commit
};

}  // namespace trucewatch::journal
