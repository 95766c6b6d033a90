// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using trucewatch::testing::Finished;
using trucewatch::testing::ReadFile;
using trucewatch::testing::RunProcess;

class ScoreTracksCommandTest : public ::testing::Test {
 protected:
  ScoreTracksCommandTest() {
    std::ofstream(truth_) << "time,truth_id,x,y,vx,vy,group_id,kind\n"
                             "0,1,0,0,10,0,-1,vehicle\n0,2,500,0,0,0,3,convoy\n"
                             "1,1,10,0,10,0,-1,vehicle\n1,2,500,0,0,0,3,convoy\n";
    std::ofstream(tracks_) << "time,track_id,x,y,vx,vy,existence_prob,p_xx,p_xy,p_yy\n"
                              "0,A,3,4,10,0,0.9,25,0,25\n1,A,13,4,10,0,0.9,25,0,25\n"
                              "1,B,900,0,0,0,0.9,25,0,25\n";
  }
  Finished Score(std::vector<std::string> more) {
    std::vector<std::string> argv = {
        trucewatch::testing::TrucewatchProgram(), "score", "tracks", "--truth", truth_, tracks_};
    argv.insert(argv.end(), more.begin(), more.end());
    return RunProcess(argv);
  }

  trucewatch::testing::TempDirectory folder_;
  std::string truth_ = folder_.File("truth.csv"), tracks_ = folder_.File("tracks.csv");
};

TEST_F(ScoreTracksCommandTest, PrintsATableForPeople) {
  const Finished run = Score({"--per-target"});
  ASSERT_EQ(run.code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("2 targets, 2 tracks; 2 epochs from 0 to 1 s"));
  // sqrt(25 + 1250) and sqrt(25 + 2500).
  EXPECT_THAT(run.output, HasSubstr("GOSPA             42.98 m"));
  EXPECT_THAT(run.output,
              HasSubstr("MOTA              0.250     of 4: missed 2, false 1, switches 0"));
  EXPECT_THAT(run.output, HasSubstr("convoy 3"));
  EXPECT_THAT(run.output, HasSubstr("never"));
  EXPECT_THAT(run.output, HasSubstr("A (100 %)"));
}

TEST_F(ScoreTracksCommandTest, PrintsJsonAndWritesThePicture) {
  const std::string svg = folder_.File("picture.svg");
  const Finished run = Score({"--json", "--per-target", "--svg", svg});
  ASSERT_EQ(run.code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("\"consistency\":{\"pairs\":2,\"position_nees_ratio\":0.5,"
                                    "\"inside_95_ratio\":1}"));
  EXPECT_THAT(run.output, HasSubstr("{\"truth_id\":\"2\",\"kind\":\"convoy\",\"group_id\":\"3\""));
  EXPECT_THAT(ReadFile(svg), HasSubstr("tracks.csv and the truth of truth.csv"));
}

TEST_F(ScoreTracksCommandTest, SaysWhatIsWrongWithExitCodes) {
  EXPECT_EQ(Score({"--from", "5"}).code, 2);
  EXPECT_EQ(Score({"--svg", folder_.path()}).code, 2);
  std::ofstream(tracks_) << "time,track_id,x,y,vx,vy\n0,A,1,x,0,0\n";
  const Finished bad = Score({});
  EXPECT_EQ(bad.code, 3);
  EXPECT_THAT(bad.output, HasSubstr("tracks.csv:2: y 'x' is no number"));
}

}  // namespace
}  // namespace trucewatch::tools
