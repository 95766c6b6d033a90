// SPDX-License-Identifier: Apache-2.0
// Rule NOT_NOTIFIED: movements in a zone where they have to be notified.
#include <gtest/gtest.h>

#include "tests/verify/scenario_text.h"

namespace trucewatch {
namespace {

using testing::ExpectScenario;

// N1: four to eight trucks from b northwards to a, between 12:04 and 12:20.
const std::string kNotifiedMap = R"(
  map 500 m
    . . . a . . .
    Z Z Z Z Z Z Z
    Z Z Z Z Z Z Z
    Z Z Z Z Z Z Z
    . . . b . . .

  zone Z "Buffer zone"
  rule NOT_NOTIFIED zone: "Z" object_class: ANY_VEHICLE min_count: 5
  agreement notified_movement { id: "N1" reference: "letter 12" side: B route: @b route: @a width_m: 400 min_count: 4 max_count: 8 object_class: TRUCK heading_tolerance_deg: 60 window_start_utc: "2026-03-01T12:04:00Z" window_end_utc: "2026-03-01T12:20:00Z" }
)";

TEST(NotNotifiedScenarios, ThreeMinutesBeforeItsWindowTheSentenceSaysSo) {
  const std::string said = ExpectScenario(kNotifiedMap + R"(
    convoy 6 trucks: 12:00:00 b, 12:03:00 a
    drone sees all; radar sees all
    run 12:00:00 12:03:00
    expect candidate corroborated verified
  )");
  EXPECT_EQ(
      said,
      "At least 5 trucks moving together were inside zone 'Buffer zone' for 10 s (probability "
      "0.994, estimate 5 to 7), where movements are notified beforehand. Nearest to it is "
      "notified movement 'N1' (letter 12): it was 3 minutes before its window. It was seen by "
      "drone1 (video) and radar1 (moving-vehicle radar). drone1 (video) and radar1 "
      "(moving-vehicle radar) are of different kinds; according to the mission's configuration "
      "they share no sensor, platform, station, clock, georeference, detection model or derived "
      "product. Both measured all 6 vehicles that were told apart. This does not say whose they "
      "were or why they were there.");
}

TEST(NotNotifiedScenarios, NearMissInItsWindowOnItsRouteIsOnRecordAndNoEvent) {
  ExpectScenario(kNotifiedMap + R"(
    convoy 6 trucks: 12:05:00 b, 12:08:00 a
    drone sees all; radar sees all
    run 12:04:50 12:08:00
    expect nothing
    expect notified N1
  )");
}

TEST(NotNotifiedScenarios, OffItsRouteAndTooManyAreNamedTogether) {
  ExpectScenario(kNotifiedMap + R"(
    convoy 12 trucks spacing 10: 12:06:00 b+620,0, 12:09:00 a+620,0
    drone sees all; radar sees all
    run 12:06:00 12:09:00
    expect candidate corroborated verified
    expect says "it was 420 m outside its corridor and there were 11 to 13 vehicles, where the agreement file accepts 4 to 8"
  )");
}

TEST(NotNotifiedScenarios, TheOtherWayIsAnotherMovement) {
  ExpectScenario(kNotifiedMap + R"(
    convoy 6 trucks: 12:06:00 a, 12:09:00 b
    drone sees all; radar sees all
    run 12:06:00 12:09:00
    expect candidate corroborated verified
    expect says "it went in another direction"
  )");
}

TEST(NotNotifiedScenarios, StandingVehiclesAreNoMovement) {
  ExpectScenario(kNotifiedMap + R"(
    convoy 6 trucks: 12:00:00 b+0,1000, 12:03:00 b+0,1000
    drone sees all; radar sees all
    run 12:00:00 12:03:00
    expect nothing
  )");
}

TEST(NotNotifiedScenarios, DroneOutageLeavesItToOneSensor) {
  ExpectScenario(kNotifiedMap + R"(
    convoy 6 trucks: 12:00:00 b, 12:03:00 a
    drone sees all; radar sees all
    drone out 12:00:05 12:03:00
    run 12:00:00 12:03:00
    expect candidate
  )");
}

TEST(NotNotifiedScenarios, AReplayUnderAnotherNameStaysACandidate) {
  ExpectScenario(kNotifiedMap + R"(
    convoy 6 trucks: 12:00:00 b, 12:03:00 a
    drone sees all
    copy drone as drone9
    run 12:00:00 12:03:00
    expect candidate
  )");
}

}  // namespace
}  // namespace trucewatch
