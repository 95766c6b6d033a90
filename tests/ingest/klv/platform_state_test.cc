// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/platform_state.h"

#include <gtest/gtest.h>

#include "core/geo/terrain.h"
#include "ingest/klv/st0601_encoder.h"
#include "tests/ingest/klv/klv_test_support.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

// The geometry fact sheet's reference: sensor 36.2, 37.15, 2000 m; frame centre on 400 m ground.
St0601Fields Reference() {
  St0601Fields f;
  f.time = Instant::FromMicros(1'700'000'000'000'000);
  f.sensor = Geodetic::FromDegrees(36.2, 37.15, 2000);
  f.platform_heading = Angle::Degrees(45);
  f.platform_pitch = Angle::Degrees(2);
  f.platform_roll = Angle::Degrees(-3);
  f.sensor_azimuth = Angle::Degrees(30);
  f.sensor_elevation = Angle::Degrees(-25);
  f.sensor_roll = Angle::Degrees(0);
  f.horizontal_fov = Angle::Degrees(10);
  f.vertical_fov = Angle::Degrees(5.65);
  f.frame_center = Geodetic::FromDegrees(36.2089010, 37.1932359, 400);
  f.slant_range_m = 4319.698;
  return f;
}

PlatformState StateOf(const St0601Fields& fields, double undulation_m = 0) {
  return PlatformStateFromSt0601(testing::Decode(EncodeSt0601(fields)), {undulation_m, {}});
}

TEST(PlatformState, StandardAnglesClose) {
  const PlatformState state = StateOf(Reference());
  ASSERT_TRUE(state.pose) << state.problem;
  EXPECT_EQ(state.convention, AngleConvention::kStandard);
  EXPECT_LT(state.closure->deg(), 0.01);
  EXPECT_NEAR(state.pose->position.height_hae_m, 2000, 0.01);  // item 104, finer than 75
  EXPECT_NEAR(state.pose->platform_roll.deg(), -3, 1e-6);      // item 91, finer than 7
  EXPECT_FALSE(state.exercise);
  EXPECT_EQ(state.time, Reference().time);
}

TEST(PlatformState, TrueAzimuthAndElevationAreRecognised) {
  const UasDatalink day = testing::Decode(testing::FromHex(testing::kDayFlightPacket));
  const PlatformState state = PlatformStateFromSt0601(day, {-24.7, {}});
  ASSERT_TRUE(state.pose) << state.problem;
  EXPECT_EQ(state.convention, AngleConvention::kAbsolute);
  EXPECT_LT(state.closure->deg(), 0.1);
  EXPECT_EQ(state.pose->platform_heading.deg(), 0);
  EXPECT_NEAR(state.pose->sensor_azimuth.deg(), 46.1031, 1e-4);
  // Item 15 is above mean sea level.
  EXPECT_NEAR(state.pose->position.height_hae_m, 1532.27 - 24.7, 0.01);
}

TEST(PlatformState, AnglesThatContradictTheFrameCentreGiveNoPose) {
  St0601Fields f = Reference();
  f.frame_center = Geodetic::FromDegrees(36.25, 37.10, 400);
  f.slant_range_m.reset();
  const PlatformState state = StateOf(f);
  EXPECT_FALSE(state.pose);
  EXPECT_NE(state.problem.find("misses the frame centre"), std::string::npos) << state.problem;
  EXPECT_TRUE(state.frame_center);
}

// The frame centre moved so that the boresight misses it by about `deg`.
St0601Fields Missing(double deg) {
  St0601Fields f = Reference();
  f.sensor_elevation = Angle::Degrees(-25 - deg);
  return f;
}

TEST(PlatformState, ASmallMissKeepsThePoseWithAWiderSigma) {
  const auto state_of = [](double miss_deg, double sigma_deg) {
    CameraPoseSigma sigma;
    sigma.sensor_angles = Angle::Degrees(sigma_deg);
    return PlatformStateFromSt0601(testing::Decode(EncodeSt0601(Missing(miss_deg))), {0, sigma});
  };
  const PlatformState small = state_of(3, 0.1);
  ASSERT_TRUE(small.pose) << small.problem;
  EXPECT_EQ(small.convention, AngleConvention::kStandard);
  EXPECT_NEAR(small.closure->deg(), 3, 0.1);
  EXPECT_TRUE(small.sigma_widened);
  EXPECT_EQ(small.sigma.sensor_angles, *small.closure);
  // A miss that the stated error explains changes nothing.
  const PlatformState explained = state_of(0.25, 0.1);
  EXPECT_FALSE(explained.sigma_widened);
  EXPECT_NEAR(explained.sigma.sensor_angles.deg(), 0.1, 1e-12);
  EXPECT_TRUE(state_of(0.5, 0.1).sigma_widened);
  const PlatformState refused = state_of(8, 0.1);
  EXPECT_FALSE(refused.pose);
  EXPECT_NE(refused.problem.find("read as true azimuth and elevation"), std::string::npos)
      << refused.problem;
}

TEST(PlatformState, LevelledAndDownwardAnglesAreRecognised) {
  // Roll and pitch that count for nothing: the sensor is levelled.
  St0601Fields levelled = Reference();
  levelled.platform_pitch = levelled.platform_roll = Angle();
  levelled.frame_center.reset();
  levelled.slant_range_m.reset();
  const auto toward = *StateOf(levelled).pose;
  CameraPose pose = toward;
  pose.width_px = pose.height_px = 2;
  const auto ground = GroundFromPixel(pose, 1, 1, FlatTerrain(400, 1));
  ASSERT_TRUE(ground);
  levelled.frame_center = *ground;
  levelled.platform_pitch = Angle::Degrees(9);
  levelled.platform_roll = Angle::Degrees(14);
  const PlatformState state = StateOf(levelled);
  ASSERT_TRUE(state.pose) << state.problem;
  EXPECT_EQ(state.convention, AngleConvention::kLevelled);
  EXPECT_LT(state.closure->deg(), 0.01);

  St0601Fields downward = Reference();
  downward.sensor_elevation = -*downward.sensor_elevation;
  EXPECT_EQ(StateOf(downward).convention, AngleConvention::kDepression);
  EXPECT_LT(StateOf(downward).closure->deg(), 0.01);
}

TEST(PlatformState, WithoutFrameCentreTheStandardIsTakenUntested) {
  St0601Fields f = Reference();
  f.frame_center.reset();
  const PlatformState state = StateOf(f);
  ASSERT_TRUE(state.pose);
  EXPECT_EQ(state.convention, AngleConvention::kUntested);
  EXPECT_FALSE(state.closure);
}

TEST(PlatformState, MissingItemsAreNamed) {
  St0601Fields f = Reference();
  f.platform_heading.reset();
  f.horizontal_fov.reset();
  const PlatformState state = StateOf(f);
  EXPECT_FALSE(state.pose);
  EXPECT_EQ(state.problem, "no pose: without heading (5), horizontal field of view (16)");
}

TEST(PlatformState, ExerciseIsSeenInModeAndMission) {
  for (const auto& [mode, exercise] :
       {std::pair(OperationalMode::kOperational, false),
        std::pair(OperationalMode::kTraining, true), std::pair(OperationalMode::kExercise, true),
        std::pair(OperationalMode::kTest, true), std::pair(OperationalMode::kOther, false)}) {
    St0601Fields f = Reference();
    f.operational_mode = mode;
    EXPECT_EQ(StateOf(f).exercise, exercise);
  }
  St0601Fields f = Reference();
  f.mission_id = "EXERCISE demo";
  EXPECT_TRUE(StateOf(f).exercise);
}

TEST(PlatformState, RealRecordingsClose) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/cheyenne-flight.klv");
  int closed = 0;
  int packets = 0;
  for (const KlvPacket& packet : testing::PacketsOf(SplitKlv(AsBytes(testing::ReadAll(path))))) {
    const PlatformState state = PlatformStateFromSt0601(*DecodeSt0601(packet), {0, {}});
    ++packets;
    if (state.convention == AngleConvention::kStandard) ++closed;
    EXPECT_NE(state.convention, AngleConvention::kAbsolute) << packet.offset;
  }
  EXPECT_EQ(packets, 407);
  EXPECT_GE(closed, 380);
  RecordProperty("closed", closed);
}

TEST(SlowItemMemory, KeepsWhatChangesSlowlyForThirtySeconds) {
  SlowItemMemory memory;
  memory.Complete(testing::Decode(EncodeSt0601(Reference())));
  St0601Fields f = Reference();
  f.horizontal_fov.reset();
  f.sensor_azimuth.reset();
  f.time = f.time + Duration::Seconds(29);
  const UasDatalink soon = memory.Complete(testing::Decode(EncodeSt0601(f)));
  EXPECT_NEAR(soon.Number(16).value_or(0), 10, 0.002);
  EXPECT_FALSE(soon.Number(18));  // a direction does not keep
  f.time = f.time + Duration::Seconds(2);
  EXPECT_FALSE(memory.Complete(testing::Decode(EncodeSt0601(f))).Number(16));
}

}  // namespace
}  // namespace trucewatch
