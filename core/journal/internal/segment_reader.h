// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/bus/log.h"
#include "core/journal/internal/segment_format.h"
#include "core/storage/storage.h"

namespace trucewatch::journal {

// Reads records back and checks each of them; keeps a few segment files open.
// Errors: kCheckFailed with file and byte when what is stored is not what was acknowledged.
// Threads: thread-safe.
class SegmentReader {
 public:
  SegmentReader(Storage& storage, std::string directory);

  // Appends the records of the rows to `out`. The rows follow one another in the index.
  Result<void> Read(std::span<const Row> rows, std::vector<LogRecord>& out);
  // That the segment is there, begins rightly and holds the bytes before `end`.
  Result<void> CheckSegment(const Row& first, std::uint64_t end);
  // Closes the segment's file, which is going away.
  void Forget(std::uint64_t segment);

 private:
  // shared_ptr: a reader may still use a file that another one pushes out of the list.
  using SharedFile = std::shared_ptr<const File>;
  Result<SharedFile> FileOf(const Row& row);
  Result<void> ReadRun(std::span<const Row> rows, std::vector<LogRecord>& out);
  std::string PathOf(std::uint64_t segment) const;

  Storage& storage_;
  const std::string directory_;
  std::mutex mutex_;
  std::list<std::pair<std::uint64_t, SharedFile>> open_;  // newest use first
};

}  // namespace trucewatch::journal
