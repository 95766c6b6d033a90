// SPDX-License-Identifier: Apache-2.0
#include "core/time/instant.h"

#include <chrono>
#include <cmath>

namespace trucewatch {
namespace {

constexpr std::int64_t kMicrosPerDay = 86'400'000'000;

// Reads `digits` decimal digits at `pos`; -1 if there are none.
int ReadDigits(std::string_view text, std::size_t pos, std::size_t digits) {
  if (pos + digits > text.size()) return -1;
  int value = 0;
  for (std::size_t i = pos; i < pos + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

Duration Duration::FromSeconds(double seconds) {
  return Duration::Micros(static_cast<std::int64_t>(std::llround(seconds * 1e6)));
}

std::string FormatUtc(Instant instant) {
  std::int64_t days = instant.micros() / kMicrosPerDay;
  std::int64_t in_day = instant.micros() % kMicrosPerDay;
  if (in_day < 0) {
    in_day += kMicrosPerDay;
    --days;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  const std::int64_t seconds = in_day / 1'000'000;
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  seconds / 3600, seconds / 60 % 60, seconds % 60);
  const std::int64_t fraction = in_day % 1'000'000;
  if (fraction != 0) out += fmt::format(".{:06}", fraction);
  return out + "Z";
}

Result<Instant> UtcMidnight(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 1 || year > 9999 || month < 1 || day < 1 || !date.ok()) {
    return Fail(ErrorCode::kBadInput, "{:04}-{:02}-{:02} is not a date", year, month, day);
  }
  return Instant::FromMicros(std::chrono::sys_days{date}.time_since_epoch().count() *
                             kMicrosPerDay);
}

Result<Instant> ParseUtc(std::string_view text) {
  const auto fail = [&] {
    return Fail(ErrorCode::kBadInput, "'{}' is not a UTC time: expected 2026-03-01T21:00:00Z",
                text);
  };
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text.back() != 'Z') {
    return fail();
  }
  const int hour = ReadDigits(text, 11, 2);
  const int minute = ReadDigits(text, 14, 2);
  const int second = ReadDigits(text, 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return fail();
  std::int64_t micros = 0;
  if (text.size() > 20) {
    const std::size_t digits = text.size() - 21;
    if (text[19] != '.' || digits < 1 || digits > 6) return fail();
    micros = ReadDigits(text, 20, digits);
    if (micros < 0) return fail();
    for (std::size_t i = digits; i < 6; ++i) micros *= 10;
  }
  const auto midnight =
      UtcMidnight(ReadDigits(text, 0, 4), ReadDigits(text, 5, 2), ReadDigits(text, 8, 2));
  if (!midnight) return fail();
  return *midnight + Duration::Seconds(hour * 3600 + minute * 60 + second) +
         Duration::Micros(micros);
}

}  // namespace trucewatch
