// SPDX-License-Identifier: Apache-2.0
// Several images of a STAC item, or one with a mask, become one raster of values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "core/crypto/sha256.h"
#include "core/raster/scene_reader.h"
#include "ingest/feed.h"
#include "ingest/recorded/recorded_mission.h"
#include "ingest/recorded/recorded_source.h"
#include "tests/ingest/satellite/scene_files.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

constexpr int kSide = 60;

// Never 0, which may mean that nothing was measured.
std::uint8_t PictureAt(int x, int y) {
  return static_cast<std::uint8_t>(1 + (3 * x + 7 * y) % 250);
}

std::string Picture(int side, const std::function<std::uint8_t(int, int)>& at, double pixel_m) {
  RasterToWrite raster{.width_px = side,
                       .height_px = side,
                       .bands = 1,
                       .pixels = {},
                       .epsg = 32636,
                       .geotransform = {500000, pixel_m, 0, 3300000, 0, -pixel_m},
                       .datetime = ""};
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) raster.pixels.push_back(at(x, y));
  }
  return EncodeCog(raster).value_or("");
}

class StackedImages : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.set_id("sat1");
    config_.set_format(v1::config::SourceConfig::SATELLITE);
  }
  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(directory_.File(name), std::ios::binary) << bytes;
  }
  // An item of an image, data.tif, and what `more` adds to its assets.
  void WriteItem(const std::string& more, const std::string& bands = "") {
    Write("item.json",
          testing::StacItemJson("a", "2026-03-01T08:30:00Z", "", bands + "}" + more, "./data.tif"));
  }
  void Run(RecordedSource& source) {
    FeedOptions feed_options;
    feed_options.source = &config_;
    feed_options.scenes = &blobs_;
    const auto feed = MakeFeed(feed_options);
    ASSERT_TRUE(feed);
    while (true) {
      const auto record = source.Next();
      ASSERT_TRUE(record) << record.error().message;
      if (!*record) return;
      const auto items = (*feed)->Push(**record, Sha256((*record)->bytes));
      ASSERT_TRUE(items) << items.error().message;
      for (const FeedItem& item : *items) {
        if (const auto* scene = std::get_if<Scene>(&item)) scenes_.push_back(*scene);
        if (const auto* fault = std::get_if<DataFault>(&item)) reasons_ += fault->reason + "\n";
      }
    }
  }
  void RunItem() {
    const auto source =
        OpenSceneFiles(*storage_, {{"sat1"}, directory_.File("item.json"), Instant()});
    ASSERT_TRUE(source) << source.error().message;
    Run(**source);
  }
  // Values and validity of a band of the only scene.
  void ReadBand(int band, std::vector<float>& values, std::vector<std::uint8_t>& valid) {
    const auto reader = SceneReader::Open(blobs_.Open(scenes_.at(0).sha256).value(), {});
    ASSERT_TRUE(reader) << reader.error().message;
    values.resize(std::size_t{kSide} * kSide);
    valid.resize(values.size());
    ReadRequest request;
    request.bands = {band};
    request.window = {0, 0, kSide, kSide};
    request.physical = true;
    ASSERT_TRUE((*reader)->Read(request, values, valid));
  }

  testing::TempDirectory directory_;
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
  MemoryBlobStore blobs_;
  v1::config::SourceConfig config_;
  std::vector<Scene> scenes_;
  std::string reasons_;
};

const char* const kClasses = R"(,"scl":{"href":"./scl.tif","type":"image/tiff","roles":["data"])";

// One cloudy pixel, (10, 12) of a classification of half the image's resolution.
std::string OneCloud() {
  return Picture(
      kSide / 2, [](int x, int y) -> std::uint8_t { return x == 10 && y == 12 ? 9 : 4; }, 1.0);
}

TEST_F(StackedImages, CloudsOfTheClassificationAndWhatIsAroundThemAreMasked) {
  config_.mutable_satellite()->set_cloud_dilation_px(1);
  Write("data.tif", Picture(kSide, PictureAt, 0.5));
  Write("scl.tif", OneCloud());
  WriteItem(kClasses);
  RunItem();
  ASSERT_EQ(scenes_.size(), 1U) << reasons_;
  const Scene& scene = scenes_[0];
  EXPECT_EQ(scene.cloud_fraction, 4 / 3600.0);
  EXPECT_EQ(scene.nodata_fraction, 36 / 3600.0);
  EXPECT_EQ(scene.calibration, "values as the STAC item scales them");
  EXPECT_EQ(scene.inputs.size(), 3U) << "the item, the image, the classification";
  std::vector<float> values;
  std::vector<std::uint8_t> valid;
  ReadBand(1, values, valid);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const bool masked = x / 2 >= 9 && x / 2 <= 11 && y / 2 >= 11 && y / 2 <= 13;
      const auto at = static_cast<std::size_t>(y * kSide + x);
      ASSERT_EQ(valid[at] == 0, masked) << x << ", " << y;
      if (masked) continue;
      ASSERT_EQ(values[at], PictureAt(x, y)) << x << ", " << y;
    }
  }
}

TEST_F(StackedImages, AMaskThatDoesNotFitIsLeftOutWithARemarkAndTheImageStaysTheFile) {
  const std::string image = Picture(kSide, PictureAt, 0.5);
  Write("data.tif", image);
  Write("scl.tif", Picture(
                       kSide / 2 + 1, [](int, int) -> std::uint8_t { return 9; }, 1.0));
  WriteItem(kClasses);
  RunItem();
  ASSERT_EQ(scenes_.size(), 1U) << reasons_;
  EXPECT_EQ(scenes_[0].sha256, Sha256(image));
  EXPECT_THAT(scenes_[0].remarks, ::testing::Contains(HasSubstr("what hides the ground is not "
                                                                "masked: a mask of another size")));
}

// Assets of one colour each; each band's value is half of its sample, less 20.
std::string ColourBand(const std::string& colour) {
  return R"(,"raster:bands":[{"scale":0.5,"offset":-20}],"eo:bands":[{"name":"b","common_name":")" +
         colour + R"("}])";
}
std::string ColourAsset(const std::string& colour) {
  return ",\"" + colour + "\":{\"href\":\"./" + colour +
         ".tif\",\"type\":\"image/tiff\",\"roles\":[\"data\"]" + ColourBand(colour) + "}";
}

// A whole item of three bands: red is the asset "data".
std::string RedGreenBlue() {
  const std::string more = ColourAsset("green") + ColourAsset("blue");
  return more.substr(0, more.size() - 1);  // the item closes the last
}

TEST_F(StackedImages, BandsInFilesOfTheirOwnBecomeOneRasterOfScaledValues) {
  Write("data.tif", Picture(kSide, PictureAt, 0.5));
  Write("green.tif", Picture(
                         kSide, [](int x, int) { return static_cast<std::uint8_t>(x + 1); }, 0.5));
  Write("blue.tif", Picture(
                        kSide, [](int, int y) { return static_cast<std::uint8_t>(y + 1); }, 0.5));
  WriteItem(RedGreenBlue(), ColourBand("red"));
  RunItem();
  ASSERT_EQ(scenes_.size(), 1U) << reasons_;
  EXPECT_EQ(scenes_[0].bands, 3);
  EXPECT_EQ(scenes_[0].nodata_fraction, 0);
  std::vector<float> values;
  std::vector<std::uint8_t> valid;
  const std::function<int(int, int)> samples[] = {PictureAt, [](int x, int) { return x + 1; },
                                                  [](int, int y) { return y + 1; }};
  for (int band = 1; band <= 3; ++band) {
    ReadBand(band, values, valid);
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const auto at = static_cast<std::size_t>(y * kSide + x);
        // A value of zero (sample 40) is a measurement, though 0 is the raster's nodata.
        ASSERT_EQ(valid[at], 1) << band << ": " << x << ", " << y;
        ASSERT_NEAR(values[at], samples[band - 1](x, y) * 0.5 - 20, 1e-6) << x << ", " << y;
      }
    }
  }
}

TEST_F(StackedImages, BandsThatDoNotLieOnOneGridAreAFault) {
  Write("data.tif", Picture(kSide, PictureAt, 0.5));
  Write("green.tif", Picture(kSide, PictureAt, 0.5));
  Write("blue.tif", Picture(kSide, PictureAt, 0.6));
  WriteItem(RedGreenBlue(), ColourBand("red"));
  RunItem();
  EXPECT_TRUE(scenes_.empty());
  EXPECT_THAT(reasons_, HasSubstr("its bands do not lie on the same grid"));
}

// `trucewatch run mission.txtpb` in the mission's folder: its directory is then a relative one.
TEST_F(StackedImages, LocalPrefixesCountFromTheConfigsFolderAlsoWhereItIsRelative) {
  std::filesystem::create_directories(directory_.File("stac"));
  std::filesystem::create_directories(directory_.File("data"));
  Write("data/data.tif", Picture(kSide, PictureAt, 0.5));
  Write("stac/item.json", testing::StacItemJson("a", "2026-03-01T08:30:00Z", "", "",
                                                directory_.File("data/data.tif")));
  config_.set_file("stac/item.json");
  config_.mutable_satellite()->add_local_prefix("data");
  MissionFile mission;
  mission.directory = std::filesystem::relative(directory_.path()).string();
  ASSERT_FALSE(std::filesystem::path(mission.directory).is_absolute());
  mission.config.set_start_utc("2026-03-01T06:00:00Z");
  const auto source = OpenRecordedSource(*storage_, mission, config_);
  ASSERT_TRUE(source) << source.error().message;
  Run(**source);
  EXPECT_EQ(scenes_.size(), 1U) << reasons_;
}

}  // namespace
}  // namespace trucewatch
