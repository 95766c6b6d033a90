// SPDX-License-Identifier: Apache-2.0
#include "fusion/hold_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace trucewatch {
namespace {

Instant HeldAt(double s) { return Instant::FromMicros(Duration::FromSeconds(s).micros()); }

HeldMeasurement Of(const std::string& source, double s, const std::string& payload = "x") {
  return {.time = HeldAt(s), .source = {source}, .index = 0, .payload = payload};
}

HoldBuffer WithHold(double s) {
  HoldBuffer::Options options;
  options.hold = Duration::FromSeconds(s);
  return HoldBuffer(options);
}

void Tell(HoldBuffer& hold, const std::string& source, SourceState state) {
  hold.Status({.source = {source}, .time = HeldAt(0), .state = state, .reason = {}});
}

TEST(HoldBuffer, AStartedSourceThatHasNotSpokenHoldsEverything) {
  HoldBuffer hold = WithHold(2);
  Tell(hold, "radar", SourceState::kStarted);
  Tell(hold, "drone", SourceState::kStarted);
  hold.Add(Of("radar", 100));
  EXPECT_FALSE(hold.Horizon());
  hold.Watermark({"drone"}, HeldAt(50));
  EXPECT_EQ(hold.Horizon(), HeldAt(50));
}

TEST(HoldBuffer, HorizonIsTheEarliestOfTheLiveSourcesAndAWatermarkNeedsNoHold) {
  HoldBuffer hold = WithHold(2);
  hold.Add(Of("radar", 10));
  hold.Add(Of("drone", 20));
  EXPECT_EQ(hold.Horizon(), HeldAt(8));
  hold.Watermark({"radar"}, HeldAt(30));
  EXPECT_EQ(hold.Horizon(), HeldAt(18));
}

TEST(HoldBuffer, ALateSourceDoesNotHoldBackAndAResumedOneDoesAgain) {
  HoldBuffer hold = WithHold(1);
  hold.Add(Of("radar", 10));
  hold.Add(Of("drone", 50));
  EXPECT_EQ(hold.Horizon(), HeldAt(9));
  Tell(hold, "radar", SourceState::kLate);
  EXPECT_EQ(hold.Horizon(), HeldAt(49));
  EXPECT_EQ(hold.Release(*hold.Horizon()).size(), 1u);
  Tell(hold, "radar", SourceState::kResumed);
  EXPECT_EQ(hold.Horizon(), HeldAt(49));  // never back
  hold.Add(Of("drone", 90));
  EXPECT_EQ(hold.Horizon(), HeldAt(49));
  hold.Add(Of("radar", 80));
  EXPECT_EQ(hold.Horizon(), HeldAt(79));
}

TEST(HoldBuffer, WhatIsOlderThanTheReleasedIsLateAndTheEdgeIsNot) {
  HoldBuffer hold = WithHold(0);
  hold.Add(Of("radar", 10));
  hold.Release(HeldAt(10));
  EXPECT_EQ(hold.Add(Of("radar", 9.999999)), HoldBuffer::Verdict::kLate);
  EXPECT_EQ(hold.Add(Of("radar", 10, "second plot of that time")), HoldBuffer::Verdict::kHeld);
}

TEST(HoldBuffer, TheSameMeasurementTwiceIsSeen) {
  HoldBuffer hold = WithHold(5);
  EXPECT_EQ(hold.Add(Of("radar", 10)), HoldBuffer::Verdict::kHeld);
  EXPECT_EQ(hold.Add(Of("radar", 10)), HoldBuffer::Verdict::kRepeated);
}

TEST(HoldBuffer, EndedSourcesLetEverythingGo) {
  HoldBuffer hold = WithHold(5);
  hold.Add(Of("radar", 10));
  EXPECT_FALSE(hold.NothingLive());
  Tell(hold, "radar", SourceState::kEnded);
  EXPECT_TRUE(hold.NothingLive());
  EXPECT_EQ(hold.Release(*hold.Horizon()).size(), 1u);
}

TEST(HoldBuffer, AClockThatIsFarAheadIsNotBelieved) {
  HoldBuffer hold = WithHold(5);
  hold.Add(Of("radar", 10));
  EXPECT_EQ(hold.Add(Of("radar", 10 + 86401)), HoldBuffer::Verdict::kTooFar);
  EXPECT_FALSE(hold.Watermark({"radar"}, HeldAt(1e9)));
  EXPECT_EQ(hold.Add({.time = Instant::FromMicros(INT64_MIN), .source = {"a"}, .payload = {}}),
            HoldBuffer::Verdict::kTooFar);
}

TEST(HoldBuffer, ItsSizeIsBounded) {
  HoldBuffer::Options options;
  options.max_measurements = 2;
  HoldBuffer hold(options);
  hold.Add(Of("radar", 10));
  hold.Add(Of("radar", 11));
  EXPECT_EQ(hold.Add(Of("radar", 12)), HoldBuffer::Verdict::kFull);
}

// Each measurement delayed by less than the hold: whatever the order, the same sequence comes out.
TEST(HoldBuffer, ArrivalOrderWithinTheHoldDoesNotMatter) {
  std::mt19937_64 random(11);
  std::vector<HeldMeasurement> all;
  for (int k = 0; k < 200; ++k) {
    all.push_back(Of(k % 3 == 0 ? "radar" : "drone", 0.25 * (k / 2), std::to_string(k)));
  }
  std::vector<HeldMeasurement> expected = all;
  std::sort(expected.begin(), expected.end());
  for (int round = 0; round < 50; ++round) {
    std::vector<std::pair<double, std::size_t>> arrival;
    for (std::size_t k = 0; k < all.size(); ++k) {
      const double delay = static_cast<double>(random() % 3900) * 1e-3;
      arrival.emplace_back(static_cast<double>(all[k].time.micros()) * 1e-6 + delay, k);
    }
    std::sort(arrival.begin(), arrival.end());
    HoldBuffer hold = WithHold(4);
    Tell(hold, "radar", SourceState::kStarted);
    Tell(hold, "drone", SourceState::kStarted);
    std::vector<HeldMeasurement> out;
    const auto drain = [&] {
      if (const auto horizon = hold.Horizon()) {
        for (auto& m : hold.Release(*horizon)) out.push_back(std::move(m));
      }
    };
    for (const auto& [time, k] : arrival) {
      ASSERT_EQ(hold.Add(all[k]), HoldBuffer::Verdict::kHeld);
      drain();
    }
    Tell(hold, "radar", SourceState::kEnded);
    Tell(hold, "drone", SourceState::kEnded);
    drain();
    ASSERT_EQ(out, expected);
  }
}

}  // namespace
}  // namespace trucewatch
