// SPDX-License-Identifier: Apache-2.0
#include "core/time/leap_seconds.h"

#include <gtest/gtest.h>

namespace trucewatch {
namespace {

// Steps of IERS Bulletin C: the offset holds from the instant on, and not a microsecond before.
TEST(LeapSeconds, OffsetChangesAtTheExactInstant) {
  const std::pair<const char*, int> steps[] = {
      {"1972-07-01T00:00:00Z", 11}, {"1999-01-01T00:00:00Z", 32}, {"2006-01-01T00:00:00Z", 33},
      {"2012-07-01T00:00:00Z", 35}, {"2015-07-01T00:00:00Z", 36}, {"2017-01-01T00:00:00Z", 37}};
  for (const auto& [text, offset] : steps) {
    const Instant at = *ParseUtc(text);
    EXPECT_EQ(TaiMinusUtcSeconds(at), offset) << text;
    EXPECT_EQ(TaiMinusUtcSeconds(at - Duration::Micros(1)), offset - 1) << text;
  }
  EXPECT_EQ(TaiMinusUtcSeconds(*ParseUtc("2026-11-22T00:00:00Z")), 37);
}

TEST(LeapSeconds, MispRunsTwentyNineSecondsAheadSince2017) {
  const Instant utc = *ParseUtc("2026-03-01T21:00:00Z");
  EXPECT_EQ(UtcFromMisp(utc.micros() + 29'000'000), utc);
  const Instant earlier = *ParseUtc("2016-06-01T00:00:00Z");
  EXPECT_EQ(UtcFromMisp(earlier.micros() + 28'000'000), earlier);
}

}  // namespace
}  // namespace trucewatch
