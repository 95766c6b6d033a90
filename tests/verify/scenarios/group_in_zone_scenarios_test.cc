// SPDX-License-Identifier: Apache-2.0
// Rule GROUP_IN_ZONE, and how a scenario is read.
#include <gtest/gtest.h>

#include "tests/verify/scenario_text.h"

namespace trucewatch {
namespace {

using testing::ExpectScenario;
using testing::ParseScenario;

const std::string kBufferMap = R"(
  map 500 m
    . . . a . . .
    Z Z Z Z Z Z Z
    Z c Z d Z Z Z
    Z Z Z Z Z Z Z
    . . . b . . .

  zone Z "Buffer zone"
  rule GROUP_IN_ZONE zone: "Z" object_class: ANY_VEHICLE min_count: 5
  run 12:00:00 12:02:00
)";

TEST(GroupInZoneScenarios, AConvoyThroughTheBufferZoneIsVerified) {
  ExpectScenario(kBufferMap + R"(
    convoy 8 vehicles: 12:00:00 a, 12:03:00 b
    drone sees all; radar sees all
    expect candidate corroborated verified
    expect says "inside zone 'Buffer zone'"
  )");
}

TEST(GroupInZoneScenarios, NearMissOneRowNorthOfTheZoneIsNothing) {
  ExpectScenario(kBufferMap + R"(
    convoy 8 vehicles: 12:00:00 a-1500,0, 12:03:00 a+1500,0
    drone sees all; radar sees all
    expect nothing
  )");
}

TEST(GroupInZoneScenarios, RadarOutageInTheZoneLeavesItToOneSensor) {
  ExpectScenario(kBufferMap + R"(
    convoy 8 vehicles: 12:00:00 a, 12:03:00 b
    drone sees all; radar sees all
    radar out 12:00:20 12:03:00
    expect candidate
  )");
}

TEST(GroupInZoneScenarios, TheSameFootageUnderAnotherNameVerifiesNothing) {
  ExpectScenario(kBufferMap + R"(
    convoy 8 vehicles: 12:00:00 a, 12:03:00 b
    drone sees all
    copy drone as drone9
    expect candidate
  )");
}

TEST(GroupInZoneScenarios, ARadarWithASlowClockConfirmsNobody) {
  ExpectScenario(kBufferMap + R"(
    convoy 8 vehicles: 12:00:00 d, 12:03:00 c
    drone sees all; radar sees all
    radar clock 90 slow
    expect candidate
  )");
}

TEST(ScenarioText, SaysInWhichLineWhatWasExpected) {
  const auto bad = [](const std::string& line) {
    const auto scenario = ParseScenario("map 500 m\n a . b\n\n" + line + "\n");
    return scenario ? std::string() : scenario.error().message;
  };
  EXPECT_EQ(bad("convoy 8 tanks: 12:00:00 a, 12:01:00 b"),
            "line 4: expected vehicles, light, trucks, tracked or people");
  EXPECT_EQ(bad("convoy 8 trucks: 12:00:00 a, 12:01:00 q"),
            "line 4: expected a time and a place, as in \"12:00:00 a\"");
  EXPECT_EQ(bad("submarine sees all"),
            "line 4: expected a statement or one of drone, drone2, radar");
  EXPECT_EQ(bad("zone Q \"Nowhere\""),
            "line 4: expected a letter of the map and a name in quotation marks");
  EXPECT_EQ(bad("drone sees all"), "");
}

TEST(ScenarioText, PlacesAndTimesAreThoseOfTheMap) {
  const auto scenario = ParseScenario(R"(
    map 100 m
      a Z .
      . Z b

    convoy 2 trucks: 2d12:00:30 b+10,-5, 2d12:01:00 a
  )");
  ASSERT_TRUE(scenario.has_value());
  EXPECT_EQ(scenario->places.at('a'), Eigen::Vector2d(-100, 50));
  EXPECT_EQ(scenario->zones.at('Z').low_en_m, Eigen::Vector2d(-50, -100));
  EXPECT_EQ(scenario->zones.at('Z').high_en_m, Eigen::Vector2d(50, 100));
  const auto& stops = scenario->movers.at(0).stops;
  EXPECT_EQ(stops[0].time_s, 2 * 86'400.0 + 30.0);
  EXPECT_EQ(stops[0].place_en_m, Eigen::Vector2d(110, -55));
  EXPECT_EQ(stops[1].place_en_m, Eigen::Vector2d(-100, 50));
}

}  // namespace
}  // namespace trucewatch
