// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <iterator>
#include <sstream>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

class DemoSeed : public ::testing::TestWithParam<int> {};

// The demo's promise for any seed: every expectation of its truth, nothing else, a ledger in which
// every proof holds, and papers that open.
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

  const auto coverage = testing::RunProcess({tw, "report", "coverage", out.File("r")});
  EXPECT_EQ(coverage.code, 0) << coverage.output;
  EXPECT_NE(coverage.output.find("Eastern gap"), std::string::npos) << coverage.output;
  const auto report =
      testing::RunProcess({tw, "report", "daily", out.File("r"), "--out", out.File("daily.html")});
  EXPECT_EQ(report.code, 0) << report.output;
  const auto exported = testing::RunProcess(
      {tw, "export", out.File("r"), "--format", "gpkg", "--out", out.File("m.gpkg")});
  EXPECT_EQ(exported.code, 0) << exported.output;
  const auto layers = testing::RunProcess({"ogrinfo", "-so", "-al", out.File("m.gpkg")});
  EXPECT_EQ(layers.code, 0) << layers.output;
  for (const char* layer :
       {"zones", "events", "coverage", "human_records", "permitted_movements"}) {
    EXPECT_NE(layers.output.find(std::string("Layer name: ") + layer), std::string::npos) << layer;
  }
}

// One seed as a rule: a mission takes both cores for a minute or more. TRUCEWATCH_DEMO_SEEDS="1 2
// 3" tries others.
std::vector<int> Seeds() {
  const char* const chosen = std::getenv("TRUCEWATCH_DEMO_SEEDS");
  std::istringstream words(chosen != nullptr ? chosen : "5");
  return {std::istream_iterator<int>(words), {}};
}

INSTANTIATE_TEST_SUITE_P(Seeds, DemoSeed, ::testing::ValuesIn(Seeds()));

}  // namespace
}  // namespace trucewatch
