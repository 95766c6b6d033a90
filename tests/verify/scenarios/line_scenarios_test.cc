// SPDX-License-Identifier: Apache-2.0
// Rules LINE_CROSSED and CONVOY_TOWARDS.
#include <gtest/gtest.h>

#include "tests/verify/scenario_text.h"

namespace trucewatch {
namespace {

using testing::ExpectScenario;

const std::string kLineMap = R"(
  map 250 m
    . . . a . . .
    Z Z Z Z Z Z Z
    Z Z Z Z Z Z Z
    . = = = = = .
    Z Z Z Z Z Z Z
    Z Z Z Z Z Z Z
    . . . b . . .

  zone Z "Area round the line"
  line "Line of separation" behind north
  rule LINE_CROSSED zone: "Z" line: "line" direction: FORWARD object_class: ANY_VEHICLE min_count: 1
  run 12:00:00 12:03:00
)";

TEST(LineCrossedScenarios, OneVehicleAcrossTheLineIsVerified) {
  ExpectScenario(kLineMap + R"(
    one 1 vehicles: 12:00:00 a, 12:03:00 b
    drone sees all; radar sees all
    expect candidate corroborated verified
    expect says "At least 1 vehicle crossed line 'Line of separation' southwards and was on its other side for 10 s (probability 0.980, estimate 1); seen by drone1 (video) and radar1 (moving-vehicle radar). "
  )");
}

TEST(LineCrossedScenarios, TheOtherWayIsNotWhatTheRuleSpeaksOf) {
  ExpectScenario(kLineMap + R"(
    one 1 vehicles: 12:00:00 b, 12:03:00 a
    drone sees all; radar sees all
    expect nothing
  )");
}

TEST(LineCrossedScenarios, NearMissAsFarAsSixtyMetresAndBackIsNothing) {
  ExpectScenario(kLineMap + R"(
    one 1 vehicles: 12:00:00 a, 12:01:30 a+0,-690, 12:03:00 a
    drone sees all; radar sees all
    expect nothing
  )");
}

TEST(LineCrossedScenarios, OnTheLineItSaysNearLineAndOpensNothing) {
  ExpectScenario(kLineMap + R"(
    one 1 vehicles: 12:00:00 a, 12:01:20 a+0,-755, 12:03:00 a+50,-755
    drone sees all; radar sees all
    expect nothing
    expect heartbeat "Near line 'Line of separation': 1 vehicle for 60 s and longer"
  )");
}

TEST(LineCrossedScenarios, RoundTheEndOfTheLineNothingWasCrossed) {
  ExpectScenario(kLineMap + R"(
    one 1 vehicles: 12:00:00 a+0,-400, 12:01:00 a-750,-400, 12:01:40 a-750,-1100, 12:02:40 a+0,-1100
    drone sees all; radar sees all
    expect nothing
  )");
}

TEST(LineCrossedScenarios, LostAtTheLineAndFoundBeyondItIsNoCrossing) {
  ExpectScenario(kLineMap + R"(
    one 1 vehicles: 12:00:00 a, 12:03:00 b
    drone sees all; radar sees all
    drone out 12:01:00 12:02:10
    radar out 12:01:00 12:02:10
    expect nothing
  )");
}

TEST(LineCrossedScenarios, DroneOutageLeavesItToTheRadar) {
  ExpectScenario(kLineMap + R"(
    one 1 vehicles: 12:00:00 a, 12:03:00 b
    drone sees all; radar sees all
    drone out 12:00:30 12:04:00
    expect candidate
  )");
}

TEST(LineCrossedScenarios, TheSameFootageTwiceConfirmsNothing) {
  ExpectScenario(kLineMap + R"(
    one 1 vehicles: 12:00:00 a, 12:03:00 b
    drone sees all
    copy drone as drone9
    expect candidate
  )");
}

TEST(LineCrossedScenarios, AGroupCountsWhenEnoughOfItIsAcross) {
  const std::string map = kLineMap + R"(
    rule LINE_CROSSED zone: "Z" line: "line" object_class: ANY_VEHICLE min_count: 6
    drone sees all
  )";
  // Of both rules, of the one and of six; of four vehicles only of the one.
  ExpectScenario(map +
                 "    eight 8 vehicles spacing 20: 12:00:00 a, 12:03:00 b\n"
                 "    expect candidate candidate\n");
  ExpectScenario(map +
                 "    four 4 vehicles spacing 20: 12:00:00 a, 12:03:00 b\n"
                 "    expect candidate\n");
}

const std::string kRoadMap = R"(
  map 1000 m
    . . . a . . .
    Z Z Z Z Z Z Z
    Z Z Z Z Z Z Z
    Z Z Z Z Z Z Z
    Z Z Z Z Z Z Z
    = = = = = = =
    . . . b . . .

  zone Z "Northern area"
  line "Line of separation" behind north
  rule CONVOY_TOWARDS zone: "Z" line: "line" direction: FORWARD within_s: 300 object_class: ANY_VEHICLE min_count: 5
)";

TEST(ConvoyTowardsScenarios, AConvoyOnItsWayIsVerifiedBeforeItCrosses) {
  ExpectScenario(kRoadMap + R"(
    convoy 8 vehicles: 12:00:00 a, 12:10:00 b
    drone sees all; radar sees all
    run 12:00:00 12:06:00     // it crosses at 12:08:20
    expect candidate corroborated verified
    expect says "At least 5 vehicles moving together in zone 'Northern area' went so for 10 s that, if they kept their velocity, they would be across line 'Line of separation' within 5 minutes (probability 0.988, estimate 5 to 9). They were about 2.6 km from it, 4 minutes at that velocity. This is a forecast, not a crossing. They were seen by"
  )");
}

TEST(ConvoyTowardsScenarios, NearMissAlongTheLineIsNothing) {
  ExpectScenario(kRoadMap + R"(
    convoy 8 vehicles: 12:00:00 b-2500,1800, 12:08:00 b+2500,1800
    drone sees all; radar sees all
    run 12:00:00 12:08:00
    expect nothing
  )");
}

TEST(ConvoyTowardsScenarios, AConvoyThatHaltsInTimeIsNothing) {
  ExpectScenario(kRoadMap + R"(
    convoy 8 vehicles: 12:00:00 a, 12:01:40 a+0,-1000, 12:06:00 a+0,-1000
    drone sees all; radar sees all
    run 12:00:00 12:06:00
    expect nothing
  )");
}

TEST(ConvoyTowardsScenarios, AwayFromTheLineIsNothing) {
  ExpectScenario(kRoadMap + R"(
    convoy 8 vehicles: 12:00:00 b+0,1200, 12:06:00 a
    drone sees all; radar sees all
    run 12:00:00 12:06:00
    expect nothing
  )");
}

TEST(ConvoyTowardsScenarios, RadarOutageLeavesItToTheDrone) {
  ExpectScenario(kRoadMap + R"(
    convoy 8 vehicles: 12:00:00 a, 12:10:00 b
    drone sees all; radar sees all
    radar out 12:01:00 12:10:00
    run 12:00:00 12:06:00
    expect candidate
  )");
}

TEST(ConvoyTowardsScenarios, ARadarOnTheDronesClockConfirmsNothing) {
  ExpectScenario(kRoadMap + R"(
    convoy 8 vehicles: 12:00:00 a, 12:10:00 b
    drone sees all; radar sees all
    radar shares clock drone
    run 12:00:00 12:06:00
    expect candidate corroborated
    expect says "share clock"
  )");
}

}  // namespace
}  // namespace trucewatch
