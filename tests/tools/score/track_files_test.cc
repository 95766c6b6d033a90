// SPDX-License-Identifier: Apache-2.0
#include "tools/score/track_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_directory.h"

namespace trucewatch::tools {
namespace {

constexpr char kTruthHead[] = "time,truth_id,x,y,vx,vy,group_id,kind\n";
constexpr char kTracksHead[] = "time,track_id,x,y,vx,vy,existence_prob\n";

Result<TrackedScenario> ParsedTracks(const std::string& truth, const std::string& tracks,
                                     const std::string& scans = "") {
  const TrackFiles files{
      .truth = "truth.csv", .tracks = "tracks.csv", .scans = scans.empty() ? "" : "scans.csv"};
  return ParseTrackedScenario(files, {truth, tracks, scans});
}

std::string TracksError(const std::string& truth, const std::string& tracks) {
  const auto result = ParsedTracks(truth, tracks);
  return result ? "" : result.error().message;
}

const std::string kTwoTruths = std::string(kTruthHead) +
                               "0.0,7,1,2,3,4,-1,vehicle\n"
                               "0.0,8,5,6,0,0,2,convoy\n"
                               "1.0,7,4,6,3,4,-1,vehicle\n";

TEST(TrackFiles, ReadsTruthAndTracksByTheirTimes) {
  const auto scenario = ParsedTracks(kTwoTruths,
                                     "existence_prob,time,track_id,y,x,vx,vy,extra\n"
                                     "0.9,1.0,B,20,10,1,2,-\n"
                                     ",0.0,A,21,11,,,-\n");
  ASSERT_TRUE(scenario) << scenario.error().message;
  ASSERT_EQ(scenario->epochs.size(), 2U);
  const ScoredEpoch& first = scenario->epochs[0];
  ASSERT_EQ(first.truths.size(), 2U);
  EXPECT_EQ(first.truths[1].p_en_m, Eigen::Vector2d(5, 6));
  ASSERT_EQ(first.tracks.size(), 1U);
  EXPECT_EQ(scenario->tracks[first.tracks[0].track], "A");
  EXPECT_EQ(first.tracks[0].p_en_m, Eigen::Vector2d(11, 21));
  EXPECT_FALSE(first.tracks[0].v_en_mps);
  EXPECT_EQ(scenario->epochs[1].tracks[0].v_en_mps, Eigen::Vector2d(1, 2));
  EXPECT_FALSE(scenario->targets[0].InConvoy());
  EXPECT_TRUE(scenario->targets[1].InConvoy());
}

TEST(TrackFiles, LeavesOutAndCountsRowsThatCountForNothing) {
  const auto scenario = ParsedTracks(kTwoTruths, std::string(kTracksHead) +
                                                     "0.0,A,1,1,0,0,0.49\n"
                                                     "0.0,B,1,1,0,0,0.50\n"
                                                     "0.5,B,1,1,0,0,1\n"
                                                     "2.0,B,1,1,0,0,1\n"
                                                     "1.0,C,nan,1,0,0,1\n");
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_EQ(scenario->rows_below_existence, 1U);
  EXPECT_EQ(scenario->rows_beside_grid, 2U);
  EXPECT_EQ(scenario->rows_without_position, 1U);
  EXPECT_EQ(scenario->tracks, std::vector<std::string>{"B"});
}

TEST(TrackFiles, OfTwoRowsOfATrackAtOneTimeTheLaterCounts) {
  const auto scenario = ParsedTracks(kTwoTruths, std::string(kTracksHead) +
                                                     "1.0,A,1,1,0,0,1\n"
                                                     "0.0,A,2,2,0,0,1\n"
                                                     "1.0,A,3,3,0,0,1\n"
                                                     "0.0,A,4,4,0,0,1\n");
  ASSERT_TRUE(scenario) << scenario.error().message;
  for (const int epoch : {0, 1}) {
    const auto& tracks = scenario->epochs[static_cast<std::size_t>(epoch)].tracks;
    ASSERT_EQ(tracks.size(), 1U);
    EXPECT_EQ(tracks[0].p_en_m.x(), 4 - epoch);
  }
}

TEST(TrackFiles, NamesFileAndLineOfWhatIsWrong) {
  const std::string tracks = std::string(kTracksHead) + "0.0,A,1,1,0,0,1\n\n";
  EXPECT_EQ(TracksError("", tracks), "truth.csv: empty; expected a header");
  EXPECT_EQ(TracksError(kTruthHead, tracks), "truth.csv: no rows");
  EXPECT_EQ(TracksError("time,truth_id,x,y,vx\n", tracks), "truth.csv:1: no column 'vy'");
  EXPECT_EQ(TracksError(kTwoTruths + "1.0,7,4,6,3,4,-1\n", tracks),
            "truth.csv:5: 7 cells; the header has 8");
  EXPECT_EQ(TracksError(kTwoTruths + "1.0,7,4,6,3,4,-1,vehicle\n", tracks),
            "truth.csv:5: target 7 at 1 s, after a row at 1 s; expected its rows in order of time");
  EXPECT_EQ(TracksError(kTwoTruths, tracks + "0.0,B,1m,1,0,0,1\n"),
            "tracks.csv:4: x '1m' is no number below 1e9");
  EXPECT_EQ(TracksError(kTwoTruths, tracks + ",B,1,1,0,0,1\n"), "tracks.csv:4: time is missing");
  EXPECT_EQ(TracksError(kTwoTruths, tracks + "0.0,B,1,1e10,0,0,1\n"),
            "tracks.csv:4: y '1e10' is no number below 1e9");
  EXPECT_EQ(TracksError(kTwoTruths, tracks + "0.0,B,1,1,0,0,1.5\n"),
            "tracks.csv:4: existence_prob is not within 0..1");
}

TEST(TrackFiles, RefusesACovarianceThatIsNone) {
  const std::string head = "time,track_id,x,y,vx,vy,p_xx,p_xy,p_yy\n";
  const auto good = ParsedTracks(kTwoTruths, head + "0,A,1,1,0,0,4,1,9\n1,A,1,1,0,0,,,\n");
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ((*good->epochs[0].tracks[0].cov_p_m2)(0, 1), 1);
  EXPECT_EQ((*good->epochs[0].tracks[0].cov_p_m2)(1, 1), 9);
  EXPECT_FALSE(good->epochs[1].tracks[0].cov_p_m2);
  EXPECT_EQ(TracksError(kTwoTruths, head + "0,A,1,1,0,0,4,6,9\n"),
            "tracks.csv:2: the covariance 4, 6, 9 is not positive definite");
  EXPECT_EQ(TracksError(kTwoTruths, head + "0,A,1,1,0,0,4,,9\n"),
            "tracks.csv:2: one part of a covariance is missing");
}

TEST(TrackFiles, MarksTenSecondsAfterAManoeuvreBegan) {
  std::string truth = kTruthHead;
  for (int t = 0; t < 40; ++t) {
    // 0.4 m/s2 at 5 s, 0.6 m/s2 at 20 s.
    const double v = (t >= 5 ? 0.4 : 0.0) + (t >= 20 ? 0.6 : 0.0);
    truth += fmt::format("{},1,0,0,{},0,-1,vehicle\n", t, v);
  }
  const auto scenario = ParsedTracks(truth, kTracksHead);
  ASSERT_TRUE(scenario) << scenario.error().message;
  for (const ScoredEpoch& epoch : scenario->epochs) {
    EXPECT_EQ(epoch.truths[0].manoeuvre_onset, epoch.time_s >= 20 && epoch.time_s <= 30)
        << epoch.time_s;
  }
}

TEST(TrackFiles, AFootprintHoldsForOneSecondAndTheNewestCounts) {
  std::string truth = kTruthHead;
  for (int t = 0; t < 6; ++t) truth += fmt::format("{},1,0,0,0,0,-1,vehicle\n", t);
  const auto scenario =
      ParsedTracks(truth, kTracksHead,
                   "measure_time,sensor_type,fov_xmin,fov_xmax,fov_ymin,fov_ymax\n"
                   "3.2,eo,-1,1,-1,1\n"
                   "1.0,eo,-1,1,-1,1\n"
                   "2.0,eo,5,6,5,6\n"
                   "0.0,radar,-1,1,-1,1\n");
  ASSERT_TRUE(scenario) << scenario.error().message;
  std::vector<int> sees;  // -1: no camera
  for (const ScoredEpoch& epoch : scenario->epochs) {
    sees.push_back(epoch.camera ? (epoch.camera->Contains({0, 0}) ? 1 : 0) : -1);
  }
  EXPECT_THAT(sees, ::testing::ElementsAre(-1, 1, 0, 0, 1, -1));
}

TEST(TrackFiles, SaysWhichFileIsNotThere) {
  const trucewatch::testing::TempDirectory folder;
  std::ofstream(folder.File("truth.csv")) << kTwoTruths;
  const auto result =
      LoadTrackedScenario({.truth = folder.File("truth.csv"), .tracks = folder.File("none.csv")});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("none.csv"));
}

}  // namespace
}  // namespace trucewatch::tools
