// SPDX-License-Identifier: Apache-2.0
#include "ingest/recorded/event_clock.h"

#include <gtest/gtest.h>

namespace trucewatch {
namespace {

Instant At(std::int64_t seconds) { return Instant::FromMicros(seconds * 1'000'000); }

TEST(EventClock, NeverFalls) {
  EventClock clock;
  EXPECT_FALSE(clock.now().has_value());
  clock.Read(At(100));
  clock.Read(At(90));
  EXPECT_EQ(clock.now(), At(100));
  clock.Read(At(101));
  EXPECT_EQ(clock.now(), At(101));
}

TEST(EventClock, OneDamagedTimeDoesNotThrowItOff) {
  EventClock clock;
  clock.Read(At(100));
  clock.Read(At(2'000'000));
  EXPECT_EQ(clock.now(), At(100));
  clock.Read(At(102));
  EXPECT_EQ(clock.now(), At(102));
  clock.Read(At(2'000'000));  // alone again: the one before does not confirm it
  EXPECT_EQ(clock.now(), At(102));
}

TEST(EventClock, TwoReadingsThatAgreeAreAGapInTheRecording) {
  EventClock clock;
  clock.Read(At(100));
  clock.Read(At(5000));
  clock.Read(At(5002));
  EXPECT_EQ(clock.now(), At(5002));
}

}  // namespace
}  // namespace trucewatch
