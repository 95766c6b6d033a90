// SPDX-License-Identifier: Apache-2.0
#include "ingest/clock_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace trucewatch {
namespace {

// Further apart than this is no offset but another day: such a time is measured as this much.
constexpr Duration kMost = Duration::Seconds(366LL * 86'400);

constexpr Duration kFits = Duration::Millis(10);

std::string Words(Duration offset) {
  const bool ahead = offset < Duration();
  return fmt::format("{:.3f} s {}", (ahead ? -offset : offset).seconds(),
                     ahead ? "ahead of" : "behind");
}

}  // namespace

std::optional<Duration> ClockWatch::offset() const {
  if (offsets_us_.size() < kEnough) return std::nullopt;
  std::vector<std::int64_t> sorted(offsets_us_.begin(), offsets_us_.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return Duration::Micros(*middle);
}

std::optional<double> ClockWatch::drift_s_per_h() const {
  const auto now = offset();
  if (!now || !first_ || last_at_ - first_at_ < kDriftAfter) return std::nullopt;
  return (*now - *first_).seconds() / (last_at_ - first_at_).seconds() * 3600.0;
}

std::optional<std::string> ClockWatch::Add(Instant sensor, Instant received) {
  // Any 64 bits may be a sensor's time: no overflow.
  constexpr std::int64_t kFar = std::int64_t{1} << 60;
  const std::int64_t difference =
      std::clamp(received.micros(), -kFar, kFar) - std::clamp(sensor.micros(), -kFar, kFar);
  offsets_us_.push_back(std::clamp(difference, -kMost.micros(), kMost.micros()));
  if (offsets_us_.size() > kWindow) offsets_us_.pop_front();
  last_at_ = received;
  const auto median = offset();
  if (!median) return std::nullopt;
  if (!first_) {
    first_ = median;
    first_at_ = received;
  }
  const Duration size = *median < Duration() ? -*median : *median;
  const bool out = trusted_ && size > bound_;
  const bool back = !trusted_ && size.micros() <= bound_.micros() / 10 * 9;
  if (!out && !back) return std::nullopt;
  trusted_ = back;
  return fmt::format("the sensor's time is {} the station's (median of {}), the bound is {:g} s",
                     Words(*median), offsets_us_.size(), bound_.seconds());
}

std::string ClockWatch::Account() const {
  const auto median = offset();
  // A recording is timed by itself: a clock that fits needs no word.
  if (!median || (*median < kFits && -*median < kFits)) return {};
  std::string text = fmt::format("clock {:.3f} s {} (median)", std::abs(median->seconds()),
                                 *median < Duration() ? "ahead" : "behind");
  if (const auto drift = drift_s_per_h()) text += fmt::format(", drift {:+.3f} s/h", *drift);
  return text;
}

}  // namespace trucewatch
