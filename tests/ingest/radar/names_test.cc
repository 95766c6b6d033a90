// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ingest/radar/target_class.h"

namespace trucewatch::stanag4607 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Stanag4607Names, NumbersOfTheListsHaveTheirNames) {
  EXPECT_EQ(ExerciseName(0), "operation_real");
  EXPECT_EQ(ExerciseName(130), "exercise_synthesized");
  EXPECT_EQ(PlatformTypeName(15), "ground_based");
  EXPECT_EQ(PlatformTypeName(41), "p_8a");
  EXPECT_EQ(PlatformTypeName(55), "merlin");
  EXPECT_EQ(PlatformTypeName(255), "other");
  EXPECT_EQ(SensorTypeName(9), "lynx_1");
  EXPECT_EQ(SensorTypeName(27), "vader");
  EXPECT_EQ(SensorTypeName(34), "picosar");
  EXPECT_EQ(SensorTypeName(255), "no_statement");
  EXPECT_EQ(RadarModeName(1), "mti");
  EXPECT_EQ(RadarModeName(25), "joint_stars");
  EXPECT_EQ(RadarModeName(83), "sector_search");
  EXPECT_EQ(RadarModeName(144), "seaspray");
  EXPECT_EQ(TerrainModelName(6), "dted_5");
  EXPECT_EQ(TerrainModelName(13), "sedris");
  EXPECT_EQ(GeoidModelName(3), "flat_earth");
}

TEST(Stanag4607Names, OtherNumbersAreReservedAndNeverOutOfATable) {
  EXPECT_EQ(ExerciseName(3), "reserved");
  EXPECT_EQ(ExerciseName(131), "reserved");
  EXPECT_EQ(PlatformTypeName(56), "reserved");
  EXPECT_EQ(SensorTypeName(35), "reserved");
  EXPECT_EQ(RadarModeName(6), "reserved");
  EXPECT_EQ(RadarModeName(145), "reserved");
  EXPECT_EQ(TerrainModelName(14), "reserved");
  EXPECT_EQ(GeoidModelName(4), "reserved");
  for (int n = 0; n < 256; ++n) {
    const auto number = static_cast<std::uint8_t>(n);
    for (const auto name :
         {ExerciseName(number), PlatformTypeName(number), SensorTypeName(number),
          RadarModeName(number), TerrainModelName(number), GeoidModelName(number)}) {
      EXPECT_FALSE(name.empty()) << n;
    }
    EXPECT_FALSE(TargetClassName(number).empty());
  }
}

TEST(Stanag4607Names, PlatformAndSensorNamesAreDistinct) {
  std::set<std::string_view> platforms, sensors;
  for (std::uint8_t n = 0; n <= 55; ++n) platforms.insert(PlatformTypeName(n));
  for (std::uint8_t n = 0; n <= 34; ++n) sensors.insert(SensorTypeName(n));
  EXPECT_EQ(platforms.size(), 56U);
  EXPECT_EQ(sensors.size(), 35U);
}

TEST(Stanag4607Names, FlagsAreNamedFromTheLowestBitAndSpareBitsAreLeftOut) {
  EXPECT_THAT(FilteringNames(5), ElementsAre("area_filtering", "sector_blanking"));
  EXPECT_THAT(HardwareNames(0x87), ElementsAre("antenna"));
  EXPECT_THAT(ModeNames(0x90), ElementsAre("temperature", "range"));
  EXPECT_THAT(ProcessingNames(0x2001), ElementsAre("area_filtering", "coordinate_conversion"));
  EXPECT_THAT(ProcessingNames(0xC000), IsEmpty());
}

}  // namespace
}  // namespace trucewatch::stanag4607
