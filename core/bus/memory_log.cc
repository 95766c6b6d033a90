// SPDX-License-Identifier: Apache-2.0
#include "core/bus/memory_log.h"

#include <chrono>

namespace trucewatch {

Result<LogBatch> MemoryLog::ReadAfter(std::uint64_t after, std::uint64_t max_bytes, Duration wait) {
  std::unique_lock lock(mutex_);
  if (after > records_.size()) return FailBeyondEnd("memory log", after, records_.size());
  grown_.wait_for(lock, std::chrono::microseconds(wait.micros()),
                  [&] { return records_.size() > after || closed_; });
  LogBatch batch{.records = {}, .last = records_.size(), .closed = closed_};
  std::uint64_t bytes = 0;
  for (std::size_t i = after; i < records_.size() && max_bytes > 0; ++i) {
    bytes += records_[i].payload.size() + kRecordOverheadBytes;
    if (!batch.records.empty() && bytes > max_bytes) break;
    batch.records.push_back(records_[i]);
  }
  return batch;
}

Result<void> MemoryLog::Append(const std::vector<NewRecord>& records) {
  TW_RETURN_IF_ERROR(CheckRecordSizes(records));
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Fail(ErrorCode::kCheckFailed, "the log is closed");
    for (const NewRecord& record : records) {
      records_.push_back({records_.size() + 1, record.origin, record.payload});
    }
  }
  grown_.notify_all();
  return {};
}

std::uint64_t MemoryLog::last() const {
  const std::lock_guard lock(mutex_);
  return records_.size();
}

Result<void> MemoryLog::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  grown_.notify_all();
  return {};
}

}  // namespace trucewatch
