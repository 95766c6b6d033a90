// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "core/time/instant.h"

namespace trucewatch {

// Holds a sensor's own time against the receive time of what it sent. The offset is receive time -
// sensor's time: what is under way makes it positive, so that a small one is normal; a clock that
// is ahead makes it negative. Of the last kWindow offsets the median counts, so that single wrong
// times change nothing; the drift is the change of that median since the first one, over the time
// between. Determinism: a function of what was added; nothing but whole microseconds.
class ClockWatch {
 public:
  explicit ClockWatch(Duration bound) : bound_(bound) {}

  // Why, whenever what is to be thought of the clock has changed: it is no longer trusted() when
  // the median passes the bound, and is again when the median is back within nine tenths of it.
  std::optional<std::string> Add(Instant sensor, Instant received);

  bool trusted() const { return trusted_; }
  // Nothing before kEnough times.
  std::optional<Duration> offset() const;
  // Seconds that the offset grows in an hour; nothing before kDriftAfter.
  std::optional<double> drift_s_per_h() const;
  // For the account of the source: "clock 0.310 s behind (median), drift +0.020 s/h"; may be empty.
  std::string Account() const;

  static constexpr std::size_t kWindow = 31;
  static constexpr std::size_t kEnough = 11;
  static constexpr Duration kDriftAfter = Duration::Seconds(60);

 private:
  Duration bound_;
  std::deque<std::int64_t> offsets_us_;
  std::optional<Duration> first_;  // median, when it was first known
  Instant first_at_;
  Instant last_at_;
  bool trusted_ = true;
};

}  // namespace trucewatch
