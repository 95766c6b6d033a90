// SPDX-License-Identifier: Apache-2.0
// What becomes an event and what does not: for each rule a breach, a near miss, a sensor outage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/verify/scene.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::Convoy;
using testing::DemoAgreement;
using testing::Drone;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kCandidate;
using testing::kCorroborated;
using testing::kVerified;
using testing::PictureBuilder;
using testing::Radar;
using testing::Runner;
using testing::SecondDrone;
using ::testing::SizeIs;

// The demo's breach: southwards on the west road, over the northern edge (north = 1000) from t = 20
// s on.
Convoy Southwards(std::vector<testing::Eye> eyes) {
  return {.group = 7,
          .first_track = 100,
          .count = 8,
          .head_en_m = {-1200, 1220},
          .velocity_en_mps = {0, -11},
          .eyes = std::move(eyes)};
}

TEST(GroupInZoneEvents, BreachSeenByTwoKindsOfSensorIsOneEventWithThreeTransitions) {
  Runner run(DemoAgreement());
  for (int t = 0; t < 120; ++t)
    run.Feed(PictureBuilder(t).Add(Southwards({Drone(), Radar()})).Build());
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated, kVerified));
  EXPECT_EQ(run.Events(), 1u);

  const auto transitions = run.Of(FindingKind::kEventTransition);
  const Finding& verified = transitions[2];
  EXPECT_EQ(verified.rule, "no_convoys");
  EXPECT_EQ(verified.zone, "buffer");
  EXPECT_EQ(verified.event_id.size(), 32u);
  EXPECT_GE(verified.probability, 0.95);
  EXPECT_LE(verified.count_min, 8);
  EXPECT_GE(verified.count_max, 8);
  ASSERT_THAT(verified.supports, SizeIs(2));
  EXPECT_EQ(verified.supports[0].source.value, "drone1");
  EXPECT_EQ(verified.supports[1].source.value, "radar1");
  EXPECT_THAT(verified.supports[0].raw_digests, SizeIs(1));
  EXPECT_THAT(verified.members, SizeIs(8));
  EXPECT_EQ(verified.agreement_hash, DemoAgreement().hash);
  EXPECT_LT(verified.time_first, verified.time);
  // The fifth vehicle is in at 20 + 160/11 = 34.5 s; ten seconds of certainty later it is verified.
  EXPECT_GE(verified.time, At(44));
  EXPECT_LE(verified.time, At(52));
  EXPECT_THAT(verified.reason, HasSubstr("configuration they share no sensor, platform"));
}

TEST(GroupInZoneEvents, OneModalityStaysCandidateForAnyNumberOfUpdates) {
  Runner run(DemoAgreement());
  Convoy convoy = Southwards({Drone()});
  convoy.velocity_en_mps = {0, -0.2};  // stays for the whole test
  convoy.head_en_m = {-1200, 500};
  for (int t = 0; t < 3600; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
  EXPECT_THAT(run.States(), ElementsAre(kCandidate));
}

TEST(GroupInZoneEvents, TwoDronesCorroborateAndNeverVerify) {
  Runner run(DemoAgreement());
  for (int t = 0; t < 120; ++t)
    run.Feed(PictureBuilder(t).Add(Southwards({Drone(), SecondDrone()})).Build());
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated));
  EXPECT_THAT(run.findings.back().kind == FindingKind::kHeartbeat ? "" : run.findings.back().reason,
              ::testing::AnyOf("", HasSubstr("not independent")));
}

TEST(GroupInZoneEvents, VideoAndRadarOfOneClockNeverVerify) {
  testing::Eye radar = Radar();
  radar.lineage.clock = Drone().lineage.clock;
  Runner run(DemoAgreement());
  for (int t = 0; t < 120; ++t)
    run.Feed(PictureBuilder(t).Add(Southwards({Drone(), radar})).Build());
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated));
  EXPECT_THAT(run.Of(FindingKind::kEventTransition).back().reason, HasSubstr("share clock"));
}

TEST(GroupInZoneEvents, NearMissIsNothing) {
  Runner run(DemoAgreement());
  Convoy convoy = Southwards({Drone(), Radar()});
  convoy.head_en_m = {-3000, 1300};  // 300 m north of the edge, along it
  convoy.velocity_en_mps = {11, 0};
  convoy.sigma_m = 40;
  for (int t = 0; t < 240; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
}

TEST(GroupInZoneEvents, TooFewInsideIsNothing) {
  Runner run(DemoAgreement());
  Convoy convoy = Southwards({Drone(), Radar()});
  convoy.velocity_en_mps = {0, -1e-3};
  convoy.head_en_m = {-1200, 880};  // three of eight inside
  for (int t = 0; t < 240; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
}

TEST(GroupInZoneEvents, SecondSensorThatComesLaterVerifies) {
  Runner run(DemoAgreement());
  Convoy convoy = Southwards({Radar()});
  for (int t = 0; t < 60; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
  EXPECT_THAT(run.States(), ElementsAre(kCandidate));
  convoy.eyes = {Drone(), Radar()};
  for (int t = 60; t < 120; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated, kVerified));
  EXPECT_EQ(run.Events(), 1u);
}

TEST(GroupInZoneEvents, OutageOfBothSensorsMidwayLeavesOneEvent) {
  Runner run(DemoAgreement());
  for (int t = 0; t < 42; ++t)
    run.Feed(PictureBuilder(t).Add(Southwards({Drone(), Radar()})).Build());
  ASSERT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated));
  for (int t = 42; t < 90; ++t) run.Feed(PictureBuilder(t).Build());  // nothing is seen at all
  Convoy again = Southwards({Drone(), Radar()});
  again.group = 8;
  again.first_track = 200;  // fusion begins anew
  for (int t = 90; t < 130; ++t) run.Feed(PictureBuilder(t).Add(again).Build());
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated, kVerified));
  EXPECT_EQ(run.Events(), 1u);
}

TEST(GroupInZoneEvents, SensorThatFellSilentDoesNotVerify) {
  // The radar's last measurement is from before the convoy was inside for long enough.
  Runner run(DemoAgreement());
  for (int t = 0; t < 120; ++t) {
    Picture picture = PictureBuilder(t).Add(Southwards({Drone(), Radar()})).Build();
    for (Track& track : picture.tracks) track.supports[1].last = std::min(At(t), At(25));
    run.Feed(picture);
  }
  for (const EventState state : run.States()) EXPECT_NE(state, kVerified);
  EXPECT_EQ(run.Events(), 1u);
}

TEST(GroupInZoneEvents, ShortExcursionOverTheLineIsNothing) {
  Runner run(DemoAgreement());
  Convoy convoy = Southwards({Drone(), Radar()});
  for (int t = 0; t < 120; ++t) {
    // Two seconds inside, then out again.
    convoy.head_en_m = {-1200, (t == 50 || t == 51) ? 500 : 1800};
    convoy.velocity_en_mps = {0, -1e-3};
    run.Feed(PictureBuilder(t).Add(convoy).Build());
  }
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
}

TEST(GroupInZoneEvents, CivilianTrafficIsNothing) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> east(-5000, 5000);
  std::uniform_real_distribution<double> speed(8, 20);
  std::vector<Eigen::Vector3d> cars;
  for (int i = 0; i < 60; ++i) cars.push_back({east(random), east(random), speed(random)});
  Runner run(DemoAgreement());
  for (int t = 0; t < 240; ++t) {
    PictureBuilder picture(t);
    for (std::size_t i = 0; i < cars.size(); ++i) {
      const double direction = i % 2 ? 1.0 : -1.0;
      picture.AddAlone(1 + i, {cars[i].x(), cars[i].y() + direction * cars[i].z() * t},
                       {0, direction * cars[i].z()}, {Drone(), Radar()});
    }
    // Three cars behind one another are a group for fusion and too few for the agreement.
    picture.Add({.group = 900,
                 .first_track = 900,
                 .count = 3,
                 .head_en_m = {2000, -900},
                 .velocity_en_mps = {0, 8},
                 .eyes = {Drone(), Radar()}});
    run.Feed(picture.Build());
  }
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
  EXPECT_THAT(run.Of(FindingKind::kNotifiedMovement), IsEmpty());
}

TEST(GroupInZoneEvents, OutsideThePhaseNothingIsAnEvent) {
  Runner run(
      DemoAgreement("end_utc: \"2026-03-22T00:00:00Z\"", "end_utc: \"2026-03-01T12:00:30Z\""));
  for (int t = 0; t < 120; ++t)
    run.Feed(PictureBuilder(t).Add(Southwards({Drone(), Radar()})).Build());
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
}

TEST(GroupInZoneEvents, LivePicturesDecideNothing) {
  Runner run(DemoAgreement());
  for (int t = 0; t < 120; ++t) {
    Picture picture = PictureBuilder(t).Add(Southwards({Drone(), Radar()})).Build();
    picture.settled = false;
    run.Feed(picture);
  }
  EXPECT_THAT(run.findings, IsEmpty());
}

TEST(GroupInZoneEvents, ExerciseIsMarked) {
  Runner run(DemoAgreement());
  for (int t = 0; t < 120; ++t)
    run.Feed(PictureBuilder(t).Add(Southwards({Drone(), Radar()})).Exercise().Build());
  for (const Finding& finding : run.findings) EXPECT_TRUE(finding.exercise);
  EXPECT_FALSE(run.findings.empty());
}

TEST(GroupInZoneEvents, PicturesOutOfOrderAreRefusedWithoutEffect) {
  Runner run(DemoAgreement());
  run.Feed(PictureBuilder(5).Build());
  EXPECT_FALSE(run.engine.Advance(PictureBuilder(5).Build()));
  EXPECT_FALSE(run.engine.Advance(PictureBuilder(4).Build()));
  EXPECT_TRUE(run.engine.Advance(PictureBuilder(6).Build()));
}

TEST(Heartbeat, ComesAtItsCadenceAlsoWhenNothingHappens) {
  Runner run(DemoAgreement());
  for (int t = 0; t <= 95; ++t) run.Feed(PictureBuilder(t).Build());
  const auto beats = run.Of(FindingKind::kHeartbeat);
  ASSERT_THAT(beats, SizeIs(3));
  EXPECT_EQ(beats[0].time, At(30));
  EXPECT_EQ(beats[2].time, At(90));
  EXPECT_THAT(beats[2].reason, HasSubstr("30 pictures examined"));
  EXPECT_THAT(beats[2].reason, HasSubstr("no source"));
}

}  // namespace
}  // namespace trucewatch
