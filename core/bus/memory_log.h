// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "core/bus/log.h"

namespace trucewatch {

// A numbered log that lives as long as the object. For tests.
// Threads: thread-safe.
class MemoryLog final : public LogReader, public LogWriter {
 public:
  Result<LogBatch> ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) override;
  Result<void> Append(const std::vector<NewRecord>& records) override;
  std::uint64_t last() const override;
  Result<void> Close() override;

 private:
  mutable std::mutex mutex_;
  std::condition_variable grown_;
  std::vector<LogRecord> records_;
  bool closed_ = false;
};

}  // namespace trucewatch
