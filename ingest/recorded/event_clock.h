// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/time/instant.h"

namespace trucewatch {

// Receive times of a recording, from the event times inside it: never falling, and not thrown off
// by one damaged time stamp. A step of more than kMaxStep forward counts only when the next reading
// confirms it.
class EventClock {
 public:
  static constexpr Duration kMaxStep = Duration::Seconds(600);

  void Read(Instant time) {
    if (now_ && time > *now_ + kMaxStep) {
      const bool confirmed =
          doubtful_ && time <= *doubtful_ + kMaxStep && *doubtful_ <= time + kMaxStep;
      doubtful_ = time;
      if (!confirmed) return;
    }
    doubtful_.reset();
    if (!now_ || time > *now_) now_ = time;
  }
  // The newest time; nothing before the first reading.
  std::optional<Instant> now() const { return now_; }

 private:
  std::optional<Instant> now_;
  std::optional<Instant> doubtful_;
};

}  // namespace trucewatch
