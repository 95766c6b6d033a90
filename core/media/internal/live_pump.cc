// SPDX-License-Identifier: Apache-2.0
#include "core/media/internal/live_pump.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace trucewatch::internal {
namespace {

std::chrono::microseconds Chrono(Duration wait) {
  return std::chrono::microseconds(std::max<std::int64_t>(wait.micros(), 0));
}

}  // namespace

void LivePump::Start(std::function<Error()> work) {
  thread_ = std::thread([this, work = std::move(work)] {
    Error why = work();
    const std::lock_guard lock(mutex_);
    ended_ = std::move(why);
    changed_.notify_all();
  });
}

bool LivePump::WaitUntilOpened(Duration wait) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, Chrono(wait), [&] { return opened_ || ended_.has_value(); });
}

Result<std::optional<std::string>> LivePump::Take(Duration wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, Chrono(wait), [&] { return !queue_.empty() || ended_.has_value(); });
  if (queue_.empty() && ended_) return tl::unexpected<Error>(*ended_);
  if (queue_.empty()) return std::optional<std::string>();
  std::string bytes;
  while (!queue_.empty() && bytes.size() + queue_.front().size() <= LiveTs::kMaxBytes) {
    bytes += queue_.front();
    queue_.pop_front();
  }
  queued_bytes_ -= bytes.size();
  changed_.notify_all();
  return std::optional<std::string>(std::move(bytes));
}

void LivePump::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void LivePump::Opened() {
  const std::lock_guard lock(mutex_);
  opened_ = true;
  changed_.notify_all();
}

bool LivePump::Put(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopped_ || queued_bytes_ < kMaxQueued; });
  if (stopped_) return false;
  queued_bytes_ += bytes.size();
  for (; !bytes.empty(); bytes.remove_prefix(queue_.back().size())) {
    queue_.emplace_back(bytes.substr(0, LiveTs::kMaxBytes));
  }
  changed_.notify_all();
  return true;
}

void LivePump::Note(std::string text) {
  const std::lock_guard lock(mutex_);
  note_ = std::move(text);
}

std::string LivePump::note() {
  const std::lock_guard lock(mutex_);
  return note_;
}

int LivePump::Interrupted(void* pump) { return static_cast<LivePump*>(pump)->stopped() ? 1 : 0; }

}  // namespace trucewatch::internal
