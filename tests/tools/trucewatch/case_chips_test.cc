// SPDX-License-Identifier: Apache-2.0
// What an officer's bundle shows of a satellite scene.
#include "tools/trucewatch/case_chips.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>

#include "core/crypto/sha256.h"
#include "core/journal/journal.h"
#include "core/raster/raster_writer.h"
#include "core/raster/scene_reader.h"
#include "core/storage/blob_store.h"
#include "core/types/codec.h"
#include "tests/support/temp_directory.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kSceneWidthPx = 1200, kSceneHeightPx = 900;
constexpr double kPixelM = 1;
constexpr double kEastM = 500'000, kNorthM = 3'300'000;  // upper left corner, UTM 36N

class CaseChipsTest : public ::testing::Test {
 protected:
  // A scene with a bright square of 10 px at (700, 300), where a truck was detected.
  CaseChipsTest() {
    RasterToWrite raster{.width_px = kSceneWidthPx,
                         .height_px = kSceneHeightPx,
                         .bands = 1,
                         .pixels = std::vector<std::uint8_t>(kSceneWidthPx * kSceneHeightPx),
                         .epsg = 32636,
                         .geotransform = {kEastM, kPixelM, 0, kNorthM, 0, -kPixelM},
                         .datetime = ""};
    for (int y = 0; y < kSceneHeightPx; ++y) {
      for (int x = 0; x < kSceneWidthPx; ++x) {
        const bool truck = x >= 700 && x < 710 && y >= 300 && y < 310;
        raster.pixels[static_cast<std::size_t>(y * kSceneWidthPx + x)] =
            static_cast<std::uint8_t>(truck ? 250 : 40 + (x * 7 + y * 13) % 40);
      }
    }
    image_ = EncodeCog(raster).value();
    const auto reader = SceneReader::Open(image_, "scene").value();
    place_ = reader->GroundFromPixel({705, 305}).value();
  }
  void WriteRun(Instant taken) {
    Scene scene;
    scene.source = {"passes"};
    scene.lineage.modality = Modality::kSatelliteOptical;
    scene.item = "pass-1";
    scene.time = taken;
    scene.sha256 = Sha256(image_);
    scene.size_bytes = image_.size();
    scene.width_px = kSceneWidthPx;
    scene.height_px = kSceneHeightPx;
    scene.bands = 1;
    scene.resolution_m = kPixelM;
    v1::Envelope with_scene;
    *with_scene.mutable_scene() = ToProto(scene);
    ObservationSet look;
    look.source = {"passes"};
    look.lineage.modality = Modality::kSatelliteOptical;
    look.lineage.model = "blobs-1";
    look.time = taken;
    Detection d;
    d.position = place_;
    d.cov_en_m2 = Eigen::Matrix2d::Identity();
    d.length_m = d.width_m = 10;
    d.score = 1;
    d.box_x_px = 700;
    d.box_y_px = 300;
    d.box_width_px = d.box_height_px = 10;
    look.detections = {d};
    v1::Envelope with_look;
    *with_look.mutable_observation_set() = ToProto(look);
    for (const auto& [log, envelope] :
         {std::pair{"/ingest", &with_scene}, std::pair{"/detect", &with_look}}) {
      const auto journal = Journal::Open(*storage_, temp_.path() + log).value();
      ASSERT_TRUE(journal->Append({{0, SerializeEnvelope(*envelope)}}));
    }
    FileBlobStore scenes(*storage_, temp_.path() + "/scenes");
    ASSERT_TRUE(scenes.Put(scene.sha256, AsBytes(image_)));
  }
  std::vector<Published> Statements(Instant at) const {
    Published one;
    one.finding.kind = FindingKind::kEventTransition;
    one.finding.state = EventState::kVerified;
    one.finding.position = place_;
    Support support;
    support.source = {"passes"};
    support.lineage.modality = Modality::kSatelliteOptical;
    support.last = at;
    one.finding.supports = {support};
    return {one, one};
  }
  std::vector<CasePicture> Chips(const std::vector<Published>& statements) {
    auto chips = SceneChips(*storage_, temp_.path(), statements, 12);
    EXPECT_TRUE(chips) << chips.error().message;
    return chips.value_or(std::vector<CasePicture>());
  }

  const testing::TempDirectory temp_;
  const std::unique_ptr<Storage> storage_ = MakePosixStorage();
  const Instant taken_ = *ParseUtc("2026-03-01T08:00:00Z");
  std::string image_;
  Geodetic place_;
};

TEST_F(CaseChipsTest, AChipIsThePlaceOfTheStatementWithWhatWasDetectedThere) {
  WriteRun(taken_);
  const auto chips = Chips(Statements(taken_ + Duration::Seconds(60)));
  ASSERT_THAT(chips, SizeIs(1));  // once, however many statements rest on it
  EXPECT_EQ(chips[0].path, "pictures/chip-1-passes.png");
  EXPECT_THAT(chips[0].caption, HasSubstr("scene pass-1 of 2026-03-01T08:00:00Z, about 400 m"));
  EXPECT_THAT(chips[0].caption, HasSubstr("blobs-1"));
  const std::vector<std::uint8_t> bytes(chips[0].bytes.begin(), chips[0].bytes.end());
  const cv::Mat picture = cv::imdecode(bytes, cv::IMREAD_COLOR);
  ASSERT_EQ(picture.cols, 400);
  ASSERT_EQ(picture.rows, 400);
  // The square is in the middle and white, and the frame about it red.
  EXPECT_EQ(picture.at<cv::Vec3b>(200, 200), cv::Vec3b(255, 255, 255));
  int red = 0;
  for (int x = 0; x < picture.cols; ++x) {
    const cv::Vec3b pixel = picture.at<cv::Vec3b>(200, x);
    red += pixel[2] > 200 && pixel[0] < 60 && pixel[1] < 60 ? 1 : 0;
  }
  EXPECT_EQ(red, 2);
}

TEST_F(CaseChipsTest, AtTheEdgeOfASceneAChipIsWhatThereIsOfIt) {
  WriteRun(taken_);
  auto statements = Statements(taken_);
  const auto reader = SceneReader::Open(image_, "scene").value();
  statements[0].finding.position = reader->GroundFromPixel({20, 880}).value();
  statements.resize(1);
  const auto chips = Chips(statements);
  ASSERT_THAT(chips, SizeIs(1));
  const std::vector<std::uint8_t> bytes(chips[0].bytes.begin(), chips[0].bytes.end());
  const cv::Mat picture = cv::imdecode(bytes, cv::IMREAD_GRAYSCALE);
  EXPECT_EQ(picture.cols, 220 * 2);  // 640 / 220: twice as large
  EXPECT_EQ(picture.rows, 220 * 2);
}

TEST_F(CaseChipsTest, WithoutAPassBeforeTheStatementOrItsSceneThereIsNone) {
  EXPECT_THAT(Chips(Statements(taken_)), IsEmpty());
  WriteRun(taken_);
  EXPECT_THAT(Chips(Statements(taken_ - Duration::Seconds(1))), IsEmpty());
  std::filesystem::remove_all(temp_.path() + "/scenes");
  EXPECT_THAT(Chips(Statements(taken_)), IsEmpty());
}

}  // namespace
}  // namespace trucewatch::tools
