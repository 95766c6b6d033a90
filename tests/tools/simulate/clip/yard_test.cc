// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/yard.h"

#include <gtest/gtest.h>

#include "tests/tools/simulate/clip/clip_settings.h"

namespace trucewatch::clip {
namespace {

v1::config::ClipScene DayScene() {
  auto scene = testing::SmallScene(v1::config::ClipScene::YARD);
  scene.set_look_period_s(30);
  scene.mutable_speed_mps()->set_min(0), scene.mutable_speed_mps()->set_max(0);
  scene.mutable_bays()->set_min(30), scene.mutable_bays()->set_max(30);
  scene.mutable_arrivals_per_hour()->set_min(4), scene.mutable_arrivals_per_hour()->set_max(4);
  scene.set_rain_share(0.3);
  scene.set_overcast_share(0.3);
  return scene;
}

TEST(Yard, NoBayHoldsTwoVehiclesAtATime) {
  const ClipPlan plan = DrawClip(DayScene(), 1, 36000);
  const Land land = MakeLand(plan, {{-80, -60}, {80, 60}});
  ASSERT_GT(land.parked.size(), 30U);
  for (std::size_t i = 0; i < land.parked.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Standing &a = land.parked[i], &b = land.parked[j];
      if ((a.state.position - b.state.position).norm() > 2) continue;
      EXPECT_TRUE(a.to_s <= b.from_s || b.to_s <= a.from_s);
    }
  }
}

// The mean over days of a Poisson process: 40 arrivals in ten hours, 6.3 of standard deviation.
TEST(Yard, VehiclesArriveAndLeaveAtTheStatedRate) {
  double arrivals = 0, departures = 0;
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    const ClipPlan plan = DrawClip(DayScene(), seed, 36000);
    for (const Standing& stay : MakeLand(plan, {{-80, -60}, {80, 60}}).parked) {
      arrivals += stay.from_s > 0 ? 1.0 / 25 : 0;
      departures += stay.to_s < 36000 ? 1.0 / 25 : 0;
    }
  }
  EXPECT_NEAR(arrivals, 40, 5);
  EXPECT_NEAR(departures, 40, 5);
}

TEST(Yard, WeatherChangesInSmallStepsAndTheSunGoesFromEastToWest) {
  const ClipPlan plan = DrawClip(DayScene(), 3, 36000);
  Weather before = WeatherAt(plan, 0);
  double rain = 0, least_direct = 1, most_direct = 0;
  for (double t_s = 10; t_s <= 36000; t_s += 10) {
    const Weather now = WeatherAt(plan, t_s);
    EXPECT_LT(std::abs(now.direct - before.direct), 0.15);
    EXPECT_LT(std::abs(now.rain - before.rain), 0.15);
    EXPECT_GT(now.sun_azimuth_deg, before.sun_azimuth_deg);
    EXPECT_GE(now.wet, 0);
    EXPECT_LE(now.wet, 1);
    rain += now.rain > 0.2 ? 1 : 0;
    least_direct = std::min(least_direct, now.direct);
    most_direct = std::max(most_direct, now.direct);
    before = now;
  }
  EXPECT_GT(rain, 0);
  EXPECT_LT(least_direct, 0.3);
  EXPECT_GT(most_direct, 0.9);
}

TEST(Yard, WeatherOfAClipIsTheOneDrawnForIt) {
  const ClipPlan plan = DrawClip(testing::SmallScene(v1::config::ClipScene::TOWN), 3, 10);
  const Weather weather = WeatherAt(plan, 7);
  EXPECT_EQ(weather.sun_elevation_deg, plan.sun_elevation_deg);
  EXPECT_EQ(weather.direct, 1);
  EXPECT_EQ(weather.rain, 0);
}

}  // namespace
}  // namespace trucewatch::clip
