// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/replay/mission_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

TEST(Replay, SameRecordingGivesTheSameLedgerByteForByteForAnyThreadCount) {
  const auto& first = testing::UndisturbedLedger();
  ASSERT_GT(first.size(), 3U);
  for (const char* threads : {"1", "4"}) {
    const testing::TempDirectory out;
    const auto run = testing::RunProcess(testing::Command(
        {"replay", testing::ShortMission(), "--out", out.path(), "--quiet", "--threads", threads}));
    ASSERT_EQ(run.code, 0) << run.output;
    const auto again = testing::ReadTree(out.File("ledger"));
    ASSERT_EQ(again.size(), first.size()) << threads << " threads";
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(again[i].first, first[i].first);
      EXPECT_TRUE(again[i].second == first[i].second)
          << first[i].first << " differs, " << threads << " threads";
    }
  }
}

TEST(Replay, TheUnannouncedConvoyIsInTheLedgerAsVerifiedAndAuditAgrees) {
  const testing::TempDirectory out;
  const auto run = testing::RunProcess(testing::Command(
      {"replay", testing::ShortMission(), "--out", out.path(), "--quiet", "--json"}));
  ASSERT_EQ(run.code, 0) << run.output;
  EXPECT_NE(run.output.find("\"state\":\"VERIFIED\""), std::string::npos) << run.output;
  const auto score = testing::RunProcess(
      testing::Command({"score", "events", out.path(), "--truth", testing::ShortMission()}));
  EXPECT_EQ(score.code, 0) << score.output;
  const auto audit = testing::RunProcess(
      testing::Command({"audit", out.File("ledger"), "--policy", out.File("policy.txt")}));
  EXPECT_EQ(audit.code, 0) << audit.output;
  const std::string page = testing::ReadFile(out.File("mission.html"));
  EXPECT_NE(page.find("EXERCISE"), std::string::npos);
  // Opens without a network: nothing is loaded from anywhere. (The SVG name space is a name, not an
  // address.)
  EXPECT_EQ(page.find("src=\"http"), std::string::npos);
  EXPECT_EQ(page.find("href=\"http"), std::string::npos);
}

TEST(Replay, TheRadarsOfAMissionAreTrackedAlone) {
  const testing::TempDirectory out;
  const auto mission = testing::RunProcess(testing::Command(
      {"track", testing::ShortMission(), "--settled", "20", "--out", out.File("tracks.csv")}));
  ASSERT_EQ(mission.code, 0) << mission.output;
  const std::string csv = testing::ReadFile(out.File("tracks.csv"));
  EXPECT_NE(csv.find("latitude_deg"), std::string::npos);
  EXPECT_GT(std::count(csv.begin(), csv.end(), '\n'), 50) << mission.output;
}

TEST(Replay, TheSameFolderAgainGoesOnWhereItWasAndChangesNothing) {
  const testing::TempDirectory out;
  const auto command =
      testing::Command({"replay", testing::ShortMission(), "--out", out.path(), "--quiet"});
  ASSERT_EQ(testing::RunProcess(command).code, 0);
  const auto before = testing::ReadTree(out.File("ledger"));
  const auto again = testing::RunProcess(command);
  ASSERT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(testing::ReadTree(out.File("ledger")) == before);
}

}  // namespace
}  // namespace trucewatch
