// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace trucewatch {

// A span of time, whole microseconds.
class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration Micros(std::int64_t us) { return Duration(us); }
  static constexpr Duration Millis(std::int64_t ms) { return Duration(ms * 1000); }
  static constexpr Duration Seconds(std::int64_t s) { return Duration(s * 1'000'000); }
  // Nearest microsecond.
  static Duration FromSeconds(double seconds);

  constexpr std::int64_t micros() const { return micros_; }
  constexpr double seconds() const { return static_cast<double>(micros_) / 1e6; }

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator-() const { return Duration(-micros_); }
  friend constexpr Duration operator+(Duration a, Duration b) {
    return Duration(a.micros_ + b.micros_);
  }
  friend constexpr Duration operator-(Duration a, Duration b) {
    return Duration(a.micros_ - b.micros_);
  }
  friend constexpr Duration operator*(Duration a, std::int64_t k) {
    return Duration(a.micros_ * k);
  }
  friend constexpr Duration operator/(Duration a, std::int64_t k) {
    return Duration(a.micros_ / k);
  }

 private:
  explicit constexpr Duration(std::int64_t us) : micros_(us) {}
  std::int64_t micros_ = 0;
};

// A point in time: microseconds since 1970-01-01T00:00:00 UTC, POSIX count (no leap seconds).
class Instant {
 public:
  constexpr Instant() = default;
  static constexpr Instant FromMicros(std::int64_t us) { return Instant(us); }

  constexpr std::int64_t micros() const { return micros_; }

  constexpr auto operator<=>(const Instant&) const = default;
  friend constexpr Instant operator+(Instant t, Duration d) {
    return Instant(t.micros_ + d.micros());
  }
  friend constexpr Instant operator-(Instant t, Duration d) {
    return Instant(t.micros_ - d.micros());
  }
  friend constexpr Duration operator-(Instant a, Instant b) {
    return Duration::Micros(a.micros_ - b.micros_);
  }

 private:
  explicit constexpr Instant(std::int64_t us) : micros_(us) {}
  std::int64_t micros_ = 0;
};

// "2026-03-01T21:00:00.000000Z"; the fraction is left out when it is zero. Proleptic Gregorian.
std::string FormatUtc(Instant instant);

// Reads what FormatUtc writes: a date, 'T', a time with up to six decimals, 'Z'.
Result<Instant> ParseUtc(std::string_view text);

// UTC midnight that starts the given day. Fails on an impossible date.
Result<Instant> UtcMidnight(int year, int month, int day);

}  // namespace trucewatch
