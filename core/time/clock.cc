// SPDX-License-Identifier: Apache-2.0
#include "core/time/clock.h"

#include <chrono>
#include <thread>

namespace trucewatch {

Instant SystemClock::Now() const {
  return Instant::FromMicros(std::chrono::duration_cast<std::chrono::microseconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count());
}

void SystemClock::SleepFor(Duration duration) {
  std::this_thread::sleep_for(std::chrono::microseconds(duration.micros()));
}

}  // namespace trucewatch
