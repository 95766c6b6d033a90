// SPDX-License-Identifier: Apache-2.0
#include "fusion/live_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::CameraLook;
using testing::CameraModel;
using testing::Convoy;
using testing::RadarLook;
using testing::RadarModel;

using Looks = std::vector<std::shared_ptr<const Look>>;

Looks Recording(unsigned seed) {
  std::mt19937_64 random(seed);
  Looks looks;
  for (double t = 0; t < 60; t += 0.5) {
    const auto truths = Convoy(4, 40, {-200 + 8 * t, 0}, 0, 8);
    if (std::fmod(t, 5.0) == 0) {
      looks.push_back(std::make_shared<Look>(RadarLook(RadarModel{}, t, truths, random)));
    }
    looks.push_back(std::make_shared<Look>(CameraLook(CameraModel{}, t + 0.2, truths, random)));
  }
  return looks;
}

void ExpectSame(const std::vector<TrackEstimate>& a, const std::vector<TrackEstimate>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    EXPECT_EQ(a[k].id, b[k].id);
    EXPECT_EQ(a[k].state.mean, b[k].state.mean);
    EXPECT_EQ(a[k].state.cov, b[k].state.cov);
    EXPECT_EQ(a[k].existence, b[k].existence);
  }
}

std::vector<TrackEstimate> InOrder(const Looks& looks, Instant time) {
  Tracker tracker(TrackerOptions{});
  for (const auto& look : looks) tracker.Process(*look);
  return tracker.Estimates(time);
}

// Each look comes up to 8 s late; the picture is asked for between.
TEST(LiveTracker, EqualsTheTrackerForAnyOrderOfArrivalWithinTheHold) {
  const Looks looks = Recording(81);
  const auto expected = InOrder(looks, At(61));
  ASSERT_EQ(expected.size(), 4u);
  std::mt19937_64 random(82);
  std::uniform_real_distribution<double> delay(0, 8);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::pair<double, std::shared_ptr<const Look>>> arrivals;
    for (const auto& look : looks) {
      arrivals.emplace_back(static_cast<double>(look->time.micros()) * 1e-6 + delay(random), look);
    }
    std::sort(arrivals.begin(), arrivals.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    LiveTracker live(TrackerOptions{}, Duration::Seconds(10));
    for (std::size_t k = 0; k < arrivals.size(); ++k) {
      ASSERT_TRUE(live.Add(arrivals[k].second));
      if (k % 7 == 0) live.Estimates(At(61));
    }
    ExpectSame(live.Estimates(At(61)), expected);
  }
}

TEST(LiveTracker, ALookAfterTheHoldIsRefusedAndChangesNothing) {
  const Looks looks = Recording(83);
  LiveTracker live(TrackerOptions{}, Duration::Seconds(10));
  Looks taken;
  for (std::size_t k = 0; k < looks.size(); ++k) {
    if (k == 40) continue;
    ASSERT_TRUE(live.Add(looks[k]));
    taken.push_back(looks[k]);
  }
  EXPECT_FALSE(live.Add(looks[40]));
  ExpectSame(live.Estimates(At(61)), InOrder(taken, At(61)));
}

TEST(LiveTracker, NothingAddedIsAnEmptyPicture) {
  LiveTracker live(TrackerOptions{}, Duration::Seconds(10));
  EXPECT_TRUE(live.Estimates(At(5)).empty());
}

}  // namespace
}  // namespace trucewatch
