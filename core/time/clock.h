// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "core/time/instant.h"

namespace trucewatch {

// Where time comes from. Passed in, so that tests and replays own it; a brain never sees one.
// Threads: Now() and SleepFor() may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant Now() const = 0;
  virtual void SleepFor(Duration duration) = 0;
};

// The machine's clock.
class SystemClock final : public Clock {
 public:
  Instant Now() const override;
  void SleepFor(Duration duration) override;
};

// A clock that moves only when told; sleeping moves it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start) : micros_(start.micros()) {}
  Instant Now() const override { return Instant::FromMicros(micros_.load()); }
  void SleepFor(Duration duration) override { micros_ += duration.micros(); }

 private:
  std::atomic<std::int64_t> micros_;
};

}  // namespace trucewatch
