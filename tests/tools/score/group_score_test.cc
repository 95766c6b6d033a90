// SPDX-License-Identifier: Apache-2.0
#include "tools/score/group_score.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace trucewatch::tools {
namespace {

constexpr const char* kHead =
    "time,group_id,x,y,vx,vy,extent_m,count_expected,count_min,count_max,members\n";

// A convoy of four, 40 m apart, and one vehicle alone, for two seconds.
TrackedScenario FourAndOne() {
  std::string truth = "time,truth_id,x,y,vx,vy,group_id,kind\n";
  for (int t = 0; t < 2; ++t) {
    for (int k = 0; k < 4; ++k) truth += fmt::format("{},{},{},0,10,0,7,convoy\n", t, k, 40 * k);
    truth += fmt::format("{},9,5000,0,10,0,-1,vehicle\n", t);
  }
  auto scenario = ParseTrackedScenario({.truth = "truth", .tracks = "tracks"},
                                       {truth, "time,track_id,x,y,vx,vy\n", ""});
  EXPECT_TRUE(scenario) << scenario.error().message;
  return *scenario;
}

GroupScore ScoreOf(const std::string& rows) {
  const auto groups = ParseGroupRows(kHead + rows, "groups");
  EXPECT_TRUE(groups) << groups.error().message;
  return ScoreGroups(FourAndOne(), *groups, {});
}

TEST(GroupScore, AGroupIsHeldAgainstTheConvoyWhoseMiddleItHas) {
  const GroupScore score =
      ScoreOf("0,1,70,0,10,0,60,3,3,4,1 2 3\n1,1,60,0,10,0,60,5,5,6,1 2 3 4 5\n");
  EXPECT_EQ(score.convoys, 1u);
  EXPECT_EQ(score.convoy_epochs, 2u);
  EXPECT_EQ(score.found_share, 1);
  EXPECT_DOUBLE_EQ(score.count_error, 0.25);
  EXPECT_DOUBLE_EQ(score.count_bias, 0);
  EXPECT_DOUBLE_EQ(score.inside_ratio, 0.5);
  EXPECT_DOUBLE_EQ(score.interval, 0.25);
  EXPECT_DOUBLE_EQ(score.place_m, 5);
  EXPECT_DOUBLE_EQ(score.extent_error, 0);
  EXPECT_EQ(score.id_changes, 0u);
  EXPECT_EQ(score.others_per_epoch, 0);
}

TEST(GroupScore, OfTwoPartsOneIsTheConvoysAndTheOtherIsOver) {
  const GroupScore score = ScoreOf(
      "0,1,60,0,10,0,60,4,4,4,1 2 3 4\n"
      "1,1,120,0,10,0,20,2,2,2,3 4\n1,2,20,0,10,0,20,2,2,2,1 2\n1,3,9000,0,0,0,5,3,3,3,5 6 7\n");
  EXPECT_EQ(score.found_share, 1);
  EXPECT_DOUBLE_EQ(score.count_error, 0.25);
  EXPECT_DOUBLE_EQ(score.count_bias, -0.25);
  EXPECT_EQ(score.id_changes, 1u);
  EXPECT_EQ(score.others_per_epoch, 1);
}

TEST(GroupScore, AConvoyWithoutAGroupIsNotFound) {
  const GroupScore score = ScoreOf("0,1,400,0,10,0,60,4,4,4,1\n");
  EXPECT_EQ(score.found_share, 0);
  EXPECT_EQ(score.others_per_epoch, 0.5);
}

TEST(GroupScore, RefusesAnIntervalThatIsNone) {
  const auto rows = ParseGroupRows(std::string(kHead) + "0,1,0,0,0,0,60,4,5,4,1\n", "g.csv");
  ASSERT_FALSE(rows);
  EXPECT_NE(rows.error().message.find("g.csv:2"), std::string::npos) << rows.error().message;
}

}  // namespace
}  // namespace trucewatch::tools
