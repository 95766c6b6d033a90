// SPDX-License-Identifier: Apache-2.0
// Stations and hub as real processes over CURVE on loopback.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "tests/replay/mission_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using testing::Command;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Process;
using testing::ReadFile;
using testing::ReadTree;
using testing::RunProcess;
using testing::TempDirectory;

// Asks again and again, until a minute has passed.
bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

void Replace(std::string* text, const std::string& from, const std::string& to) {
  const std::size_t at = text->find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text->replace(at, from.size(), to);
}

std::uint64_t BytesBelow(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == ".log") bytes += it->file_size(error);
  }
  return bytes;
}

// A loopback port below those that the system hands out (32768 on), so that nobody takes it while
// the hub is down.
int SteadyPort() {
  for (int port = 20000 + getpid() % 10000; port < 32768; ++port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const int bound = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    close(fd);
    if (bound == 0) return port;
  }
  return 0;
}

// Leaves after the mission header and verify's statement of it, which hold the config.
std::string Findings(const std::string& ledger) {
  std::string entries = testing::Entries(ReadTree(ledger));
  for (int i = 0; i < 2 && entries.size() > 2; ++i) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(entries[0])) * 256 +
                      static_cast<unsigned char>(entries[1]);
    entries.erase(0, 2 + size);
  }
  return entries;
}

// The short mission twice: as a recording, and fed by stations through a hub. The sources are the
// same, down to the names of their stations.
class StationTest : public ::testing::Test {
 protected:
  void Keygen(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"keygen"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto made = RunProcess(Command(all));
    ASSERT_EQ(made.code, 0) << made.output;
  }

  // Writes files/ (the recording) and hub/ (the mission without it).
  void MakeMission(const std::string& drone_station, const std::string& radar_station,
                   double late_after_s) {
    std::filesystem::copy(testing::ShortMission(), out_.File("files"));
    std::filesystem::create_directories(out_.File("hub"));
    for (const char* name :
         {"agreement.txtpb", "log.key", "log.key.vkey", "truth.json", "truth.csv"}) {
      std::filesystem::copy(testing::ShortMission() + "/" + name, out_.File("hub/") + name);
    }
    std::string text = ReadFile(testing::ShortMission() + "/mission.txtpb");
    Replace(&text, "EX-DRONE-1-station", drone_station);
    Replace(&text, "EX-GMTI-1-station", radar_station);
    std::ofstream(out_.File("files/mission.txtpb")) << text;
    Replace(&text, "  file: \"drone1.ts\"\n", "");
    Replace(&text, "  file: \"radar1.4607\"\n", "");
    Keygen({"hub", "--hub", "--out", out_.File("hub.key")});
    text += "hub {\n  station_endpoint: \"" + door_ + "\"\n  key_file: \"../hub.key\"\n";
    text += "  late_after_s: " + std::to_string(late_after_s) + "\n";
    for (const std::string& id : std::set<std::string>{drone_station, radar_station}) {
      Keygen({id, "--station", "--out", out_.File(id + ".key")});
      text += ReadFile(out_.File(id + ".key.pub"));
    }
    std::ofstream(out_.File("hub/mission.txtpb")) << text << "}\n";
  }

  std::vector<std::string> HubCommand() {
    return Command({"run", out_.File("hub"), "--out", out_.File("run"), "--json"});
  }

  // Once the hub has opened its door.
  void WriteStation(const std::string& id, const std::vector<std::string>& sources,
                    const std::string& more = {}, const std::string& key = {}) {
    const std::string door = out_.File("run/state/station_endpoint");
    ASSERT_TRUE(Eventually([&] { return !ReadFile(door).empty(); })) << HubOutput();
    std::string endpoint = ReadFile(door);
    endpoint.pop_back();
    std::string text = "id: \"" + id + "\"\nstart_utc: \"2026-03-01T12:00:00Z\"\n";
    for (const std::string& source : sources) {
      const bool drone = source == "drone1";
      text += "source { id: \"" + source + "\" format: " + (drone ? "MPEGTS_KLV" : "STANAG4607") +
              " file: \"files/" + (drone ? "drone1.ts" : "radar1.4607") + "\" " + speed_ + " }\n";
    }
    text += "hub_endpoint: \"" + endpoint + "\"\n" + ReadFile(out_.File("hub.key.pub")) +
            "key_file: \"" + (key.empty() ? id : key) + ".key\"\noutbox: \"outbox-" + id + "\"\n" +
            more;
    std::ofstream(out_.File(id + ".txtpb")) << text;
  }
  std::vector<std::string> StationCommand(const std::string& id) {
    return Command({"station", out_.File(id + ".txtpb")});
  }
  void ExpectTheTruth() {
    const auto score = RunProcess(
        Command({"score", "events", out_.File("run"), "--truth", testing::ShortMission()}));
    EXPECT_EQ(score.code, 0) << score.output << HubOutput();
  }
  std::string HubOutput() { return ReadFile(out_.File("hub.log")); }

  TempDirectory out_;
  std::string door_ = "tcp://127.0.0.1:*";
  std::string speed_ = "speed: 10";
};

TEST_F(StationTest, CutOffTwiceAndKilledOnceTheFindingsAreThoseOfTheRecording) {
  MakeMission("fs-north", "fs-north", 60);
  const auto reference = RunProcess(
      Command({"replay", out_.File("files"), "--out", out_.File("reference"), "--quiet"}));
  ASSERT_EQ(reference.code, 0) << reference.output;

  Process hub(HubCommand(), out_.File("hub.log"));
  WriteStation("fs-north", {"drone1", "radar1"},
               "batch_s: 0.1\nbatch_bytes: 65536\n"
               "exercise_cut { after_s: 8 duration_s: 0.3 }\n"
               "exercise_cut { after_s: 24 duration_s: 0.3 }\n");
  {
    Process station(StationCommand("fs-north"), out_.File("station.log"));
    const std::string outbox = out_.File("outbox-fs-north");
    ASSERT_TRUE(Eventually([&] { return BytesBelow(outbox) > 1'200'000; }));
    ASSERT_TRUE(station.Running());
    station.Kill();
  }
  Process station(StationCommand("fs-north"), out_.File("station.log"));
  EXPECT_EQ(station.Wait(), 0) << ReadFile(out_.File("station.log"));
  EXPECT_EQ(hub.Wait(), 0) << HubOutput();

  const std::string expected = Findings(out_.File("reference/ledger"));
  ASSERT_GT(expected.size(), 1000U);
  EXPECT_TRUE(Findings(out_.File("run/ledger")) == expected);
  // What is lost is what was declared lost: nothing. One connection at the start, one after each
  // cut, one after the kill.
  EXPECT_THAT(HubOutput(), HasSubstr(" 0 declared lost, connected 4 times"));
  EXPECT_THAT(HubOutput(), Not(HasSubstr("frames refused")));
  EXPECT_THAT(ReadFile(out_.File("station.log")), HasSubstr("the link is cut"));
  // The mission's files are there, as a replay leaves them.
  EXPECT_EQ(ReadFile(out_.File("run/events.jsonl")), ReadFile(out_.File("reference/events.jsonl")));
  const auto audit = RunProcess(
      Command({"audit", out_.File("run/ledger"), "--policy", out_.File("run/policy.txt")}));
  EXPECT_EQ(audit.code, 0) << audit.output;
  EXPECT_TRUE(std::filesystem::exists(out_.File("run/mission.html")));
}

TEST_F(StationTest, AHubThatIsKilledTwiceGoesOnWithTheSameFindings) {
  door_ = "tcp://127.0.0.1:" + std::to_string(SteadyPort());
  MakeMission("fs-north", "fs-north", 60);
  const auto reference = RunProcess(
      Command({"replay", out_.File("files"), "--out", out_.File("reference"), "--quiet"}));
  ASSERT_EQ(reference.code, 0) << reference.output;
  auto hub = std::make_unique<Process>(HubCommand(), out_.File("hub.log"));
  WriteStation("fs-north", {"drone1", "radar1"}, "batch_s: 0.1\nbatch_bytes: 65536\n");
  Process station(StationCommand("fs-north"), out_.File("station.log"));
  for (const std::uint64_t bytes : {500'000U, 1'200'000U}) {
    ASSERT_TRUE(Eventually([&] { return BytesBelow(out_.File("run/state/received")) > bytes; }))
        << HubOutput();
    ASSERT_TRUE(hub->Running()) << HubOutput();
    hub->Kill();
    hub = std::make_unique<Process>(HubCommand(), out_.File("hub.log"));
  }
  EXPECT_EQ(station.Wait(), 0) << ReadFile(out_.File("station.log"));
  EXPECT_EQ(hub->Wait(), 0) << HubOutput();
  const std::string expected = Findings(out_.File("reference/ledger"));
  ASSERT_GT(expected.size(), 1000U);
  EXPECT_TRUE(Findings(out_.File("run/ledger")) == expected);
  EXPECT_EQ(ReadFile(out_.File("run/events.jsonl")), ReadFile(out_.File("reference/events.jsonl")));
}

// Independent stations: what their sensors see together is VERIFIED, as in the recording, in
// whatever order the two deliver.
TEST_F(StationTest, TwoStationsThatDeliverAsFastAsTheyCanGiveTheEventsOfTheTruth) {
  MakeMission("fs-drone", "fs-radar", 60);
  speed_ = "";
  Process hub(HubCommand(), out_.File("hub.log"));
  WriteStation("fs-radar", {"radar1"});
  WriteStation("fs-drone", {"drone1"});
  Process radar(StationCommand("fs-radar"), out_.File("radar.log"));
  EXPECT_EQ(radar.Wait(), 0) << ReadFile(out_.File("radar.log"));
  Process drone(StationCommand("fs-drone"), out_.File("drone.log"));
  EXPECT_EQ(drone.Wait(), 0) << ReadFile(out_.File("drone.log"));
  EXPECT_EQ(hub.Wait(), 0) << HubOutput();
  ExpectTheTruth();
}

// A key that the hub does not know; one it knows, with another signature; one it knows, as somebody
// else; and its own key, with somebody else's source. Nothing of it is in any log of the hub.
TEST_F(StationTest, AnUnknownKeyAndAWrongSignatureGetNothingIn) {
  MakeMission("fs-north", "fs-south", 60);
  Keygen({"fs-north", "--station", "--out", out_.File("stranger.key")});
  // The CURVE pair that the hub knows, and a signing key that it does not.
  std::string mixed = ReadFile(out_.File("fs-north.key"));
  const std::string stranger = ReadFile(out_.File("stranger.key"));
  const auto line_with = [](const std::string& text, const std::string& key) {
    const std::size_t at = text.find(key);
    EXPECT_NE(at, std::string::npos);
    return text.substr(at, text.find('\n', at) - at);
  };
  for (const char* line : {"sign_seed ", "sign_public "}) {
    Replace(&mixed, line_with(mixed, line), line_with(stranger, line));
  }
  std::ofstream(out_.File("mixed.key")) << mixed;
  std::filesystem::permissions(out_.File("mixed.key"), std::filesystem::perms::owner_read |
                                                           std::filesystem::perms::owner_write);
  speed_ = "";
  Process hub(HubCommand(), out_.File("hub.log"));
  const std::string received = out_.File("run/state/received");
  const auto attempt = [&](const std::string& name, const std::vector<std::string>& sources,
                           const std::string& key, const std::string& says) {
    std::filesystem::remove_all(out_.File("outbox-fs-north"));
    WriteStation("fs-north", sources, "", key);
    const std::uint64_t before = BytesBelow(received);
    Process station(StationCommand("fs-north"), out_.File(name + ".log"));
    EXPECT_TRUE(Eventually([&] {
      return ReadFile(out_.File(name + ".log")).find(says) != std::string::npos;
    })) << ReadFile(out_.File(name + ".log"))
        << HubOutput();
    EXPECT_TRUE(station.Running()) << "it goes on trying";
    station.Kill();
    EXPECT_EQ(BytesBelow(received), before) << name;
  };
  attempt("unknown", {"drone1"}, "stranger", "refuse");
  attempt("signature", {"drone1"}, "mixed", "not signed by the key");
  attempt("source", {"radar1"}, "fs-north", "is not one of station 'fs-north'");
  EXPECT_TRUE(hub.Running()) << HubOutput();
  EXPECT_EQ(BytesBelow(out_.File("run/state/refused")), 0U);
  // And the right one gets in.
  std::filesystem::remove_all(out_.File("outbox-fs-north"));
  WriteStation("fs-north", {"drone1"});
  Process station(StationCommand("fs-north"), out_.File("good.log"));
  EXPECT_EQ(station.Wait(), 0) << ReadFile(out_.File("good.log"));
  EXPECT_GT(BytesBelow(received), 1'000'000U);
}

class LateStationTest : public StationTest {
 protected:
  // The radar's station delivers all it has; the drone's comes when its source is on record as
  // late.
  void Run() {
    MakeMission("fs-drone", "fs-radar", 2);
    speed_ = "";
    Process hub(HubCommand(), out_.File("hub.log"));
    WriteStation("fs-radar", {"radar1"});
    WriteStation("fs-drone", {"drone1"});
    Process radar(StationCommand("fs-radar"), out_.File("radar.log"));
    EXPECT_EQ(radar.Wait(), 0) << ReadFile(out_.File("radar.log"));
    ASSERT_TRUE(Eventually([&] {
      return HubOutput().find("source_late source=drone1") != std::string::npos;
    })) << HubOutput();
    Process drone(StationCommand("fs-drone"), out_.File("drone.log"));
    EXPECT_EQ(drone.Wait(), 0) << ReadFile(out_.File("drone.log"));
    ASSERT_EQ(hub.Wait(), 0) << HubOutput();
  }
};

TEST_F(LateStationTest, ACutLongerThanTheHoldIsAGapOnRecord) {
  Run();
  const std::string findings = Findings(out_.File("run/ledger"));
  EXPECT_NE(findings.find("station fs-drone was not heard for 2 s"), std::string::npos);
  EXPECT_NE(findings.find("station fs-drone sends again"), std::string::npos);
  EXPECT_THAT(HubOutput(), HasSubstr("station fs-drone: "));
  EXPECT_THAT(HubOutput(), HasSubstr("station fs-radar: "));
}

// What came too late to be waited for raises the states afterwards, as amendments.
TEST_F(LateStationTest, ACutLongerThanTheHoldEndsInTheSameStatesThroughAmendments) {
  Run();
  ExpectTheTruth();
  std::ifstream lines(out_.File("run/events.jsonl"));
  const std::string events{std::istreambuf_iterator<char>(lines), {}};
  EXPECT_NE(events.find("\"amended\":true"), std::string::npos) << events;
}

}  // namespace
}  // namespace trucewatch
