// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "ingest/recorded/recorded_source.h"
#include "ingest/recorded/scene_folder_watcher.h"
#include "tests/ingest/satellite/safe_product.h"
#include "tests/ingest/satellite/scene_files.h"
#include "tests/support/temp_directory.h"
#include "trucewatch/v1/observation.pb.h"

namespace trucewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SceneFolder : public ::testing::Test {
 protected:
  SceneFolder() {
    std::filesystem::create_directories(directory_.File("in"));
    options_.folder = directory_.File("in");
    options_.state_file = directory_.File("sent");
    Start();
  }
  void Start() {
    auto opened = SceneFolderWatcher::Open(*storage_, options_);
    ASSERT_TRUE(opened) << opened.error().message;
    watcher_ = std::move(*opened);
  }
  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(directory_.File("in/" + name), std::ios::binary) << bytes;
  }
  // Names of the scenes that one look brings, all of them confirmed.
  std::vector<std::string> Look(bool confirm = true) {
    std::vector<std::string> scenes;
    while (true) {
      const auto chunk = watcher_->Poll();
      EXPECT_TRUE(chunk) << chunk.error().message;
      if (!chunk || !*chunk) return scenes;
      v1::SceneChunk message;
      EXPECT_TRUE(message.ParseFromString((*chunk)->bytes));
      if (!(*chunk)->last) continue;
      scenes.push_back(message.item());
      EXPECT_TRUE(!confirm || watcher_->Confirm());
    }
  }

  testing::TempDirectory directory_;
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
  SceneFolderOptions options_;
  std::unique_ptr<SceneFolderWatcher> watcher_;
};

TEST_F(SceneFolder, AnItemIsSentOnceWhenTwoLooksFoundItTheSame) {
  Write("scene.tif", testing::NoiseGeoTiff(1));
  Write("i.json", testing::StacItemJson("a", "2026-03-01T08:30:00Z"));
  EXPECT_THAT(Look(), ElementsAre());
  EXPECT_EQ(watcher_->waiting(), 1U);
  EXPECT_THAT(Look(), ElementsAre("a"));
  EXPECT_THAT(Look(), ElementsAre());
  EXPECT_EQ(watcher_->waiting(), 0U);
}

TEST_F(SceneFolder, WhatStillGrowsIsWaitedFor) {
  const std::string tif = testing::NoiseGeoTiff(1);
  Write("i.json", testing::StacItemJson("a", "2026-03-01T08:30:00Z"));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(Look(), ElementsAre());  // its raster is not there
  Write("scene.tif", tif.substr(0, 100));
  EXPECT_THAT(Look(), ElementsAre());
  Write("scene.tif", tif.substr(0, 200));
  EXPECT_THAT(Look(), ElementsAre());
  Write("scene.tif", tif);
  EXPECT_THAT(Look(), ElementsAre());
  EXPECT_THAT(Look(), ElementsAre("a"));
}

TEST_F(SceneFolder, DoneBesideItNeedsNoSecondLook) {
  Write("scene.tif", testing::NoiseGeoTiff(1));
  Write("i.json", testing::StacItemJson("a", "2026-03-01T08:30:00Z"));
  Write("i.json.done", "");
  EXPECT_THAT(Look(), ElementsAre("a"));
}

TEST_F(SceneFolder, AnImageThatNoItemNamesNeedsItsDone) {
  Write("x.tif", testing::NoiseGeoTiff(1, 64, "2026:03:01 08:30:00"));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(Look(), ElementsAre());
  Write("x.tif.done", "");
  EXPECT_THAT(Look(), ElementsAre("x"));
}

TEST_F(SceneFolder, NamesOfThingsOnTheirWayAreNoEntries) {
  const std::string item = testing::StacItemJson("a", "2026-03-01T08:30:00Z");
  Write("scene.tif", testing::NoiseGeoTiff(1));
  for (const char* name : {".i.json", "i.json.part", "i.json.tmp", "notes.txt"}) Write(name, item);
  EXPECT_THAT(Look(), ElementsAre());
  EXPECT_THAT(Look(), ElementsAre());
  std::filesystem::rename(directory_.File("in/i.json.part"), directory_.File("in/i.json"));
  EXPECT_THAT(Look(), ElementsAre());
  EXPECT_THAT(Look(), ElementsAre("a"));
}

TEST_F(SceneFolder, ARestartSendsNothingAgainButWhatWasNotConfirmed) {
  Write("scene.tif", testing::NoiseGeoTiff(1));
  Write("i.json", testing::StacItemJson("a", "2026-03-01T08:30:00Z"));
  Look();
  EXPECT_THAT(Look(), ElementsAre("a"));
  Start();
  EXPECT_THAT(Look(), ElementsAre());
  EXPECT_THAT(Look(), ElementsAre());
  Write("j.json", testing::StacItemJson("b", "2026-03-01T08:30:00Z"));
  Look();
  EXPECT_THAT(Look(/*confirm=*/false), ElementsAre("b"));
  EXPECT_THAT(Look(), ElementsAre());  // known while it runs
  Start();
  Look();
  EXPECT_THAT(Look(), ElementsAre("b"));
  // A name that holds something else now is another scene.
  Write("j.json", testing::StacItemJson("b", "2026-03-01T08:30:00Z", R"(,"gsd":3)"));
  Look();
  EXPECT_THAT(Look(), ElementsAre("b"));
}

TEST_F(SceneFolder, ProductsAreEntriesAndComeInOrderOfDelivery) {
  testing::WriteMadeSafe({}, directory_.File("in"));
  Write("scene.tif", testing::NoiseGeoTiff(1));
  Write("a.json", testing::StacItemJson("late", "2026-03-01T09:00:00Z"));
  Write("b.json", testing::StacItemJson("early", "2026-03-01T07:00:00Z"));
  Look();
  EXPECT_THAT(
      Look(),
      ElementsAre("early", "S1A_IW_GRDH_1SDV_20260301T083000_20260301T083001_063456_07F000_ABCD",
                  "late"));
  // The same folder, replayed.
  const auto source = OpenSceneFiles(*storage_, {{"sat"}, directory_.File("in"), Instant()});
  ASSERT_TRUE(source) << source.error().message;
  int records = 0;
  while ((*source)->Next().value()) ++records;
  EXPECT_GE(records, 2 + 2 + 5 + 1);
}

TEST_F(SceneFolder, WrongFoldersAndStateAreErrorsInOneSentence) {
  options_.folder = directory_.File("none");
  EXPECT_THAT(SceneFolderWatcher::Open(*storage_, options_).error().message,
              HasSubstr("is no folder"));
  options_.folder = directory_.File("in");
  std::ofstream(options_.state_file) << "not a digest\n";
  EXPECT_THAT(SceneFolderWatcher::Open(*storage_, options_).error().message,
              HasSubstr("byte 0: expected a SHA-256"));
}

}  // namespace
}  // namespace trucewatch
