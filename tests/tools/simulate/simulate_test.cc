// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/simulate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/config/mission_config.h"
#include "core/media/demuxer.h"
#include "tests/tools/simulate/demo_scenario.h"
#include "tests/tools/simulate/other_programs.h"

namespace trucewatch::simulate {
namespace {

using ::testing::HasSubstr;
using testing::Have;
using testing::MakeTiny;
using testing::OutputOf;
using testing::WriteDemoScenario;
using trucewatch::testing::TempDirectory;

std::string FileBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

SimulateSummary MustSimulate(const SimulateOptions& options) {
  const auto summary = Simulate(options);
  EXPECT_TRUE(summary) << summary.error().message;
  return summary.value_or(SimulateSummary{});
}

TEST(Simulate, SameSeedGivesTheSameBytesForAnyThreadCountAndAnotherSeedOthers) {
  const TempDirectory in, one, three, other;
  const std::string scenario = WriteDemoScenario(in, "short", MakeTiny);
  const auto summary =
      MustSimulate({.scenario_file = scenario, .out_dir = one.path(), .seed = 5, .threads = 1});
  MustSimulate({.scenario_file = scenario, .out_dir = three.path(), .seed = 5, .threads = 3});
  MustSimulate({.scenario_file = scenario, .out_dir = other.path(), .seed = 6, .threads = 2});
  EXPECT_THAT(summary.files,
              ::testing::UnorderedElementsAre("mission.txtpb", "agreement.txtpb", "drone1.ts",
                                              "radar1.4607", "truth.csv", "truth.json"));
  for (const std::string& file : summary.files) {
    const std::string bytes = FileBytes(one.File(file));
    EXPECT_FALSE(bytes.empty()) << file;
    EXPECT_TRUE(bytes == FileBytes(three.File(file))) << file << " depends on the threads";
    if (file == "agreement.txtpb") continue;
    EXPECT_FALSE(bytes == FileBytes(other.File(file))) << file << " ignores the seed";
  }
}

TEST(Simulate, EverySourceOfTheDemoIsTheSameForAnyThreadCountAndTheFolderCanBeWrittenAgain) {
  const TempDirectory in, one, three;
  const std::string scenario = WriteDemoScenario(in, "scenario", [](auto& s) {
    MakeTiny(s);
    s.mutable_drone(1)->set_width_px(160);
    s.mutable_drone(1)->set_height_px(90);
    s.mutable_radar()->clear_outage();
    s.clear_expected();
    s.mutable_satellite()->mutable_pass(1)->set_acquired_s(2);
    s.mutable_satellite()->mutable_pass(1)->set_delivered_s(4);
    s.mutable_satellite()->set_width_m(200);
    s.mutable_satellite()->set_height_m(200);
    s.mutable_human()->mutable_note()->DeleteSubrange(0, 3);
    s.mutable_human()->mutable_note(0)->set_first_s(1);
    s.mutable_human()->mutable_note(0)->set_last_s(2);
    s.mutable_human()->mutable_note(0)->set_reported_s(3);
  });
  const auto summary =
      MustSimulate({.scenario_file = scenario, .out_dir = one.path(), .seed = 5, .threads = 1});
  for (int again = 0; again < 2; ++again) {
    MustSimulate({.scenario_file = scenario, .out_dir = three.path(), .seed = 5, .threads = 3});
  }
  for (const char* file : {"drone2.ts", "gsr1.pcap", "satellite/catalog.json", "hub/hub.key",
                           "human/imp-2026-03-01-1.note", "field/mission.txtpb"}) {
    EXPECT_THAT(summary.files, ::testing::Contains(file));
  }
  for (const std::string& file : summary.files) {
    EXPECT_FALSE(FileBytes(one.File(file)).empty()) << file;
    EXPECT_TRUE(FileBytes(one.File(file)) == FileBytes(three.File(file))) << file;
  }
  const auto mission = LoadMissionConfig(one.path());
  ASSERT_TRUE(mission) << mission.error().message;
  EXPECT_EQ(mission->config.source_size(), 6);
}

TEST(Simulate, WritesAMissionThatLoadsWithEveryFileInPlace) {
  const TempDirectory in, out;
  const auto summary = MustSimulate({.scenario_file = WriteDemoScenario(in, "short", MakeTiny),
                                     .out_dir = out.File("new/folder")});
  const auto mission = LoadMissionConfig(out.File("new/folder"));
  ASSERT_TRUE(mission) << mission.error().message;
  EXPECT_EQ(mission->config.status(), v1::config::EXERCISE);
  ASSERT_EQ(mission->config.source_size(), 2);
  for (const auto& source : mission->config.source())
    EXPECT_FALSE(FileBytes(mission->Resolve(source.file())).empty());
  const auto& drone = mission->config.source(0);
  const auto& radar = mission->config.source(1);
  EXPECT_NE(drone.platform(), radar.platform());
  EXPECT_NE(drone.station(), radar.station());
  EXPECT_NE(drone.clock(), radar.clock());
  EXPECT_NE(drone.georeference(), radar.georeference());
  EXPECT_EQ(FileBytes(mission->Resolve(mission->config.verify().agreement_file())),
            "title: \"a test\"\n");
  EXPECT_EQ(summary.frames, 20);
  EXPECT_THAT(FileBytes(out.File("new/folder/truth.csv")), HasSubstr(",unannounced,"));
  EXPECT_THAT(FileBytes(out.File("new/folder/truth.json")),
              HasSubstr("\"group\": \"unannounced\""));
}

TEST(Simulate, EveryFrameHasItsMetadataMarkedAsAnExercise) {
  const TempDirectory in, out;
  MustSimulate({.scenario_file = WriteDemoScenario(in, "short", MakeTiny), .out_dir = out.path()});
  const auto demuxer = TsDemuxer::Create();
  auto packets = demuxer->Push(AsBytes(FileBytes(out.File("drone1.ts"))));
  ASSERT_TRUE(packets);
  auto rest = demuxer->Finish();
  ASSERT_TRUE(rest);
  packets->insert(packets->end(), rest->begin(), rest->end());
  int video = 0, klv = 0;
  for (const MediaPacket& packet : *packets) {
    video += packet.kind == MediaKind::kVideo ? 1 : 0;
    if (packet.kind != MediaKind::kKlv) continue;
    ++klv;
    EXPECT_TRUE(packet.pts);
    EXPECT_EQ(packet.data.substr(0, 4), "\x06\x0e\x2b\x34");
    EXPECT_THAT(packet.data, HasSubstr("EXERCISE"));
    EXPECT_THAT(packet.data, HasSubstr("\x4d\x01\x03"));  // item 77, one byte, exercise
  }
  EXPECT_EQ(video, 20);
  EXPECT_EQ(klv, 20);
}

TEST(Simulate, ThirdPartyReadersAcceptTheFiles) {
  if (!Have("ffprobe") || !Have("tshark"))
    GTEST_SKIP() << "ffprobe (ffmpeg) or tshark is not installed";
  const TempDirectory in, out;
  const auto summary = MustSimulate(
      {.scenario_file = WriteDemoScenario(in, "short", MakeTiny), .out_dir = out.path()});
  const std::string streams =
      OutputOf("ffprobe -v error -show_streams -count_packets -of compact " +
               out.File("drone1.ts") + " 2>&1");
  EXPECT_THAT(streams, HasSubstr("codec_name=h264"));
  EXPECT_THAT(streams, HasSubstr("codec_name=klv"));
  EXPECT_THAT(streams, HasSubstr("width=160"));
  EXPECT_EQ(OutputOf("ffmpeg -v error -xerror -i " + out.File("drone1.ts") + " -f null - 2>&1"),
            "");
  // One line a dwell with its targets; nothing malformed.
  std::istringstream dwells(
      OutputOf("tshark -r " + out.File("radar1.4607") +
               " -T fields -e s4607.dwell.count -e _ws.malformed 2>/dev/null"));
  int count = 0, plots = 0;
  for (std::string line; std::getline(dwells, line); ++count) plots += std::stoi(line);
  EXPECT_EQ(count, summary.scans);
  EXPECT_EQ(plots, summary.plots);
}

TEST(Simulate, SaysWhatIsWrongWithItsInput) {
  const TempDirectory in, out;
  EXPECT_EQ(Simulate({.scenario_file = "none.txtpb", .out_dir = out.path()}).error().code,
            ErrorCode::kNotFound);
  std::ofstream(out.File("file")) << "x";
  const auto blocked = Simulate(
      {.scenario_file = WriteDemoScenario(in, "short", MakeTiny), .out_dir = out.File("file/sub")});
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, ErrorCode::kIo);
  const auto horizon = Simulate(
      {.scenario_file = WriteDemoScenario(in, "short",
                                          [](auto& s) {
                                            MakeTiny(s);
                                            s.mutable_drone(0)->set_height_above_ground_m(60);
                                            s.mutable_drone(0)->set_horizontal_fov_deg(60);
                                          }),
       .out_dir = out.path()});
  ASSERT_FALSE(horizon);
  EXPECT_THAT(horizon.error().message, HasSubstr("horizon"));
}

}  // namespace
}  // namespace trucewatch::simulate
