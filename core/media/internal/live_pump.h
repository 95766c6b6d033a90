// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "core/base/result.h"
#include "core/media/live_ts.h"

namespace trucewatch::internal {

// A thread that reads, and a bounded queue of bytes between it and whoever asks. FFmpeg's reads
// cannot be broken off and taken up again in the middle of a packet, so they run here and are
// broken off only for good.
class LivePump {
 public:
  LivePump() = default;
  ~LivePump() { Stop(); }
  LivePump(const LivePump&) = delete;
  LivePump& operator=(const LivePump&) = delete;

  // Runs `work` on the inner thread. It calls Opened once it is connected, Put with what it reads,
  // and returns why it ended.
  void Start(std::function<Error()> work);
  // False when `work` is neither connected nor over within `wait`.
  bool WaitUntilOpened(Duration wait);
  // Nothing when no bytes came within `wait`; the work's Error once all bytes before it are taken.
  Result<std::optional<std::string>> Take(Duration wait);
  std::string note();
  // The work is broken off, at its next call of stopped().
  void Stop();

  // ---- for the work ----
  void Opened();
  // Waits while the queue is full, so that the sender is held back (TCP) or loses by its own rules
  // (SRT). False when stopped.
  bool Put(std::string_view bytes);
  void Note(std::string text);
  bool stopped() const { return stopped_; }
  // As FFmpeg's interrupt callback, with the pump as its `opaque`.
  static int Interrupted(void* pump);

  static constexpr std::size_t kMaxQueued = 16 << 20;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> queue_;  // pieces of at most LiveTs::kMaxBytes
  std::size_t queued_bytes_ = 0;
  std::string note_;
  bool opened_ = false;
  std::optional<Error> ended_;
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

}  // namespace trucewatch::internal
