// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/stac.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ingest/satellite/scene_files.h"

namespace trucewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::StacItemJson;

std::string Why(const std::string& json) {
  const auto node = ParseStac(json, "a.json");
  EXPECT_FALSE(node);
  return node ? "" : node.error().message;
}

TEST(Stac, ItemSaysTimeDeliverySunAndStatus) {
  const auto node = ParseStac(
      StacItemJson("EXERCISE-7", "2026-03-01T08:30:00.25Z",
                   R"(,"published":"2026-03-01T12:00:00+02:00","created":"2026-03-01T11:00:00Z",)"
                   R"("view:sun_azimuth":140.5,"view:sun_elevation":48)"),
      "a.json");
  ASSERT_TRUE(node) << node.error().message;
  const StacItem& item = node->item.value();
  EXPECT_EQ(item.id, "EXERCISE-7");
  EXPECT_EQ(FormatUtc(*item.time), "2026-03-01T08:30:00.250000Z");
  EXPECT_EQ(FormatUtc(*item.delivered), "2026-03-01T10:00:00Z");
  EXPECT_EQ(item.sun_azimuth_deg, 140.5);
  EXPECT_EQ(item.sun_elevation_deg, 48);
  EXPECT_TRUE(item.exercise);
}

TEST(Stac, DeliveryIsPublishedElseCreatedElseTheAcquisition) {
  const auto created = ParseStac(
      StacItemJson("a", "2026-03-01T08:30:00Z", R"(,"created":"2026-03-01T11:00:00Z")"), "");
  EXPECT_EQ(FormatUtc(*created->item->delivered), "2026-03-01T11:00:00Z");
  EXPECT_FALSE(created->item->exercise);
  const auto bare = ParseStac(StacItemJson("a", "2026-03-01T08:30:00Z"), "");
  EXPECT_EQ(FormatUtc(*bare->item->delivered), "2026-03-01T08:30:00Z");
  const auto start = ParseStac(
      R"({"type":"Feature","stac_version":"1.0.0","id":"x","properties":{"datetime":null,)"
      R"("start_datetime":"2026-03-01T01:00:00Z","trucewatch:status":"EXERCISE"}})",
      "");
  ASSERT_TRUE(start);
  EXPECT_EQ(FormatUtc(*start->item->time), "2026-03-01T01:00:00Z");
  EXPECT_TRUE(start->item->exercise);
}

TEST(Stac, RastersComeByRoleThenKeyWithWhatIsSaidOfThem) {
  const std::string sum(64, 'a');
  const auto node = ParseStac(
      R"({"type":"Feature","stac_version":"1.1.0","id":"x","properties":{},"assets":{)"
      R"("z":{"href":"z.tif"},"v":{"href":"v.tif","type":"image/tiff","roles":["visual"]},)"
      R"("b":{"href":"b.tif","type":"image/vnd.stac.geotiff; cloud-optimized=true","roles":["data"],)"
      R"("file:size":12,"file:checksum":"1220)" +
          sum +
          R"("},"a":{"href":"a.tif","type":"image/tiff","roles":["data"],"file:checksum":"90e4020102"},)"
          R"("m":{"href":"m.tif","type":"image/tiff","roles":["udm"]},)"
          R"("p":{"href":"p.png","type":"image/png","roles":["data"]}}})",
      "");
  ASSERT_TRUE(node) << node.error().message;
  std::vector<std::string> keys;
  for (const StacRaster& raster : node->item->rasters) keys.push_back(raster.key);
  EXPECT_THAT(keys, ElementsAre("a", "b", "v", "z"));
  EXPECT_TRUE(node->item->rasters[0].other_checksum);
  EXPECT_FALSE(node->item->rasters[0].sha256);
  EXPECT_EQ(HexEncode(*node->item->rasters[1].sha256), sum);
  EXPECT_EQ(node->item->rasters[1].size_bytes, 12U);
}

TEST(Stac, CatalogGivesItsChildrenAndItems) {
  const auto node = ParseStac(
      R"({"type":"Catalog","stac_version":"1.0.0","id":"c","links":[{"rel":"self","href":"c.json"},)"
      R"({"rel":"child","href":"./a/c.json"},{"rel":"item","href":"b.json"}]})",
      "");
  ASSERT_TRUE(node);
  EXPECT_FALSE(node->item);
  EXPECT_THAT(node->links, ElementsAre("./a/c.json", "b.json"));
}

TEST(Stac, WhatIsNoStacIsRefusedWithTheReason) {
  EXPECT_THAT(Why("{"), HasSubstr("a.json: is no JSON object"));
  EXPECT_THAT(Why("[1]"), HasSubstr("no JSON object"));
  EXPECT_THAT(Why(R"({"type":"FeatureCollection","features":[]})"), HasSubstr("is no STAC item"));
  EXPECT_THAT(Why(R"({"type":"Feature","stac_version":"1.0.0","properties":{}})"), HasSubstr("id"));
  EXPECT_THAT(Why(StacItemJson("a", "yesterday")), HasSubstr("datetime: \"yesterday\""));
  EXPECT_THAT(Why(StacItemJson("a", "2026-03-01T08:30:00Z", R"(,"view:sun_elevation":99)")),
              HasSubstr("view:sun_elevation"));
  EXPECT_THAT(Why(StacItemJson("a", "2026-03-01T08:30:00Z", "", R"(,"file:checksum":"12202")")),
              HasSubstr("multihash"));
  EXPECT_THAT(Why(StacItemJson("a", "2026-03-01T08:30:00Z", "", R"(,"file:checksum":"1220aabb")")),
              HasSubstr("expected 34"));
  EXPECT_THAT(Why(StacItemJson("a", "2026-03-01T08:30:00Z", "", R"(,"file:size":-1)")),
              HasSubstr("file:size"));
  EXPECT_THAT(Why(std::string(kMaxStacJsonBytes + 1, ' ')), HasSubstr("expected at most"));
  EXPECT_FALSE(ParseStac(std::string(100'000, '['), "deep"));
}

TEST(Stac, LinksStayBelowTheRoot) {
  EXPECT_EQ(LocalStacPath("", "./a.json").value(), "a.json");
  EXPECT_EQ(LocalStacPath("a/b", "../c/./d.json").value(), "a/c/d.json");
  for (const char* href : {"../a.json", "b/../../a.json", "/etc/passwd", "https://x.org/a.json",
                           "file:a.json", "C:\\a.json", "", ".", "a/.."}) {
    EXPECT_FALSE(LocalStacPath("", href)) << href;
  }
  EXPECT_FALSE(LocalStacPath("a/b", "../../../x.json"));
}

TEST(Stac, TimesOfRfc3339) {
  EXPECT_EQ(FormatUtc(*ParseRfc3339("2017-08-31T17:27:54.960530123Z")),
            "2017-08-31T17:27:54.960530Z");
  EXPECT_EQ(FormatUtc(*ParseRfc3339("2026-03-01t00:10:00-01:30")), "2026-03-01T01:40:00Z");
  for (const char* text :
       {"2026-03-01", "2026-03-01T00:00:00", "2026-13-01T00:00:00Z", "2026-03-01T00:00:00.Z",
        "2026-03-01T00:00:00+1:00", "2026-03-01T00:00:00+99:00", "2026-03-01T00:00:00Zx"}) {
    EXPECT_FALSE(ParseRfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace trucewatch
