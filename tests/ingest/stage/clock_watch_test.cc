// SPDX-License-Identifier: Apache-2.0
#include "ingest/clock_watch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace trucewatch {
namespace {

Instant At(double seconds) {
  return Instant::FromMicros(1'700'000'000'000'000) + Duration::FromSeconds(seconds);
}

TEST(ClockWatch, LatencyIsNormalAndSaysNothing) {
  std::mt19937_64 random(3);
  ClockWatch clock(Duration::Seconds(2));
  for (int t = 0; t < 1000; ++t) {
    const double latency = 0.1 + 1.5 * static_cast<double>(random() % 1000) / 1000.0;
    EXPECT_EQ(clock.Add(At(t), At(t + latency)), std::nullopt);
  }
  EXPECT_TRUE(clock.trusted());
  EXPECT_NEAR(clock.offset()->seconds(), 0.85, 0.4);
}

TEST(ClockWatch, AWrongClockIsSaidOnceEitherWayAndItsReturnToo) {
  for (const double off : {7.25, -7.25}) {
    ClockWatch clock(Duration::Seconds(2));
    int t = 0;
    for (; t < 40; ++t) ASSERT_EQ(clock.Add(At(t), At(t + 0.2)), std::nullopt);
    std::vector<std::string> said;
    for (; t < 200; ++t) {
      if (auto one = clock.Add(At(t), At(t + off))) said.push_back(*one);
    }
    EXPECT_FALSE(clock.trusted());
    for (; t < 300; ++t) {
      if (auto one = clock.Add(At(t), At(t + 0.2))) said.push_back(*one);
    }
    EXPECT_TRUE(clock.trusted());
    ASSERT_EQ(said.size(), 2U);
    EXPECT_EQ(said[0], off > 0 ? "the sensor's time is 7.250 s behind the "
                                 "station's (median of 31), the bound is 2 s"
                               : "the sensor's time is 7.250 s ahead of the "
                                 "station's (median of 31), the bound is 2 s");
    EXPECT_EQ(said[1],
              "the sensor's time is 0.200 s behind the station's (median of "
              "31), the bound is 2 s");
  }
}

TEST(ClockWatch, SingleWrongTimesChangeNothing) {
  ClockWatch clock(Duration::Seconds(2));
  for (int t = 0; t < 500; ++t) {
    const double wrong = t % 3 == 0 ? 1e6 : 0.0;
    EXPECT_EQ(clock.Add(At(t - wrong), At(t + 0.3)), std::nullopt);
  }
  EXPECT_EQ(clock.offset(), Duration::Millis(300));
}

TEST(ClockWatch, ADriftIsMeasured) {
  ClockWatch clock(Duration::Seconds(2));
  for (int t = 0; t < 3600; ++t) clock.Add(At(t), At(t + 0.2 + t * 1e-4));
  ASSERT_TRUE(clock.drift_s_per_h().has_value());
  EXPECT_NEAR(*clock.drift_s_per_h(), 0.36, 0.01);
  EXPECT_EQ(clock.Account(), fmt::format("clock 0.558 s behind (median), drift {:+.3f} s/h",
                                         *clock.drift_s_per_h()));
}

TEST(ClockWatch, TimesOfAnyKindAreMeasured) {
  ClockWatch clock(Duration::Seconds(2));
  for (int i = 0; i < 10; ++i) {
    clock.Add(Instant::FromMicros(std::numeric_limits<std::int64_t>::min()),
              Instant::FromMicros(std::numeric_limits<std::int64_t>::max()));
    clock.Add(Instant::FromMicros(std::numeric_limits<std::int64_t>::max()), At(0));
  }
  EXPECT_FALSE(clock.trusted());
}

}  // namespace
}  // namespace trucewatch
