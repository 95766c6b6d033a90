// SPDX-License-Identifier: Apache-2.0
// Rules CEILING, BUILD_UP and WITHDRAWAL_MISSING: what is counted in a zone.
#include <gtest/gtest.h>

#include "tests/verify/scenario_text.h"

namespace trucewatch {
namespace {

using testing::ExpectScenario;

const std::string kAreaMap = R"(
  map 500 m
    . . . a . . .
    Z Z Z Z Z Z Z
    Z Z c Z d Z Z
    Z Z Z Z Z Z Z
    . . . b . . .

  zone Z "Area of limitation"
)";

const std::string kCeilingMap = kAreaMap + R"(
  agreement weapon_class { id: "any" name: "vehicles" object_class: ANY_VEHICLE }
  agreement ceiling { id: "c1" clause: "Clause 3" zone: "Z" weapon_class: "any" max_count: 6 }
  rule CEILING ceiling: "c1"
  run 12:00:00 12:03:00
)";

TEST(CeilingScenarios, ParkedOnesAndAConvoyTogetherAreAboveIt) {
  ExpectScenario(kCeilingMap + R"(
    park 5 vehicles parked: 12:00:00 c, 12:03:00 c
    convoy 5 vehicles: 12:00:00 a, 12:03:00 d
    drone sees all; radar sees all
    expect candidate corroborated verified
    expect says "8 to 11 vehicles, counted or estimated, were inside zone 'Area of limitation' for 10 s, where ceiling 'c1' allows 6 (probability 0.990 that there were more). They were seen by drone1 (video) and radar1 (moving-vehicle radar). "
  )");
}

TEST(CeilingScenarios, NearMissExactlyTheCeilingIsNothing) {
  ExpectScenario(kCeilingMap + R"(
    six 6 vehicles: 12:00:00 c, 12:03:00 d
    drone sees all; radar sees all
    expect nothing
  )");
}

TEST(CeilingScenarios, ACountWhoseIntervalReachesTheCeilingIsNothing) {
  // Seven to nine, seen as a whole: more than six; six to eight: nobody can say.
  const std::string map = kCeilingMap + "    drone sees all\n";
  ExpectScenario(map +
                 "    park 8 vehicles parked: 12:00:00 c, 12:03:00 c\n    expect candidate\n");
  ExpectScenario(map + "    park 6 vehicles parked: 12:00:00 c, 12:03:00 c\n    expect nothing\n");
}

TEST(CeilingScenarios, RadarOutageLeavesItToTheDrone) {
  ExpectScenario(kCeilingMap + R"(
    nine 9 vehicles: 12:00:00 c, 12:03:00 d
    drone sees all; radar sees all
    radar out 12:00:00 12:04:00
    expect candidate
  )");
}

TEST(CeilingScenarios, GhostsOfASlowClockAreNeverVerified) {
  // Four vehicles, and the same four once more where they were 90 s ago.
  ExpectScenario(kCeilingMap + R"(
    four 4 vehicles: 11:58:00 c, 12:03:00 d
    drone sees all; radar sees all
    radar clock 90 slow
    expect candidate
  )");
}

// Pictures every ten minutes; a threshold's seconds are pictures, two seconds each.
const std::string kDaysMap = kAreaMap + R"(
  agreement coverage_floor: 0.9
  thresholds 0.8 2 0.95 4
  rule BUILD_UP zone: "Z" object_class: ANY_VEHICLE min_count: 5 days: 7
  run 12:00:00 3d12:00:00 every 600
  drone sees all; radar sees all
)";

TEST(BuildUpScenarios, SevenMoreThanTwoDaysAgoAreVerified) {
  ExpectScenario(kDaysMap + R"(
    look 13:00:00 Z 0.95
    look 2d13:00:00 Z 0.95
    before 4 vehicles parked: 12:00:00 c, 3d12:00:00 c
    more 7 vehicles parked: 2d12:00:00 d, 3d12:00:00 d
    expect candidate corroborated verified
    expect says "On day D+9, the quietest before of those watched well enough, the largest number at once was 3 to 5. D+10 was not watched well enough and is left out. That there are at least 5 more now has probability 0."
  )");
}

TEST(BuildUpScenarios, NearMissFourMoreAreNothing) {
  ExpectScenario(kDaysMap + R"(
    look 13:00:00 Z 0.95
    look 1d13:00:00 Z 0.95
    before 4 vehicles parked: 12:00:00 c, 3d12:00:00 c
    more 4 vehicles: 2d12:00:00 d, 3d12:00:00 d
    expect nothing
  )");
}

TEST(BuildUpScenarios, WithoutADayThatWasWatchedThereIsNothingToCompareWith) {
  ExpectScenario(kDaysMap + R"(
    look 13:00:00 Z 0.5
    before 4 vehicles parked: 12:00:00 c, 3d12:00:00 c
    more 6 vehicles parked: 2d12:00:00 d, 3d12:00:00 d
    expect nothing
  )");
}

TEST(BuildUpScenarios, OnOneSourceItStaysACandidate) {
  ExpectScenario(kDaysMap + R"(
    look 13:00:00 Z 0.95
    radar out 12:00:00 4d12:00:00
    copy drone as drone9
    before 4 vehicles parked: 12:00:00 c, 3d12:00:00 c
    more 6 vehicles parked: 2d12:00:00 d, 3d12:00:00 d
    expect candidate
  )");
}

const std::string kDeadline = R"(
  agreement weapon_class { id: "any" name: "vehicles" object_class: ANY_VEHICLE }
  agreement withdrawal { id: "w1" clause: "Clause 6" side: A weapon_class: "any" line: "line" start_utc: "2026-02-20T00:00:00Z" deadline_utc: "2026-03-01T12:02:00Z" }
  agreement coverage_floor: 0.9
)";
const std::string kWithdrawalMap = R"(
  map 500 m
    . . . a . . .
    = = = = = = =
    Z Z Z Z Z Z Z
    Z Z c Z d Z Z
    Z Z Z Z Z Z Z

  zone Z "Forward area"
  line "Line of withdrawal" behind north
  run 12:00:00 12:04:00
)" + kDeadline + R"(
  rule WITHDRAWAL_MISSING zone: "Z" withdrawal: "w1" min_count: 2
)";

TEST(WithdrawalMissingScenarios, StillThereAfterTheDeadlineIsVerifiedFromThenOn) {
  ExpectScenario(kWithdrawalMap + R"(
    rest 4 vehicles parked: 12:00:00 c, 12:04:00 c
    drone sees all; radar sees all
    expect candidate corroborated verified
    expect says "After the deadline of withdrawal 'w1' (2026-03-01T12:02:00Z), at least 2 vehicles were inside zone 'Forward area' and not behind line 'Line of withdrawal' for 10 s (probability 0.990, estimate 3 to 5). They were seen by"
  )");
}

TEST(WithdrawalMissingScenarios, NearMissGoneTenSecondsBeforeIsNothing) {
  ExpectScenario(kWithdrawalMap + R"(
    rest 4 vehicles spacing 10: 12:00:00 c+0,900, 12:01:50 a+0,300
    drone sees all; radar sees all
    expect nothing
  )");
}

TEST(WithdrawalMissingScenarios, OutageAfterTheDeadlineLeavesItToOneSensor) {
  ExpectScenario(kWithdrawalMap + R"(
    rest 4 vehicles parked: 12:00:00 c, 12:04:00 c
    drone sees all; radar sees all
    radar out 12:01:40 12:05:00
    expect candidate
  )");
}

TEST(WithdrawalMissingScenarios, ASecondDroneIsOfTheSameKind) {
  ExpectScenario(kWithdrawalMap + R"(
    rest 4 vehicles parked: 12:00:00 c, 12:04:00 c
    drone sees all; drone2 sees all
    expect candidate corroborated
  )");
}

// 700 m behind the line they may stand, in the zone or not.
const std::string kDistanceMap = R"(
  map 500 m
    Z Z Z f Z Z Z
    Z Z Z n Z Z Z
    . = = = = = .
    Z Z Z Z Z Z Z
    Z Z c Z d Z Z

  zone Z "Border district"
  line "Line of withdrawal" behind north
  run 12:00:00 12:04:00
  agreement weapon_class { id: "any" name: "vehicles" object_class: ANY_VEHICLE }
  agreement withdrawal { id: "w1" clause: "Clause 6" side: A weapon_class: "any" line: "line" distance_m: 700 start_utc: "2026-02-20T00:00:00Z" deadline_utc: "2026-03-01T12:02:00Z" }
  rule WITHDRAWAL_MISSING zone: "Z" withdrawal: "w1" min_count: 2
)";

TEST(WithdrawalMissingScenarios, BehindTheLineAndNotFarEnoughIsStillThere) {
  ExpectScenario(kDistanceMap + R"(
    rest 4 vehicles parked: 12:00:00 n, 12:04:00 n
    drone sees all; radar sees all
    expect candidate corroborated verified
    expect says "inside zone 'Border district' and less than 700 m behind line 'Line of withdrawal' for 10 s"
  )");
}

TEST(WithdrawalMissingScenarios, NearMissInTheZoneAndFarEnoughBehindTheLine) {
  ExpectScenario(kDistanceMap + R"(
    rest 4 vehicles parked: 12:00:00 f, 12:04:00 f
    one 1 vehicles: 12:00:00 n, 12:04:00 n
    drone sees all; radar sees all
    expect nothing
  )");
}

const std::string kSiteMap = R"(
  map 500 m
    . . . a . . .
    = = = = = = =
    . S S S S S .
    . S c S d S .
    . S S S S S .

  zone S "Storage site 1"
  line "Line of withdrawal" behind north
  run 12:00:00 12:04:00
)" + kDeadline + R"(
  agreement storage_site { zone: "S" clause: "Annex 2" inventory { weapon_class: "any" count: 6 } }
  rule WITHDRAWAL_MISSING zone: "S" withdrawal: "w1" arrival: true min_count: 4
)";

TEST(WithdrawalMissingScenarios, NotArrivedThoughTwoSatellitesWatchedTheSite) {
  ExpectScenario(kSiteMap + R"(
    some 1 vehicles: 12:00:00 c, 12:04:00 c
    drone sees all
    look 12:02:20 S 0.95
    look2 12:02:40 S 0.92
    expect candidate corroborated verified
    expect says "at least 4 of the 6 vehicles that the inventory of 'Storage site 1' lists were not seen there for 20 s; the most seen at once was 1. One standing in the open would have been seen with probability 0.996 (the agreement asks for 0.9); one under a roof or a net would not. That at least 4 did not stand in the open has probability more than 0.999. The site was seen by sat1 (satellite images) and sat2 (satellite radar images). "
  )");
}

TEST(WithdrawalMissingScenarios, NearMissThreeOfSixAreMissingAndFourAreAskedFor) {
  ExpectScenario(kSiteMap + R"(
    some 3 vehicles: 12:00:00 c, 12:04:00 c
    drone sees all
    look 12:02:20 S 0.95
    look2 12:02:40 S 0.92
    expect nothing
  )");
}

TEST(WithdrawalMissingScenarios, NotWatchedWellEnoughItSaysSoAndOpensNothing) {
  ExpectScenario(kSiteMap + R"(
    drone sees all
    look 12:02:20 S 0.6
    expect nothing
    expect heartbeat "was not observed well enough to say"
  )");
}

TEST(WithdrawalMissingScenarios, OneSatelliteAloneConfirmsNothing) {
  ExpectScenario(kSiteMap + R"(
    drone sees all
    look 12:02:20 S 0.95
    look 12:02:50 S 0.95
    expect candidate
  )");
}

}  // namespace
}  // namespace trucewatch
