// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/live_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "ingest/station/live_intake.h"
#include "tests/ingest/satellite/scene_files.h"
#include "tests/support/temp_directory.h"
#include "trucewatch/v1/observation.pb.h"

namespace trucewatch::station {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LiveFolder : public ::testing::Test {
 protected:
  LiveFolder() {
    std::filesystem::create_directories(directory_.File("in"));
    MakeIntake({});
  }
  void MakeIntake(const SourceProgress& before) {
    LiveOptions options{.source = "sat", .station = "north", .url = "folder:in"};
    options.occasional = true;
    options.max_records_per_s = rate_;
    intake_ = std::make_unique<LiveIntake>(
        std::move(options),
        [this] {
          SceneFolderOptions folder;
          folder.folder = directory_.File("in");
          folder.state_file = directory_.File("sent");
          return OpenSceneFolder(*storage_, std::move(folder), clock_);
        },
        before, clock_);
  }
  void WriteScene(const std::string& id) {
    std::ofstream(directory_.File("in/" + id + ".tif"), std::ios::binary)
        << trucewatch::testing::NoiseGeoTiff(1);
    std::ofstream(directory_.File("in/" + id + ".json")) << trucewatch::testing::StacItemJson(
        id, "2026-03-01T08:30:00Z", "", "", "./" + id + ".tif");
    std::ofstream(directory_.File("in/" + id + ".json.done"));
  }
  // Steps through `seconds` of the clock: the records that came.
  std::vector<RawRecord> Steps(double seconds, bool full = false) {
    std::vector<RawRecord> records;
    const Instant until = clock_.Now() + Duration::FromSeconds(seconds);
    while (clock_.Now() < until) {
      for (const LiveIntake::Item& item : intake_->Step(Duration::Millis(50), full)) {
        if (const auto* record = std::get_if<RawRecord>(&item)) records.push_back(*record);
        EXPECT_FALSE(std::holds_alternative<LiveIntake::Loss>(item)) << "a chunk was dropped";
      }
      clock_.SleepFor(Duration::Millis(10));
    }
    return records;
  }
  static std::vector<std::string> Scenes(const std::vector<RawRecord>& records) {
    std::vector<std::string> scenes;
    for (const RawRecord& record : records) {
      v1::SceneChunk chunk;
      EXPECT_TRUE(chunk.ParseFromString(record.bytes));
      if (scenes.empty() || scenes.back() != chunk.item()) scenes.push_back(chunk.item());
    }
    return scenes;
  }

  trucewatch::testing::TempDirectory directory_;
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
  ManualClock clock_{Instant::FromMicros(1'772'398'800'000'000)};
  double rate_ = 20'000;
  std::unique_ptr<LiveIntake> intake_;
};

TEST_F(LiveFolder, ScenesComeOneAfterTheOtherAsEachIsKept) {
  WriteScene("a");
  WriteScene("b");
  const auto first = Steps(5);
  EXPECT_THAT(Scenes(first), ::testing::ElementsAre("a"));
  ASSERT_FALSE(first.empty());
  intake_->Kept(first.back().source_sequence - 1);
  EXPECT_THAT(Steps(5), IsEmpty()) << "its last chunk is not kept yet";
  intake_->Kept(first.back().source_sequence);
  EXPECT_THAT(Scenes(Steps(5)), ::testing::ElementsAre("b"));
}

TEST_F(LiveFolder, ARestartSendsAgainOnlyWhatWasNotKept) {
  WriteScene("a");
  const auto first = Steps(5);
  ASSERT_FALSE(first.empty());
  SourceProgress before{.sequence = first.back().source_sequence,
                        .time = first.back().receive_time};
  MakeIntake(before);
  const auto again = Steps(5);
  ASSERT_EQ(again.size(), first.size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].bytes, first[i].bytes);
    EXPECT_EQ(again[i].source_sequence, first.size() + i + 1);
  }
  intake_->Kept(again.back().source_sequence);
  before.sequence = again.back().source_sequence;
  MakeIntake(before);
  EXPECT_THAT(Steps(5), IsEmpty());
}

TEST_F(LiveFolder, AFullOutboxOrASlowRateMakesItWaitAndLosesNothing) {
  WriteScene("a");
  EXPECT_THAT(Steps(5, true), IsEmpty());
  EXPECT_TRUE(intake_->waits());
  EXPECT_THAT(Scenes(Steps(5)), ::testing::ElementsAre("a"));
  EXPECT_FALSE(intake_->waits());
  rate_ = 1;
  MakeIntake({});
  EXPECT_THAT(Scenes(Steps(30)), ::testing::ElementsAre("a"));
}

TEST_F(LiveFolder, AFolderThatIsNotThereIsLookedForAgain) {
  std::filesystem::remove_all(directory_.File("in"));
  EXPECT_THAT(Steps(5), IsEmpty());
  EXPECT_THAT(intake_->status().problem, HasSubstr("in"));
  std::filesystem::create_directories(directory_.File("in"));
  WriteScene("a");
  EXPECT_THAT(Scenes(Steps(40)), ::testing::ElementsAre("a"));
}

}  // namespace
}  // namespace trucewatch::station
