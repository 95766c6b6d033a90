// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/crypto/sha256.h"
#include "core/storage/faulty_storage.h"
#include "ingest/feed.h"
#include "ingest/recorded/recorded_source.h"
#include "ingest/satellite/scene_chunk.h"
#include "tests/ingest/satellite/scene_files.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"
#include "trucewatch/v1/observation.pb.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using testing::NoiseGeoTiff;
using testing::StacItemJson;

class SatelliteFeedTest : public ::testing::Test {
 protected:
  SatelliteFeedTest() {
    config_.set_id("sat1");
    config_.set_format(v1::config::SourceConfig::SATELLITE);
    config_.set_platform("sat-a");
    config_.set_position_sigma_m(3.5);
  }

  std::string Write(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(directory_.File(name)).parent_path());
    std::ofstream(directory_.File(name), std::ios::binary) << bytes;
    return directory_.File(name);
  }

  std::vector<RawRecord> Records(const std::string& path) {
    const auto source = OpenSceneFiles(*storage_, {{"sat1"}, path, start_});
    EXPECT_TRUE(source) << source.error().message;
    std::vector<RawRecord> records;
    while (source) {
      auto record = (*source)->Next();
      EXPECT_TRUE(record) << record.error().message;
      if (!record || !*record) break;
      records.push_back(std::move(**record));
    }
    return records;
  }

  struct Out {
    std::vector<Scene> scenes;
    std::vector<DataFault> faults;
    std::string account;
  };
  Out Feed(const std::vector<RawRecord>& records) {
    const auto feed = MakeFeed({.source = &config_,
                                .terrain_config = nullptr,
                                .terrain = nullptr,
                                .ground_height_hae_m = 0,
                                .scenes = &blobs_});
    EXPECT_TRUE(feed);
    Out out;
    for (const RawRecord& record : records) {
      const auto items = (*feed)->Push(record, Sha256(record.bytes));
      EXPECT_TRUE(items) << items.error().message;
      if (!items) break;
      for (const FeedItem& item : *items) {
        if (const auto* scene = std::get_if<Scene>(&item)) out.scenes.push_back(*scene);
        if (const auto* fault = std::get_if<DataFault>(&item)) out.faults.push_back(*fault);
      }
    }
    out.account = (*feed)->Account();
    return out;
  }
  // The one fault that the records give, and no scene.
  std::string OnlyFault(const std::vector<RawRecord>& records) {
    const Out out = Feed(records);
    EXPECT_TRUE(out.scenes.empty());
    EXPECT_EQ(out.faults.size(), 1U);
    return out.faults.empty() ? "" : out.faults[0].reason;
  }

  testing::TempDirectory directory_;
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
  MemoryBlobStore blobs_;
  v1::config::SourceConfig config_;
  Instant start_ = ParseUtc("2026-03-01T00:00:00Z").value();
};

TEST_F(SatelliteFeedTest, ItemAndRasterBecomeASceneWhosePixelsLieInTheStore) {
  const std::string tif = NoiseGeoTiff(1, 700);
  ASSERT_GT(tif.size(), kMaxSceneChunkBytes);
  Write("scene.tif", tif);
  const std::string checksum = HexEncode(Sha256(tif));
  const auto records = Records(Write(
      "item.json",
      StacItemJson(
          "EXERCISE-1", "2026-03-01T08:30:00Z",
          R"(,"published":"2026-03-01T09:15:00Z","view:sun_azimuth":150,"view:sun_elevation":40,"view:off_nadir":0)",
          R"(,"file:checksum":"1220)" + checksum + R"(","file:size":)" +
              std::to_string(tif.size()))));
  ASSERT_GE(records.size(), 4U);  // item, two chunks or more, end
  std::string joined;
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i + 1 < records.size(); ++i) {
    EXPECT_EQ(FormatUtc(records[i].receive_time), "2026-03-01T09:15:00Z");
    EXPECT_EQ(records[i].source_sequence, i + 1);
    EXPECT_EQ(records[i].source_offset, offset);
    offset += records[i].bytes.size();
    v1::SceneChunk chunk;
    ASSERT_TRUE(chunk.ParseFromString(records[i].bytes));
    EXPECT_EQ(chunk.item(), "EXERCISE-1");
    EXPECT_EQ(chunk.name(), i == 0 ? "item.json" : "./scene.tif");
    EXPECT_LE(chunk.data().size(), kMaxSceneChunkBytes);
    if (i > 0) joined += chunk.data();
  }
  EXPECT_EQ(joined, tif);
  EXPECT_TRUE(records.back().end_of_source);
  EXPECT_EQ(records.back().bytes, "");

  const Out out = Feed(records);
  ASSERT_EQ(out.scenes.size(), 1U) << (out.faults.empty() ? "" : out.faults[0].reason);
  EXPECT_TRUE(out.faults.empty());
  const Scene& scene = out.scenes[0];
  EXPECT_EQ(scene.source.value, "sat1");
  EXPECT_EQ(scene.lineage.modality, Modality::kSatelliteOptical);
  EXPECT_EQ(scene.lineage.platform, "sat-a");
  EXPECT_EQ(scene.item, "EXERCISE-1");
  EXPECT_TRUE(scene.exercise);
  EXPECT_EQ(FormatUtc(scene.time), "2026-03-01T08:30:00Z");
  EXPECT_EQ(scene.sha256, Sha256(tif));
  EXPECT_EQ(scene.size_bytes, tif.size());
  EXPECT_EQ(scene.width_px, 700);
  EXPECT_EQ(scene.position_sigma_m, 3.5);
  EXPECT_TRUE(scene.view_known);
  EXPECT_EQ(scene.time_source, "STAC");
  EXPECT_EQ(scene.georeference, "map");
  EXPECT_EQ(scene.nodata_fraction, 0);
  EXPECT_EQ(scene.cloud_fraction, -1);  // nobody said
  ASSERT_EQ(scene.inputs.size(), 1U);
  EXPECT_EQ(scene.inputs[0].role, "item");
  EXPECT_EQ(scene.sun_azimuth_deg, 150);
  EXPECT_EQ(scene.sun_elevation_deg, 40);
  EXPECT_NEAR(scene.resolution_m, 0.5, 0.001);
  EXPECT_EQ(scene.footprint.size(), 4U);
  EXPECT_EQ(scene.raw_digests.size(), records.size() - 1);
  const auto blob = blobs_.Open(scene.sha256).value();
  EXPECT_EQ(blob->ReadAt(0, blob->Size().value()).value(), tif);
}

TEST_F(SatelliteFeedTest, CatalogComesInOrderOfDeliveryNotOfAcquisition) {
  Write("a/scene.tif", NoiseGeoTiff(1));
  Write("b/scene.tif", NoiseGeoTiff(2));
  Write("a/a.json",
        StacItemJson("a", "2026-03-01T06:00:00Z", R"(,"published":"2026-03-02T00:00:00Z")"));
  Write("b/b.json",
        StacItemJson("b", "2026-03-01T08:00:00Z", R"(,"published":"2026-03-01T09:00:00Z")"));
  Write(
      "sub/catalog.json",
      R"({"type":"Catalog","stac_version":"1.0.0","id":"s","links":[{"rel":"item","href":"../b/b.json"},)"
      R"({"rel":"child","href":"../catalog.json"}]})");
  const Out out = Feed(Records(Write(
      "catalog.json",
      R"({"type":"Catalog","stac_version":"1.0.0","id":"c","links":[{"rel":"item","href":"./a/a.json"},)"
      R"({"rel":"child","href":"./sub/catalog.json"}]})")));
  EXPECT_TRUE(out.faults.empty());
  ASSERT_EQ(out.scenes.size(), 2U);
  EXPECT_EQ(out.scenes[0].item, "b");
  EXPECT_EQ(out.scenes[1].item, "a");
}

TEST_F(SatelliteFeedTest, LoneGeoTiffNeedsItsOwnTime) {
  const Out good =
      Feed(Records(Write("EXERCISE_x.tif", NoiseGeoTiff(1, 64, "2026:03:01 08:30:00"))));
  ASSERT_EQ(good.scenes.size(), 1U);
  EXPECT_EQ(FormatUtc(good.scenes[0].time), "2026-03-01T08:30:00Z");
  EXPECT_EQ(good.scenes[0].item, "EXERCISE_x");
  EXPECT_TRUE(good.scenes[0].exercise);
  const auto records = Records(Write("y.tif", NoiseGeoTiff(1)));
  EXPECT_EQ(records[0].receive_time, start_);
  EXPECT_THAT(OnlyFault(records), HasSubstr("no acquisition time"));
  // Or one that the mission's config says; nothing says the view: nadir, and wider.
  config_.mutable_satellite()->set_time_utc("2026-03-01T07:00:00Z");
  const Out configured = Feed(records);
  ASSERT_EQ(configured.scenes.size(), 1U);
  EXPECT_EQ(FormatUtc(configured.scenes[0].time), "2026-03-01T07:00:00Z");
  EXPECT_EQ(configured.scenes[0].time_source, "configured");
  EXPECT_FALSE(configured.scenes[0].view_known);
  EXPECT_NEAR(configured.scenes[0].position_sigma_m, std::hypot(3.5, 5 * std::tan(M_PI / 6)), 1e-9);
  EXPECT_THAT(configured.scenes[0].remarks.at(0), HasSubstr("view geometry not stated"));
}

TEST_F(SatelliteFeedTest, WhatTheItemSaysOfItsRasterIsChecked) {
  Write("scene.tif", NoiseGeoTiff(1));
  const std::string time = "2026-03-01T08:30:00Z";
  EXPECT_THAT(OnlyFault(Records(Write("i.json", StacItemJson("a", time, "",
                                                             R"(,"file:checksum":"1220)" +
                                                                 std::string(64, '0') + "\"")))),
              HasSubstr("but file:checksum says 0000"));
  EXPECT_THAT(OnlyFault(Records(Write("i.json", StacItemJson("a", time, "", R"(,"file:size":7)")))),
              HasSubstr("but file:size says 7"));
  const Out other = Feed(
      Records(Write("i.json", StacItemJson("a", time, "", R"(,"file:checksum":"90e4020102")"))));
  EXPECT_EQ(other.scenes.size(), 1U);
  EXPECT_THAT(other.account, HasSubstr("1 checksums of a kind that is not checked"));
}

TEST_F(SatelliteFeedTest, ItemsOfOthersWithoutLocalAssetsAreFaultsWithTheReason) {
  const std::string time = "2026-03-01T08:30:00Z";
  EXPECT_THAT(OnlyFault(Records(Write("i.json", StacItemJson("a", time)))),
              HasSubstr("its raster was not delivered with it: ./scene.tif"));
  EXPECT_THAT(OnlyFault(Records(Write(
                  "i.json", StacItemJson("a", time, "", "", "https://example.org/scene.tif")))),
              HasSubstr("https://example.org/scene.tif"));
  Write("../outside.tif", NoiseGeoTiff(1));
  EXPECT_THAT(
      OnlyFault(Records(Write("i.json", StacItemJson("a", time, "", "", "../outside.tif")))),
      HasSubstr("not delivered"));
  std::filesystem::remove(directory_.File("../outside.tif"));
  EXPECT_THAT(OnlyFault(Records(Write(
                  "i.json", R"({"type":"Feature","stac_version":"1.0.0","id":"x","properties":)"
                            R"({"datetime":"2026-03-01T08:30:00Z"},"assets":{}})"))),
              HasSubstr("no GeoTIFF asset"));
}

TEST_F(SatelliteFeedTest, BadLinksCostThemselvesOnly) {
  Write("scene.tif", NoiseGeoTiff(1));
  Write("good.json", StacItemJson("good", "2026-03-01T08:30:00Z"));
  Write("broken.json", R"({"type":"Feature","stac_version":"1.0.0","id":"x")");
  std::filesystem::create_symlink("/etc/hostname", directory_.File("link.json"));
  std::filesystem::create_directories(directory_.File("folder"));
  const Out out = Feed(Records(Write(
      "catalog.json",
      R"({"type":"Catalog","stac_version":"1.0.0","id":"c","links":[{"rel":"item","href":"broken.json"},)"
      R"({"rel":"item","href":"none.json"},{"rel":"item","href":"../up.json"},)"
      R"({"rel":"item","href":"https://example.org/i.json"},{"rel":"item","href":"link.json"},)"
      R"({"rel":"item","href":"folder"},{"rel":"item","href":"good.json"}]})")));
  ASSERT_EQ(out.scenes.size(), 1U);
  std::string reasons;
  for (const DataFault& fault : out.faults) reasons += fault.reason + "\n";
  EXPECT_EQ(out.faults.size(), 6U) << reasons;
  for (const char* expected :
       {"item.json: is no JSON object", "none.json: there is no such file", "above the root folder",
        "is a URL", "symbolic link", "is a folder"}) {
    EXPECT_THAT(reasons, HasSubstr(expected));
  }
}

TEST_F(SatelliteFeedTest, SymlinkedRasterIsNotSent) {
  Write("real.tif", NoiseGeoTiff(1));
  std::filesystem::create_symlink(directory_.File("real.tif"), directory_.File("scene.tif"));
  EXPECT_THAT(OnlyFault(Records(Write("i.json", StacItemJson("a", "2026-03-01T08:30:00Z")))),
              HasSubstr("not delivered"));
}

TEST_F(SatelliteFeedTest, ChunksMustCompleteTheFileInOrder) {
  Write("scene.tif", NoiseGeoTiff(1, 700));
  const auto good = Records(Write("i.json", StacItemJson("a", "2026-03-01T08:30:00Z")));
  ASSERT_GE(good.size(), 4U);
  auto missing = good;
  missing.erase(missing.begin() + 1);
  EXPECT_THAT(OnlyFault(missing), HasSubstr("where byte 0 of"));
  auto cut = good;
  cut.erase(cut.end() - 2);
  EXPECT_THAT(OnlyFault(cut), HasSubstr("ends at byte"));
  auto twice = good;
  twice.insert(twice.begin() + 2, twice[1]);
  EXPECT_THAT(OnlyFault(twice), HasSubstr("was to come"));
  auto damaged = good;
  damaged[1].bytes[damaged[1].bytes.size() - 40] ^= 1;  // in its data
  EXPECT_THAT(OnlyFault(damaged), HasSubstr("another SHA-256"));
  auto garbage = good;
  garbage[1].bytes = "\xff\xff\xff";
  const Out out = Feed(garbage);
  EXPECT_TRUE(out.scenes.empty());
  EXPECT_THAT(out.faults.at(0).reason, HasSubstr("no SceneChunk"));
}

TEST_F(SatelliteFeedTest, HugeDeclaredFilesAreRefusedAtTheirFirstChunk) {
  v1::SceneChunk chunk;
  chunk.set_item("a");
  chunk.set_name("x.tif");
  chunk.set_file_size(std::uint64_t{1} << 40);
  chunk.set_file_sha256(std::string(32, 'x'));
  chunk.set_data("abc");
  RawRecord record;
  record.source = {"sat1"};
  record.source_sequence = 1;
  record.bytes = chunk.SerializeAsString();
  EXPECT_THAT(OnlyFault({record}), HasSubstr("a file of 1099511627776 bytes"));
}

TEST_F(SatelliteFeedTest, WhatIsNeitherStacNorTiffIsRefusedAtOpening) {
  const auto text =
      OpenSceneFiles(*storage_, {{"sat1"}, Write("a.json", "Dear colleagues"), start_});
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("expected a STAC item"));
  EXPECT_EQ(
      OpenSceneFiles(*storage_, {{"sat1"}, Write("a.json", "{\"a\":1}"), start_}).error().code,
      ErrorCode::kBadInput);
  EXPECT_EQ(OpenSceneFiles(*storage_, {{"sat1"}, directory_.File("no.json"), start_}).error().code,
            ErrorCode::kNotFound);
}

TEST_F(SatelliteFeedTest, AReadErrorEndsTheSourceAsAnError) {
  FaultyStorage disk;
  ASSERT_TRUE(disk.MakeDirectories("/m"));
  ASSERT_TRUE(
      WriteFileAtomically(disk, "/m/i.json", AsBytes(StacItemJson("a", "2026-03-01T08:30:00Z"))));
  const auto source = OpenSceneFiles(disk, {{"sat1"}, "/m/i.json", start_});
  ASSERT_TRUE(source) << source.error().message;
  disk.FailCall(1, true);
  const auto record = (*source)->Next();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::kIo);
}

TEST_F(SatelliteFeedTest, CatalogOfRealItemsIsWalked) {
  TW_SHARED_DATA_OR_SKIP(path, "satellite/stac-planet-disaster/collection.json");
  const auto records = Records(path);
  const Out out = Feed(records);
  for (const DataFault& fault : out.faults) ADD_FAILURE() << fault.reason;
  ASSERT_EQ(out.scenes.size(), 5U);
  for (std::size_t i = 1; i < records.size(); ++i) {
    EXPECT_GE(records[i].receive_time, records[i - 1].receive_time);
  }
  // By hand from the items: without `created` the acquisition counts, so Houston comes first.
  EXPECT_EQ(out.scenes[0].item, "Houston-East-20170831-103f-100d-0f4f-RGB");
  EXPECT_EQ(FormatUtc(out.scenes[0].time), "2017-08-31T17:24:57.555491Z");
  EXPECT_EQ(out.scenes[1].item, "20170831_195425_SS02");
  EXPECT_EQ(out.scenes[4].item, "20170831_172754_101c");
  EXPECT_EQ(out.scenes[4].bands, 4);  // the asset with the role data, not the visual one
  EXPECT_EQ(out.scenes[4].sun_azimuth_deg, 145.4);
  EXPECT_EQ(out.scenes[4].cloud_fraction, 0.02);
  EXPECT_EQ(out.scenes[4].view_off_nadir_deg, 0.2);
  EXPECT_EQ(out.scenes[4].lineage.platform, "sat-a");  // the config's word comes first
}

TEST_F(SatelliteFeedTest, RealRastersThatAreNoScenesAreFaultsForTheRightReason) {
  for (const auto& [name, reason] : std::vector<std::pair<std::string, std::string>>{
           {"m_4709963_se_14_1_20180716.tif", "no acquisition time"},
           {"sar-complex-vv.tif", "no acquisition time"},
           {"rpc-ventoux/left_image.tif", "no coordinate system"}}) {
    TW_SHARED_DATA_OR_SKIP(path, "satellite/" + name);
    EXPECT_THAT(OnlyFault(Records(path)), HasSubstr(reason)) << name;
  }
}

}  // namespace
}  // namespace trucewatch
