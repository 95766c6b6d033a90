// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include "tests/replay/mission_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

// kill -9 at 20 random moments of one 30 s mission, fed ten times as fast as it happened; after
// each the pipeline is started again on the same state. The moments are wall time (a test of real
// processes has no other), the seed only chooses how long each life is.
TEST(Kill, TwentyKillsAtRandomMomentsLeaveTheSameFindings) {
  const std::string undisturbed = testing::Entries(testing::UndisturbedLedger());
  ASSERT_FALSE(undisturbed.empty());
  const testing::TempDirectory out;
  const std::string state = out.File("state");
  const auto command = testing::Command(
      {"run", testing::ShortMission(), "--state", state, "--speed", "10", "--json"});
  std::mt19937 rng(20);
  std::uniform_int_distribution<int> life_ms(30, 700);
  int killed_alive = 0;
  for (int kill = 0; kill < 20; ++kill) {
    testing::Process process(command, out.File("output"));
    std::this_thread::sleep_for(std::chrono::milliseconds(life_ms(rng)));
    killed_alive += process.Running() ? 1 : 0;
    process.Kill();
    // A mission that is through is started afresh: the kills must fall into one that runs.
    if (std::filesystem::exists(state + "/ledger/checkpoint") &&
        testing::Entries(testing::ReadTree(state + "/ledger")) == undisturbed) {
      std::filesystem::remove_all(state);
    }
  }
  EXPECT_GE(killed_alive, 15) << testing::ReadFile(out.File("output"));
  testing::Process last(command, out.File("output"));
  ASSERT_EQ(last.Wait(), 0) << testing::ReadFile(out.File("output"));
  EXPECT_TRUE(testing::Entries(testing::ReadTree(state + "/ledger")) == undisturbed);
}

}  // namespace
}  // namespace trucewatch
