// SPDX-License-Identifier: Apache-2.0
// Withdrawal lines, concentrations, storage sites, permitted corridors: what becomes an event and
// what does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/verify/scene.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::Change;
using testing::Convoy;
using testing::Drone;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kCandidate;
using testing::kCorroborated;
using testing::kVerified;
using testing::Observation;
using testing::Pass;
using testing::PictureBuilder;
using testing::Radar;
using testing::Runner;
using testing::Satellite;
using ::testing::SizeIs;
using testing::Thermal;
using testing::WholeAgreement;

const ClassProbabilities kTracked = {{ObjectClass::kTrackedVehicle, 0.96},
                                     {ObjectClass::kUnknownVehicle, 0.04}};
const ClassProbabilities kCar = {{ObjectClass::kLightVehicle, 0.9},
                                 {ObjectClass::kUnknownVehicle, 0.1}};

// One vehicle by itself, southwards over the line at north = -2000 at t = 20.
Convoy Alone(std::uint64_t track, const ClassProbabilities& classes, std::vector<testing::Eye> eyes,
             double east_m = 0.0) {
  return {.group = 0,
          .first_track = track,
          .count = 1,
          .head_en_m = {east_m, -1800},
          .velocity_en_mps = {0, -10},
          .existence = 1.0,
          .eyes = std::move(eyes),
          .classes = classes};
}

TEST(VehicleInZone, OneTrackedVehicleOverTheLineIsOneEvent) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 90; ++t)
    run.Feed(PictureBuilder(t).Add(Alone(1, kTracked, {Drone(), Thermal()})).Build());
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated, kVerified));
  const Finding verified = run.Of(FindingKind::kEventTransition).back();
  EXPECT_EQ(verified.rule, "line");
  EXPECT_EQ(verified.zone, "south");
  EXPECT_EQ(verified.object_class, ObjectClass::kTrackedVehicle);
  EXPECT_THAT(verified.members, ElementsAre(TrackId{1}));
  EXPECT_THAT(verified.reason, HasSubstr("At least 1 tracked vehicle was inside zone 'Area south"));
}

TEST(VehicleInZone, ARadarDoesNotVerifyWhatKindOfVehicleItIs) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 200; ++t)
    run.Feed(PictureBuilder(t).Add(Alone(1, kTracked, {Drone(), Radar()})).Build());
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated));
  EXPECT_THAT(run.Of(FindingKind::kEventTransition).back().reason,
              HasSubstr("what kind of vehicle it is rests on drone1 (video) alone"));
}

TEST(VehicleInZone, SeenByOneSensorItStaysCandidate) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 200; ++t)
    run.Feed(PictureBuilder(t).Add(Alone(1, kTracked, {Drone()})).Build());
  EXPECT_THAT(run.States(), ElementsAre(kCandidate));
}

TEST(VehicleInZone, ACivilianCarIsNothingAndStaysOutOfAnothersEvent) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 90; ++t)
    run.Feed(PictureBuilder(t).Add(Alone(1, kCar, {Drone(), Radar()})).Build());
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());

  Runner both(WholeAgreement());
  for (int t = 0; t < 90; ++t) {
    both.Feed(PictureBuilder(t)
                  .Add(Alone(1, kCar, {Drone(), Radar()}, 30))
                  .Add(Alone(2, kTracked, {Drone()}))
                  .Build());
  }
  // Only the drone saw the tracked vehicle: the radar's view of the car beside it says nothing.
  EXPECT_THAT(both.States(), ElementsAre(kCandidate));
  EXPECT_THAT(both.Of(FindingKind::kEventTransition)[0].members, ElementsAre(TrackId{2}));
}

TEST(VehicleInZone, FarApartTwoEventsNearOneAnotherOne) {
  for (const auto& [apart_m, events] : {std::pair{100.0, 1u}, std::pair{3000.0, 2u}}) {
    Runner run(WholeAgreement());
    for (int t = 0; t < 60; ++t) {
      run.Feed(PictureBuilder(t)
                   .Add(Alone(1, kTracked, {Drone()}))
                   .Add(Alone(2, kTracked, {Drone()}, apart_m))
                   .Build());
    }
    EXPECT_EQ(run.Events(), events) << apart_m;
  }
}

TEST(VehicleInZone, OfSeveralAllInTheZoneCountTogetherOrNot) {
  const std::string from = "object_class: TRACKED_VEHICLE\n  min_count: 1";
  for (const auto& [count, expected] : {std::pair{3, 1u}, std::pair{4, 0u}}) {
    Runner run(
        WholeAgreement(from, fmt::format("object_class: TRACKED_VEHICLE\n  min_count: {}", count)));
    for (int t = 0; t < 60; ++t) {
      run.Feed(PictureBuilder(t)
                   .Add(Alone(1, kTracked, {Drone()}))
                   .Add(Alone(2, kTracked, {Drone()}, 2500))
                   .Add(Alone(3, kTracked, {Drone()}, -2500))
                   .Build());
    }
    EXPECT_EQ(run.Events(), expected);
  }
}

TEST(VehicleInZone, InTheCorridorAFittingVehicleIsCoveredAndAnotherIsNot) {
  const ClassProbabilities truck = {{ObjectClass::kTruck, 0.9},
                                    {ObjectClass::kUnknownVehicle, 0.1}};
  const std::string from = "object_class: TRACKED_VEHICLE\n  min_count: 1";
  const std::string to = "object_class: TRACKED_VEHICLE object_class: TRUCK\n  min_count: 1";
  Runner run(WholeAgreement(from, to));
  Runner tracked(WholeAgreement(from, to));
  Runner beside(WholeAgreement(from, to));
  for (int t = 0; t < 60; ++t) {
    run.Feed(PictureBuilder(t).Add(Alone(1, truck, {Drone()}, -3000)).Build());
    tracked.Feed(PictureBuilder(t).Add(Alone(1, kTracked, {Drone()}, -3000)).Build());
    beside.Feed(PictureBuilder(t).Add(Alone(1, truck, {Drone()}, -2500)).Build());
  }
  EXPECT_EQ(run.Events(), 0u);
  EXPECT_EQ(tracked.Events(), 1u);
  EXPECT_EQ(beside.Events(), 1u);
}

TEST(Concentration, AboutThirtyPeopleOnOneModalityAreACandidate) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 300; ++t) {
    run.Feed(PictureBuilder(t)
                 .AddWhole(900, {500, -3000}, ObjectClass::kPersonGroup, 30.2, 24, 37, {Drone()})
                 .Build());
  }
  EXPECT_THAT(run.States(), ElementsAre(kCandidate));
  const Finding finding = run.Of(FindingKind::kEventTransition)[0];
  EXPECT_EQ(finding.rule, "people");
  EXPECT_EQ(finding.object_class, ObjectClass::kPersonGroup);
  EXPECT_EQ(finding.count_min, 24);
  EXPECT_EQ(finding.count_max, 37);
  EXPECT_THAT(finding.members, IsEmpty());
  ASSERT_THAT(finding.supports, SizeIs(1));
  EXPECT_THAT(finding.reason, HasSubstr("About 30 people (24 to 37) were together inside zone"));
}

TEST(Concentration, TooFewPeopleOrOutsideOrVehiclesAreNothing) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 60; ++t) {
    run.Feed(
        PictureBuilder(t)
            .AddWhole(900, {500, -3000}, ObjectClass::kPersonGroup, 15, 11, 19, {Drone()})
            .AddWhole(901, {500, -1500}, ObjectClass::kPersonGroup, 40, 33, 47, {Drone()})
            .AddWhole(902, {900, -3000}, ObjectClass::kPersonGroup, 2, 1, 3, {Drone()})
            .AddWhole(903, {1500, -3000}, ObjectClass::kPersonGroup, 30, 24, 36, {Drone()}, 150)
            .Build());
  }
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
}

TEST(Concentration, ASecondIndependentLineageVerifiesThePeopleToo) {
  Runner run(WholeAgreement());
  testing::Eye infrared = testing::SecondDrone();
  infrared.lineage.modality = Modality::kVideoInfrared;
  infrared.lineage.model = "motion-2";
  for (int t = 0; t < 60; ++t) {
    run.Feed(
        PictureBuilder(t)
            .AddWhole(900, {500, -3000}, ObjectClass::kPersonGroup, 30, 24, 37, {Drone(), infrared})
            .Build());
  }
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated, kVerified));
}

TEST(Concentration, StandingVehiclesAsAWholeAndTrackedOnesNearOneAnother) {
  Runner whole(WholeAgreement());
  Runner tracked(WholeAgreement());
  Runner spread(WholeAgreement());
  Convoy convoy{.group = 7,
                .first_track = 100,
                .count = 6,
                .head_en_m = {0, -3000},
                .velocity_en_mps = {0, -1e-3},
                .eyes = {Drone(), Radar()}};
  Convoy wide = convoy;
  wide.spacing_m = 150;
  for (int t = 0; t < 60; ++t) {
    whole.Feed(PictureBuilder(t)
                   .AddWhole(910, {0, -3000}, ObjectClass::kUnknownVehicle, 8, 7, 9, {Satellite()})
                   .Build());
    tracked.Feed(PictureBuilder(t).Add(convoy).Build());
    spread.Feed(PictureBuilder(t).Add(wide).Build());
  }
  EXPECT_THAT(whole.States(), ElementsAre(kCandidate));
  EXPECT_THAT(tracked.States(), ElementsAre(kCandidate, kCorroborated, kVerified));
  EXPECT_THAT(spread.Of(FindingKind::kEventTransition), IsEmpty());
}

TEST(SiteChanged, AVehicleThatVanishedBetweenTwoPassesIsACandidate) {
  Runner run(WholeAgreement());
  run.Look(Pass(-3600, 10,
                {Change(ChangeKind::kVanished, {3000, -2600}, 0.9),
                 Change(ChangeKind::kVanished, {3500, -2600}, 0.9)}));
  EXPECT_THAT(run.States(), ElementsAre(kCandidate));
  const Finding finding = run.Of(FindingKind::kEventTransition)[0];
  EXPECT_EQ(finding.rule, "site");
  EXPECT_EQ(finding.time_first, At(-3600));
  EXPECT_EQ(finding.time_last, At(10));
  EXPECT_NEAR(finding.probability, 0.9, 1e-6);  // the other one is 300 m outside
  EXPECT_FALSE(finding.amended);
  EXPECT_THAT(finding.reason,
              HasSubstr("Compared with the pass of 2026-03-01T11:00:00Z, that of "
                        "2026-03-01T12:00:10Z no longer shows 1 vehicle in zone 'Storage site 1'"));
}

TEST(SiteChanged, EachPairOfPassesIsAnEventOfItsOwnOnce) {
  Runner run(WholeAgreement());
  const auto gone = Change(ChangeKind::kVanished, {3000, -2600}, 0.9);
  run.Look(Pass(-3600, 10, {gone}));
  run.Look(Pass(-3600, 10, {gone}));
  EXPECT_EQ(run.Events(), 1u);
  run.Look(Pass(-3600, 600, {gone}));
  EXPECT_EQ(run.Events(), 2u);
}

TEST(SiteChanged, NothingChangedNoBaselineOrDoubtIsNothing) {
  Runner run(WholeAgreement());
  run.Look(Pass(-3600, 10, {}));
  run.Look(Pass(-3600, 20, {Change(ChangeKind::kVanished, {3000, -2600}, 0.6)}));
  SettledLook first = Pass(-3600, 30, {Change(ChangeKind::kVanished, {3000, -2600}, 0.9)});
  first.baseline.reset();
  run.Look(first);
  EXPECT_THAT(run.findings, IsEmpty());
  EXPECT_FALSE(run.engine.AddLook(Pass(50, 40, {})));
  EXPECT_FALSE(run.engine.AddLook(Pass(
      0, 40, std::vector<SiteChange>(2001, Change(ChangeKind::kVanished, {3000, -2600}, 0.9)))));
}

TEST(SiteChanged, APatrolThatSawItVerifies) {
  Runner run(WholeAgreement());
  run.Look(Pass(-3600, 10, {Change(ChangeKind::kVanished, {3000, -2600}, 0.95)}));
  run.Record(Observation("r1", -1200, {3050, -2550}, 1));
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated, kVerified));
}

// Six trucks northwards on the aid road.
Convoy Aid(std::uint64_t first_track = 500) {
  return {.group = 5,
          .first_track = first_track,
          .count = 6,
          .head_en_m = {-3000, -1300},
          .velocity_en_mps = {0, 10},
          .eyes = {Drone(), Radar()},
          .classes = {{ObjectClass::kTruck, 0.8}, {ObjectClass::kUnknownVehicle, 0.2}}};
}

TEST(PermittedCorridor, AMovementInItIsOnRecordOnceAndNoEvent) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 240; ++t) run.Feed(PictureBuilder(t).Add(Aid()).Build());
  EXPECT_THAT(run.Of(FindingKind::kEventTransition), IsEmpty());
  const auto permitted = run.Of(FindingKind::kPermittedMovement);
  ASSERT_THAT(permitted, SizeIs(1));
  EXPECT_EQ(permitted[0].notification, "aid");
  EXPECT_EQ(permitted[0].time, At(5));
  EXPECT_GE(permitted[0].probability, 0.9);
  EXPECT_THAT(permitted[0].reason, HasSubstr("permitted corridor 'aid'"));
}

TEST(PermittedCorridor, LaterAnotherMovementIsOnRecordToo) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 100; ++t) run.Feed(PictureBuilder(t).Add(Aid()).Build());
  for (int t = 100; t < 450; ++t) run.Feed(PictureBuilder(t).Build());
  Convoy again = Aid(700);
  again.start_s = 450;
  for (int t = 450; t < 500; ++t) run.Feed(PictureBuilder(t).Add(again).Build());
  EXPECT_THAT(run.Of(FindingKind::kPermittedMovement), SizeIs(2));
  EXPECT_EQ(run.Events(), 0u);
}

TEST(PermittedCorridor, LeavingItInsideTheZoneBecomesAnEvent) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 100; ++t) run.Feed(PictureBuilder(t).Add(Aid()).Build());
  ASSERT_EQ(run.Events(), 0u);
  Convoy away = Aid();  // turns west at t = 100
  away.velocity_en_mps = {-10, 0};
  away.head_en_m = Eigen::Vector2d(-3000, -300) + Eigen::Vector2d(10, 0) * 100.0;
  for (int t = 100; t < 200; ++t) run.Feed(PictureBuilder(t).Add(away).Build());
  EXPECT_EQ(run.Events(), 1u);
  EXPECT_GE(run.Of(FindingKind::kEventTransition)[0].time, At(110));
}

TEST(PermittedCorridor, TooManyOrOtherClassesAreNotCovered) {
  Convoy many = Aid();
  many.count = 12;
  Convoy cars = Aid();
  cars.classes = kCar;
  for (const Convoy& convoy : {many, cars}) {
    Runner run(WholeAgreement());
    for (int t = 0; t < 200; ++t) run.Feed(PictureBuilder(t).Add(convoy).Build());
    EXPECT_THAT(run.Of(FindingKind::kPermittedMovement), IsEmpty());
    EXPECT_EQ(run.Events(), 1u);
  }
}

}  // namespace
}  // namespace trucewatch
