// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

class DemoSeed : public ::testing::TestWithParam<int> {};

// The demo's promise for any seed: one VERIFIED event, the notified movement on record, nothing
// else, and a ledger in which every proof holds.
TEST_P(DemoSeed, EveryExpectationOfTheTruthIsMet) {
  const testing::TempDirectory out;
  const std::string tw = testing::TrucewatchProgram();
  const auto simulate =
      testing::RunProcess({tw, "simulate", "configs/demo/scenario.txtpb", "--out", out.File("m"),
                           "--seed", std::to_string(GetParam()), "--quiet"});
  ASSERT_EQ(simulate.code, 0) << simulate.output;
  const auto replay =
      testing::RunProcess({tw, "replay", out.File("m"), "--out", out.File("r"), "--quiet"});
  ASSERT_EQ(replay.code, 0) << replay.output;
  const auto score =
      testing::RunProcess({tw, "score", "events", out.File("r"), "--truth", out.File("m")});
  EXPECT_EQ(score.code, 0) << score.output << replay.output;
  const auto audit = testing::RunProcess(
      {tw, "audit", out.File("r/ledger"), "--policy", out.File("r/policy.txt")});
  EXPECT_EQ(audit.code, 0) << audit.output;
}

INSTANTIATE_TEST_SUITE_P(Seeds, DemoSeed, ::testing::Values(2, 5));

}  // namespace
}  // namespace trucewatch
