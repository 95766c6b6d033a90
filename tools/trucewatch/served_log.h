// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "core/bus/log.h"

namespace trucewatch::tools {

// A log as it is served to another process, which remembers whether its end has been read: a
// process that leaves before that would take the rest of its log with it. Threads: any.
class ServedReader final : public LogReader {
 public:
  explicit ServedReader(LogReader& log) : log_(log) {}

  Result<LogBatch> ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) override {
    auto batch = log_.ReadAfter(after, max_bytes, wait);
    // max_bytes 0 is the server's own wait for growth, not a consumer's question.
    if (batch && batch->closed && max_bytes > 0 &&
        (batch->records.empty() ? after : batch->records.back().sequence) == batch->last) {
      const std::lock_guard lock(mutex_);
      end_read_ = std::chrono::steady_clock::now();
    }
    return batch;
  }

  // Whether the end has been given away and nobody has asked for it again during `quiet`.
  bool EndWasRead(Duration quiet) const {
    const std::lock_guard lock(mutex_);
    return end_read_ && std::chrono::steady_clock::now() - *end_read_ >
                            std::chrono::microseconds(quiet.micros());
  }

 private:
  LogReader& log_;
  mutable std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> end_read_;
};

}  // namespace trucewatch::tools
