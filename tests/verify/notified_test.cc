// SPDX-License-Identifier: Apache-2.0
// Notified movements: on record inside their window and corridor, events outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/verify/scene.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::Convoy;
using testing::DemoAgreement;
using testing::Drone;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PictureBuilder;
using testing::Radar;
using testing::Runner;
using ::testing::SizeIs;

// Northwards on the east road; the corridor's middle is at east 1480..1640 there.
Convoy Notified() {
  return {.group = 5,
          .first_track = 500,
          .count = 6,
          .head_en_m = {1600, -1300},
          .velocity_en_mps = {0, 10},
          .eyes = {Drone(), Radar()}};
}

void Drive(Runner& run, const Convoy& convoy, int from, int to) {
  for (int t = from; t < to; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
}

TEST(NotifiedMovement, InItsWindowItIsOnRecordOnceAndNoEvent) {
  Runner run(DemoAgreement());
  Convoy convoy = Notified();
  convoy.start_s = -10;  // followed for long enough that both sources count from the beginning
  convoy.head_en_m.y() = -1400;
  Drive(run, convoy, 0, 240);
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
  const auto notified = run.Of(FindingKind::kNotifiedMovement);
  ASSERT_THAT(notified, SizeIs(1));
  EXPECT_EQ(notified[0].notification, "N1");
  EXPECT_EQ(notified[0].event_id, "");
  EXPECT_EQ(notified[0].time, At(5));
  EXPECT_THAT(notified[0].supports, SizeIs(2));
  EXPECT_GE(notified[0].probability, 0.9);
  EXPECT_LE(notified[0].count_min, 6);
  EXPECT_GE(notified[0].count_max, 6);
  EXPECT_THAT(notified[0].reason,
              HasSubstr("The agreement file accepts 4 to 8 vehicles as those announced."));
  EXPECT_THAT(notified[0].reason, HasSubstr("not an event"));
}

TEST(NotifiedMovement, OutsideItsWindowItIsAnEvent) {
  Runner run(DemoAgreement("2026-03-01T11:55:00Z", "2026-03-01T12:10:00Z"));
  Drive(run, Notified(), 0, 200);
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), IsEmpty());
  EXPECT_EQ(run.Events(), 1u);
  EXPECT_EQ(run.States().back(), EventState::kVerified);
}

TEST(NotifiedMovement, WhenTheWindowEndsItsCoverEndsWithTheSecond) {
  Runner run(DemoAgreement("2026-03-01T12:15:00Z", "2026-03-01T12:01:40Z"));
  Drive(run, Notified(), 0, 200);
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), SizeIs(1));
  const auto transitions = run.Of(FindingKind::kEventTransition);
  ASSERT_FALSE(transitions.empty());
  EXPECT_EQ(transitions[0].time_first, At(100));
}

TEST(NotifiedMovement, BesideTheCorridorItIsAnEvent) {
  Runner run(DemoAgreement());
  Convoy convoy = Notified();
  convoy.head_en_m.x() = 2000;  // 150 m and more outside
  Drive(run, convoy, 0, 200);
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), IsEmpty());
  EXPECT_EQ(run.Events(), 1u);
}

TEST(NotifiedMovement, ThatLeavesTheCorridorInsideTheZoneBecomesAnEvent) {
  Runner run(DemoAgreement());
  Convoy convoy = Notified();
  Drive(run, convoy, 0, 100);
  ASSERT_THAT(run.Of(FindingKind::kNotifiedMovement), SizeIs(1));
  ASSERT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
  // Turns west at t = 100.
  convoy.head_en_m = Eigen::Vector2d(1600, -300) - Eigen::Vector2d(-10, 0) * 100.0;
  convoy.velocity_en_mps = {-10, 0};
  Drive(run, convoy, 100, 200);
  EXPECT_EQ(run.Events(), 1u);
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), SizeIs(1));
}

TEST(NotifiedMovement, MoreVehiclesThanNotifiedAreAnEvent) {
  Runner run(DemoAgreement());
  Convoy convoy = Notified();
  convoy.count = 14;
  Drive(run, convoy, 0, 200);
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), IsEmpty());
  EXPECT_EQ(run.Events(), 1u);
}

TEST(NotifiedMovement, OtherDirectionIsAnEvent) {
  Runner run(DemoAgreement());
  Convoy convoy = Notified();
  convoy.head_en_m.y() = 1300;
  convoy.velocity_en_mps = {0, -10};
  Drive(run, convoy, 0, 200);
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), IsEmpty());
  EXPECT_EQ(run.Events(), 1u);
}

TEST(NotifiedMovement, OtherClassesAreAnEvent) {
  Runner run(DemoAgreement());
  Convoy convoy = Notified();
  convoy.classes = {{ObjectClass::kTrackedVehicle, 0.9}, {ObjectClass::kUnknownVehicle, 0.1}};
  Drive(run, convoy, 0, 200);
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), IsEmpty());
  EXPECT_EQ(run.Events(), 1u);
}

TEST(NotifiedMovement, LostAndFoundUnderNewNumbersIsOnRecordOnce) {
  Runner run(DemoAgreement());
  Convoy convoy = Notified();
  Drive(run, convoy, 0, 80);
  for (int t = 80; t < 120; ++t) run.Feed(PictureBuilder(t).Build());
  convoy.group = 6;
  convoy.first_track = 800;
  Drive(run, convoy, 120, 220);
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), SizeIs(1));
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
}

TEST(NotifiedMovement, ASecondConvoyInTheSameWindowIsNotCovered) {
  Runner run(DemoAgreement());
  Convoy second = Notified();
  second.group = 6;
  second.first_track = 800;
  second.head_en_m.y() = -2300;
  for (int t = 0; t < 240; ++t) run.Feed(PictureBuilder(t).Add(Notified()).Add(second).Build());
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), SizeIs(1));
  EXPECT_EQ(run.Events(), 1u);
}

TEST(NotifiedMovement, NoiseAtTheCorridorsEdgeDoesNotMakeAnEvent) {
  Runner run(DemoAgreement());
  Convoy convoy = Notified();
  for (int t = 0; t < 240; ++t) {
    convoy.head_en_m.x() = t % 20 < 4 && t > 10 ? 1900 : 1600;  // four seconds out of twenty
    run.Feed(PictureBuilder(t).Add(convoy).Build());
  }
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), SizeIs(1));
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
}

TEST(NotifiedMovement, AnotherConvoyAtTheSameTimeIsStillAnEvent) {
  Runner run(DemoAgreement());
  const Convoy breach = {.group = 7,
                         .first_track = 100,
                         .count = 8,
                         .head_en_m = {-1200, 1220},
                         .velocity_en_mps = {0, -8},
                         .eyes = {Drone(), Radar()}};
  for (int t = 0; t < 200; ++t) run.Feed(PictureBuilder(t).Add(Notified()).Add(breach).Build());
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), SizeIs(1));
  EXPECT_EQ(run.Events(), 1u);
  EXPECT_THAT(run.States(), SizeIs(3));
}

TEST(NotifiedMovement, AnEventThatCrossesTheCorridorDoesNotUseUpTheNotification) {
  Runner run(DemoAgreement("heading_tolerance_deg: 60", ""));
  // From the west into the corridor, where it stops.
  Convoy breach = {.group = 7,
                   .first_track = 100,
                   .count = 8,
                   .head_en_m = {600, 0},
                   .velocity_en_mps = {10, 0},
                   .spacing_m = 20,
                   .eyes = {Drone(), Radar()}};
  for (int t = 0; t < 110; ++t) run.Feed(PictureBuilder(t).Add(breach).Build());
  EXPECT_EQ(run.Events(), 1u);
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), IsEmpty());
}

}  // namespace
}  // namespace trucewatch
