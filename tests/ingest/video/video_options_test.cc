// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/video_options.h"

#include <gtest/gtest.h>

namespace trucewatch {
namespace {

v1::config::SourceConfig DroneSource() {
  v1::config::SourceConfig source;
  source.set_id("drone1");
  source.set_platform("uav1");
  source.set_station("north");
  source.set_clock("gnss1");
  source.set_georeference("ins1");
  source.set_position_sigma_m(3);
  source.set_platform_angle_sigma_deg(0.25);
  source.set_sensor_angle_sigma_deg(0.5);
  source.set_detection_probability(0.75);
  source.set_false_alarms_per_km2(0.125);
  return source;
}

TEST(VideoOptions, LineageErrorsAndHeightsComeFromTheConfig) {
  v1::config::TerrainConfig terrain_config;
  terrain_config.set_geoid_undulation_m(2.5);
  const FlatTerrain ground(300, 5);
  const auto options = VideoOptionsFromConfig(DroneSource(), terrain_config, &ground);
  EXPECT_EQ(options.source.value, "drone1");
  EXPECT_EQ(options.lineage.sensor, "drone1");
  EXPECT_EQ(options.lineage.platform, "uav1");
  EXPECT_EQ(options.lineage.station, "north");
  EXPECT_EQ(options.lineage.clock, "gnss1");
  EXPECT_EQ(options.lineage.georeference, "ins1");
  EXPECT_EQ(options.sigma.position_horizontal_m, 3);
  EXPECT_EQ(options.sigma.position_vertical_m, 3);
  EXPECT_DOUBLE_EQ(options.sigma.platform_angles.deg(), 0.25);
  EXPECT_DOUBLE_EQ(options.sigma.sensor_angles.deg(), 0.5);
  EXPECT_EQ(options.geoid_undulation_m, 2.5);
  EXPECT_EQ(options.vmti_detection_probability, 0.75);
  EXPECT_EQ(options.vmti_false_alarms_per_km2, 0.125);
  EXPECT_EQ(options.terrain, &ground);
}

TEST(VideoOptions, TargetsAndSidecarAreUsedOnlyWhereTheConfigSaysSo) {
  auto source = DroneSource();
  source.set_dji_horizontal_fov_deg(70);  // means nothing without a sidecar
  const auto without = VideoOptionsFromConfig(source, {}, nullptr);
  EXPECT_FALSE(without.use_vmti);
  EXPECT_FALSE(without.dji_sidecar);

  source.set_use_vmti(true);
  source.set_dji_srt_file("drone1.srt");
  const auto with = VideoOptionsFromConfig(source, {}, nullptr);
  EXPECT_TRUE(with.use_vmti);
  ASSERT_TRUE(with.dji_sidecar);
  EXPECT_DOUBLE_EQ(with.dji_sidecar->horizontal_fov.deg(), 70);
}

// Zero hours ahead of UTC and a take-off at height zero are statements; leaving them out is not.
TEST(VideoOptions, WhatIsLeftOutOfASidecarStaysUnknownAndZeroDoesNot) {
  auto source = DroneSource();
  const auto unsaid = DjiOptionsFromConfig(source);
  EXPECT_FALSE(unsaid.takeoff_height_hae_m);
  EXPECT_FALSE(unsaid.utc_offset);

  source.set_dji_takeoff_height_hae_m(0);
  source.set_dji_utc_offset_h(0);
  const auto zero = DjiOptionsFromConfig(source);
  EXPECT_EQ(zero.takeoff_height_hae_m, 0.0);
  EXPECT_EQ(zero.utc_offset, Duration());

  source.set_dji_takeoff_height_hae_m(412.5);
  source.set_dji_utc_offset_h(-3.5);  // Newfoundland
  const auto said = DjiOptionsFromConfig(source);
  EXPECT_EQ(said.takeoff_height_hae_m, 412.5);
  EXPECT_EQ(said.utc_offset, Duration::Seconds(-12'600));
}

}  // namespace
}  // namespace trucewatch
