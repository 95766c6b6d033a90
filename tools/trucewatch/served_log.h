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
    if (batch && max_bytes > 0) {
      const std::lock_guard lock(mutex_);
      asked_ = true;
      if (!batch->records.empty()) given_ = std::chrono::steady_clock::now();
    }
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
    return end_read_ && OlderThan(*end_read_, quiet);
  }

  // Whether anybody has asked at all.
  bool WasAsked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  // Whether somebody has read the end, and nobody has been given a record during `quiet`. For logs
  // with several readers, some of which go on asking at the end.
  bool AllSeemToHaveRead(Duration quiet) const {
    const std::lock_guard lock(mutex_);
    return end_read_ && (!given_ || OlderThan(*given_, quiet));
  }

 private:
  using Time = std::chrono::steady_clock::time_point;
  static bool OlderThan(Time time, Duration age) {
    return std::chrono::steady_clock::now() - time > std::chrono::microseconds(age.micros());
  }

  LogReader& log_;
  mutable std::mutex mutex_;
  bool asked_ = false;
  std::optional<Time> given_;
  std::optional<Time> end_read_;
};

}  // namespace trucewatch::tools
