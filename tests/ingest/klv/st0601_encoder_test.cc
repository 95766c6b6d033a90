// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/st0601_encoder.h"

#include <gtest/gtest.h>

#include <random>

#include "ingest/klv/platform_state.h"
#include "tests/ingest/klv/klv_test_support.h"

namespace trucewatch {
namespace {

double UniformIn(std::mt19937_64& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random() >> 11) * 0x1.0p-53;
}

TEST(EncodeSt0601, WritesTheExampleBytesOfTheStandard) {
  St0601Fields fields;
  fields.time = Instant::FromMicros(0x000459F4A6AA4AA8);
  fields.mission_id = "MISSION01";
  fields.sensor_altitude_msl_m = 14190.719;
  fields.horizontal_fov = Angle::Degrees(144.571298);
  fields.version = 13;
  const std::string packet = EncodeSt0601(fields);
  EXPECT_EQ(
      HexEncode(AsBytes(packet)).substr(0, 98),
      HexEncode(AsBytes(testing::FromHex("060e2b34020b01010e01030101000000 24 0208000459f4a6aa4aa8"
                                         "03094d495353494f4e3031 0f02c221 1002cd9c 41010d"))));
  EXPECT_TRUE(testing::Decode(packet).checksum_ok());
}

TEST(EncodeSt0601, DecodesToTheSameValues) {
  std::mt19937_64 random(21);
  for (int i = 0; i < 500; ++i) {
    St0601Fields f;
    f.time = Instant::FromMicros(static_cast<std::int64_t>(random() % 4'000'000'000'000'000));
    f.platform_heading = Angle::Degrees(UniformIn(random, 0, 360));
    f.platform_pitch = Angle::Degrees(UniformIn(random, -60, 60));
    f.platform_roll = Angle::Degrees(UniformIn(random, -60, 60));
    f.sensor = Geodetic::FromDegrees(UniformIn(random, -80, 80), UniformIn(random, -180, 180),
                                     UniformIn(random, -500, 15000));
    f.horizontal_fov = Angle::Degrees(UniformIn(random, 0.1, 60));
    f.vertical_fov = Angle::Degrees(UniformIn(random, 0.1, 60));
    f.sensor_azimuth = Angle::Degrees(UniformIn(random, 0, 360));
    f.sensor_elevation = Angle::Degrees(UniformIn(random, -90, 0));
    f.sensor_roll = Angle::Degrees(UniformIn(random, 0, 360));
    f.slant_range_m = UniformIn(random, 0, 50000);
    f.frame_center =
        Geodetic::FromDegrees(f.sensor->latitude.deg(), f.sensor->longitude.deg(), 100);
    f.operational_mode = OperationalMode::kExercise;
    f.platform_ground_speed_mps = 41.4;
    const std::string packet = EncodeSt0601(f);
    EXPECT_EQ(packet, EncodeSt0601(f));
    const UasDatalink set = testing::Decode(packet);
    ASSERT_TRUE(set.checksum_ok());
    EXPECT_TRUE(set.problems.empty());
    EXPECT_EQ(set.items.front().tag, 2U);
    EXPECT_EQ(set.items.back().tag, 1U);
    EXPECT_EQ(set.time, f.time);
    EXPECT_NEAR(*set.Number(5), f.platform_heading->deg(), 360.0 / 65535);
    EXPECT_NEAR(*set.Number(90), f.platform_pitch->deg(), 1e-7);
    EXPECT_NEAR(*set.Number(91), f.platform_roll->deg(), 1e-7);
    EXPECT_EQ(set.Number(6).has_value(), std::abs(f.platform_pitch->deg()) <= 20);
    EXPECT_EQ(set.Number(7).has_value(), std::abs(f.platform_roll->deg()) <= 50);
    EXPECT_NEAR(*set.Number(13), f.sensor->latitude.deg(), 5e-8);
    EXPECT_NEAR(*set.Number(14), f.sensor->longitude.deg(), 1e-7);
    EXPECT_NEAR(*set.Number(75), f.sensor->height_hae_m, 0.16);
    EXPECT_NEAR(*set.Number(104), f.sensor->height_hae_m, 0.01);
    EXPECT_NEAR(*set.Number(16), f.horizontal_fov->deg(), 0.002);
    EXPECT_NEAR(*set.Number(18), f.sensor_azimuth->deg(), 1e-7);
    EXPECT_NEAR(*set.Number(19), f.sensor_elevation->deg(), 1e-7);
    EXPECT_NEAR(*set.Number(21), *f.slant_range_m, 0.002);
    EXPECT_EQ(set.Number(56), 41);
    EXPECT_EQ(set.Number(77), 3);
  }
}

TEST(EncodeSt0601, CornersAreWrittenAsOffsetsWhereTheyFit) {
  St0601Fields f;
  f.frame_center = Geodetic::FromDegrees(10, 179.99, 0);
  f.corners = {Geodetic::FromDegrees(10.05, -179.97, 0), Geodetic::FromDegrees(10.01, 179.95, 0),
               Geodetic::FromDegrees(9, 179.95, 0), Geodetic::FromDegrees(9.96, 179.95, 0)};
  const UasDatalink set = testing::Decode(EncodeSt0601(f));
  EXPECT_NEAR(*set.Number(26), 0.05, 2e-6);
  EXPECT_NEAR(*set.Number(27), 0.04, 2e-6);  // across the antimeridian
  EXPECT_FALSE(set.Find(30));                // a degree away does not fit
  EXPECT_NEAR(*set.Number(86), 9, 1e-7);
  EXPECT_NEAR(*set.Number(83), -179.97, 1e-7);
}

TEST(EncodeSt0601, TextsAreCutBetweenCharacters) {
  St0601Fields f;
  f.mission_id = std::string(126, 'x') + "\xC3\xB6";
  EXPECT_EQ(testing::Decode(EncodeSt0601(f)).Text(3), std::string(126, 'x'));
}

}  // namespace
}  // namespace trucewatch
