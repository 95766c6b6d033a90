// SPDX-License-Identifier: Apache-2.0
// The hub's evidence stage with its door to subscribers, and watch, as processes. The stage before
// it is this test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "core/types/codec.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tests/tools/watch/test_hub.h"
#include "tools/trucewatch/key_files.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using testing::LinesOf;
using testing::Process;
using testing::ReadFile;

constexpr const char* kMission = R"(
name: "watch-test"
status: EXERCISE
start_utc: "2026-03-01T12:00:00Z"
origin_lat_deg: 30
origin_lon_deg: -40
terrain { sigma_m: 10 }
source {
  id: "radar1" format: STANAG4607 platform: "uav1" station: "fs-north" clock: "c" georeference: "g"
}
detect {
  threads: 1 working_gsd_m: 0.3 min_speed_mps: 2.5 max_speed_mps: 50 min_size_m: 2 max_size_m: 20
  observation_period_s: 0.5 detection_probability: 0.8 false_alarms_per_km2: 0.5
}
fusion {
  hold_s: 8 picture_period_s: 1 group_distance_m: 200 group_speed_mps: 4 group_min_count: 5
  confirm_existence: 0.9 delete_existence: 0.05
}
verify { heartbeat_s: 30 }
evidence { ledger_origin: "exercise.trucewatch.example/watch" log_key_file: "log.key" }
bus { ipc_pattern: "ipc://%s.sock" }
)";

class HubProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(State());
    ASSERT_TRUE(WriteHubKeys(directory_.File("hub.key"), MakeCurveKeyPair()));
    const StationKeys station = MakeStationKeys("fs-north");
    const SubscriberKeys side_a{.id = "side-a", .curve = MakeCurveKeyPair()};
    ASSERT_TRUE(WriteSubscriberKeys(directory_.File("a.key"), side_a));
    ASSERT_EQ(testing::RunProcess({testing::TrucewatchProgram(), "keygen",
                                   "exercise.trucewatch.example/watch", "--out",
                                   directory_.File("log.key")})
                  .code,
              0);
    hub_lines_ = "station_endpoint: \"" + testing::FreeEndpoint() + "\"\nsubscriber_endpoint: \"" +
                 endpoint_ + "\"\nkey_file: \"hub.key\"\nlate_after_s: 10\n" +
                 StationPeerLines(station) + testing::PeerLines(side_a, "OFFICERS");
    WriteMission("");
    before_ = LogServer::Start(context_, "ipc://" + State() + "/verify.sock", {{"verify", &log_}})
                  .value();
  }
  std::string State() const { return directory_.File("state"); }
  void WriteMission(const std::string& more_hub_lines) {
    std::ofstream(directory_.File("mission.txtpb"), std::ios::trunc)
        << kMission << "hub {\n"
        << hub_lines_ << more_hub_lines << "}\n";
  }
  std::vector<std::string> Hub() const {
    return {testing::TrucewatchProgram(),
            "run",
            directory_.path(),
            "--stage",
            "evidence",
            "--state",
            State()};
  }
  std::vector<std::string> Watch() const {
    return {testing::TrucewatchProgram(),
            "watch",
            "--hub",
            endpoint_,
            "--hub-pub",
            directory_.File("hub.key") + ".pub",
            "--key",
            directory_.File("a.key"),
            "--json",
            "--until-end",
            "--out",
            Out(),
            "--cursor-file",
            directory_.File("cursor")};
  }
  std::string Out() const { return directory_.File("events.jsonl"); }
  // Entries of the ledger, the header first.
  void Produce(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      v1::Envelope envelope;
      if (log_.last() == 0) {
        envelope.mutable_mission_header()->set_mission("watch-test");
        envelope.mutable_mission_header()->set_exercise(true);
      } else {
        *envelope.mutable_finding() = ToProto(testing::FindingAt(log_.last()));
      }
      ASSERT_TRUE(log_.Append({{log_.last() + 1, SerializeEnvelope(envelope)}}));
    }
  }
  // Until the subscriber has so many bytes.
  void AwaitOutput(std::size_t bytes) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (ReadFile(Out()).size() < bytes && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    ASSERT_GE(ReadFile(Out()).size(), bytes)
        << ReadFile(directory_.File("watch.log")) << ReadFile(directory_.File("hub.log"));
  }

  testing::TempDirectory directory_;
  ZmqContext context_;
  MemoryLog log_;
  const std::string endpoint_ = testing::FreeEndpoint();
  std::string hub_lines_;
  std::unique_ptr<LogServer> before_;
};

TEST_F(HubProcessTest, ASubscriberSeesEveryEventOnceAlthoughTheHubIsKilledTwice) {
  Process watch(Watch(), directory_.File("watch.log"));  // before the hub is there
  std::mt19937_64 random(3);
  for (int i = 0; i < 2; ++i) {
    Process hub(Hub(), directory_.File("hub.log"));
    Produce(20 + random() % 20);
    AwaitOutput(LinesOf(0, log_.last() - 5).size());
    hub.Kill();
  }
  Produce(8);
  ASSERT_TRUE(log_.Close());
  Process hub(Hub(), directory_.File("hub.log"));
  EXPECT_EQ(watch.Wait(), 0) << ReadFile(directory_.File("watch.log"));
  EXPECT_EQ(hub.Wait(), 0) << ReadFile(directory_.File("hub.log"));
  EXPECT_EQ(ReadFile(Out()), LinesOf(0, log_.last()));
}

TEST_F(HubProcessTest, AHubWithAKeyNamedTwiceDoesNotOpen) {
  const auto a = ReadSubscriberKeys(directory_.File("a.key")).value();
  WriteMission(testing::PeerLines({.id = "side-b", .curve = a.curve}, "OFFICERS"));
  const auto hub = testing::RunProcess(Hub());
  EXPECT_EQ(hub.code, 3);
  EXPECT_THAT(hub.output, HasSubstr("'side-a' and 'side-b' have the same curve_public"));
}

TEST_F(HubProcessTest, AHubWithoutItsKeyDoesNotOpen) {
  std::filesystem::remove(directory_.File("hub.key"));
  const auto hub = testing::RunProcess(Hub());
  EXPECT_EQ(hub.code, 3);
  EXPECT_THAT(hub.output, HasSubstr("hub.key"));
}

}  // namespace
}  // namespace trucewatch::tools
