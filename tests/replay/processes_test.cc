// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/replay/mission_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

const std::vector<std::string> kStages = {"ingest", "detect", "fusion", "verify", "evidence"};

// A loopback port that was free a moment ago.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

// The mission with another `bus`, in a folder of its own; sources stay where they are.
std::string MissionWithBus(const testing::TempDirectory& directory, const std::string& bus) {
  const std::string folder = directory.File("mission");
  std::filesystem::copy(testing::ShortMission(), folder);
  if (bus.empty()) return folder;
  std::string text = testing::ReadFile(folder + "/mission.txtpb");
  text += bus;
  std::ofstream(folder + "/mission.txtpb") << text;
  return folder;
}

// One process a stage, started last stage first so that each has to wait for the one before.
void RunStages(const std::string& mission, const std::string& state) {
  std::vector<testing::Process> processes;
  for (auto stage = kStages.rbegin(); stage != kStages.rend(); ++stage) {
    processes.emplace_back(
        testing::Command({"run", mission, "--stage", *stage, "--state", state, "--speed", "0"}),
        state + "-" + *stage + ".log");
  }
  for (std::size_t i = 0; i < processes.size(); ++i) {
    const std::string& stage = kStages[kStages.size() - 1 - i];
    EXPECT_EQ(processes[i].Wait(), 0)
        << stage << ": " << testing::ReadFile(state + "-" + stage + ".log");
  }
}

// The mission header, which holds the config's text, is the ledger's first entry: it differs with
// the bus.
std::string FindingsAfterHeader(const std::string& entries) {
  const auto size = static_cast<std::size_t>(static_cast<unsigned char>(entries[0])) * 256 +
                    static_cast<unsigned char>(entries[1]);
  return entries.substr(2 + size);
}

TEST(Processes, EveryStageAsItsOwnProcessOverIpcGivesTheSameFindings) {
  const testing::TempDirectory out;
  const std::string mission = MissionWithBus(out, "");
  RunStages(mission, out.File("s"));
  EXPECT_TRUE(testing::Entries(testing::ReadTree(out.File("s") + "/ledger")) ==
              testing::Entries(testing::UndisturbedLedger()));
}

TEST(Processes, EveryStageAsItsOwnProcessOverTcpGivesTheSameFindings) {
  const testing::TempDirectory out;
  std::string bus = "\nbus {\n";
  for (const std::string& stage : kStages) {
    bus += "  endpoint { stage: \"" + stage +
           "\" endpoint: \"tcp://127.0.0.1:" + std::to_string(FreePort()) + "\" }\n";
  }
  // A singular message may stand once: the simulator's own `bus` is replaced.
  const std::string mission = MissionWithBus(out, "");
  std::string text = testing::ReadFile(mission + "/mission.txtpb");
  const std::size_t at = text.find("bus {");
  ASSERT_NE(at, std::string::npos);
  text.erase(at, text.find('}', at) + 1 - at);
  std::ofstream(mission + "/mission.txtpb") << text << bus << "}\n";
  RunStages(mission, out.File("s"));
  const std::string found = testing::Entries(testing::ReadTree(out.File("s") + "/ledger"));
  const std::string expected = testing::Entries(testing::UndisturbedLedger());
  ASSERT_GT(found.size(), 1000U);
  // The second entry is verify's own statement of the header with its hashes; it differs as the
  // header does.
  EXPECT_TRUE(FindingsAfterHeader(FindingsAfterHeader(found)) ==
              FindingsAfterHeader(FindingsAfterHeader(expected)));
}

}  // namespace
}  // namespace trucewatch
