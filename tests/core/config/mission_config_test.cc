// SPDX-License-Identifier: Apache-2.0
#include "core/config/mission_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

const char kGood[] = R"(name: "demo"
status: EXERCISE
start_utc: "2026-03-01T06:00:00Z"
origin_lat_deg: 15.5 origin_lon_deg: 32.0 origin_height_hae_m: 400
terrain { sigma_m: 1 geoid_undulation_m: 2 }
source {
  id: "drone1" file: "drone1.ts" format: MPEGTS_KLV
  platform: "uav1" station: "north" clock: "gnss1" georeference: "ins1"
  position_sigma_m: 3 platform_angle_sigma_deg: 0.1 sensor_angle_sigma_deg: 0.1
}
detect {
  threads: 2 working_gsd_m: 0.4 min_speed_mps: 1.5 max_speed_mps: 40 min_size_m: 2.5 max_size_m: 20
  observation_period_s: 0.5 detection_probability: 0.9 false_alarms_per_km2: 0.1
}
fusion {
  hold_s: 10 picture_period_s: 1 group_distance_m: 120 group_speed_mps: 4 group_min_count: 5
  confirm_existence: 0.9 delete_existence: 0.05
}
verify { agreement_file: "agreement.txtpb" heartbeat_s: 30 }
evidence { ledger_origin: "exercise.trucewatch.example/demo" log_key_file: "log.key" }
)";

Result<MissionFile> Load(const std::string& text) {
  testing::TempDirectory directory;
  const std::string path = directory.File("mission.txtpb");
  std::ofstream(path) << text;
  auto loaded = LoadMissionConfig(path);
  // The folder's name is random: messages are compared without it.
  if (!loaded) {
    std::string& message = loaded.error().message;
    for (std::size_t at; (at = message.find(directory.path() + "/")) != std::string::npos;) {
      message.erase(at, directory.path().size() + 1);
    }
  }
  return loaded;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(MissionConfig, GoodFileLoadsWithPathsRelativeToItsFolder) {
  const auto file = Load(kGood);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->config.name(), "demo");
  EXPECT_EQ(file->text, kGood);
  EXPECT_EQ(file->Resolve("drone1.ts"), file->directory + "/drone1.ts");
  EXPECT_EQ(file->Resolve("/data/x.ts"), "/data/x.ts");
  EXPECT_EQ(FormatUtc(file->start()), "2026-03-01T06:00:00Z");
  EXPECT_NEAR(file->origin().latitude.deg(), 15.5, 1e-12);
  EXPECT_NEAR(file->origin().longitude.deg(), 32.0, 1e-12);
  EXPECT_EQ(file->origin().height_hae_m, 400);
}

TEST(MissionConfig, EachBadValueIsNamedWithItsLineAndWhatWasExpected) {
  const struct {
    const char* from;
    const char* to;
    const char* message;
  } cases[] = {
      {"hold_s: 10", "hold_s: -1",
       "mission.txtpb:16: fusion.hold_s: -1 is out of range; expected 0 to 600"},
      {"status: EXERCISE", "",
       "mission.txtpb:1: status: is missing; expected EXERCISE or OPERATIONAL"},
      {"drone1\" file", "dr one\" file", "mission.txtpb:7: source[0].id: 'dr one' is no name"},
      {"06:00:00Z", "06:00:00",
       "mission.txtpb:3: start_utc: '2026-03-01T06:00:00' is not a UTC time"},
      {"exercise.trucewatch", "trucewatch",
       "mission.txtpb:20: evidence.ledger_origin: must start with 'exercise.'"},
      {"clock: \"gnss1\"", "", "mission.txtpb:6: source[0].clock: is missing; it is required"},
      {"threads: 2", "threads: 0",
       "mission.txtpb:12: detect.threads: 0 is out of range; expected 1 to 64"},
  };
  for (const auto& c : cases) {
    const auto file = Load(Replaced(kGood, c.from, c.to));
    ASSERT_FALSE(file) << c.to;
    EXPECT_THAT(file.error().message, HasSubstr(c.message));
    EXPECT_EQ(ExitCode(file.error()), 3);
  }
}

TEST(MissionConfig, UnknownFieldsRepeatedFieldsAndWrongTypesAreRefusedWithLineAndColumn) {
  EXPECT_THAT(Load(Replaced(kGood, "hold_s", "hold")).error().message,
              HasSubstr("mission.txtpb:16:7: Message type \"trucewatch.v1.config.FusionConfig\" "
                        "has no field named \"hold\""));
  EXPECT_THAT(Load(Replaced(kGood, "hold_s: 10", "hold_s: 10 hold_s: 11")).error().message,
              HasSubstr("mission.txtpb:16:"));
  EXPECT_THAT(Load(Replaced(kGood, "hold_s: 10", "hold_s: \"ten\"")).error().message,
              HasSubstr("mission.txtpb:16:11: Expected double, got: \"ten\""));
}

TEST(MissionConfig, MissingFileAndFolderWithoutMissionSaySo) {
  testing::TempDirectory directory;
  EXPECT_EQ(LoadMissionConfig(directory.File("none.txtpb")).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(LoadMissionConfig(directory.path()).error().message,
              HasSubstr("holds no mission.txtpb"));
}

}  // namespace
}  // namespace trucewatch
