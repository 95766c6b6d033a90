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

constexpr const char* kProducts = R"({"type":"Feature","stac_version":"%V","id":"x",
 "properties":{"datetime":"2026-03-01T08:30:00Z","platform":"sentinel-2a","constellation":"s2",
  "gsd":10,"eo:cloud_cover":12.5,"view:off_nadir":3.5,"view:incidence_angle":4,"view:azimuth":98,
  "sat:orbit_state":"descending","sat:relative_orbit":121,%P},
 "assets":{
  "blue":{"href":"B02.jp2","type":"image/jp2","roles":["data"],%B"blue"%S},
  "green":{"href":"B03.jp2","type":"image/jp2","roles":["data"],%B"green"%S},
  "red":{"href":"B04.jp2","type":"image/jp2","roles":["data"],%B"red"%S},
  "nir":{"href":"B08.jp2","type":"image/jp2","roles":["data"],%B"nir"%S},
  "swir16":{"href":"B11.jp2","type":"image/jp2","gsd":20,"roles":["data"],%B"swir16"%S},
  "scl":{"href":"SCL.jp2","type":"image/jp2","gsd":20,"roles":["data","reflectance"]},
  "product":{"href":"MTD_MSIL2A.xml","type":"application/xml","roles":["metadata"]},
  "page":{"href":"https://example.org/","type":"text/html"}}})";

// The same item in the words of STAC 1.0 and of 1.1.
std::string ProductsOf(const std::string& version) {
  std::string json = kProducts;
  const bool old = version == "1.0.0";
  const std::vector<std::pair<std::string, std::string>> words = {
      {"%V", version},
      {"%P", old ? R"("proj:epsg":32636)" : R"("proj:code":"EPSG:32636")"},
      {"%B", old ? R"("raster:bands":[{"nodata":0,"scale":0.0001,"offset":-0.1}],)"
                   R"("eo:bands":[{"name":"b","common_name":)"
                 : R"("bands":[{"nodata":0,"raster:scale":0.0001,"raster:offset":-0.1,)"
                   R"("name":"b","eo:common_name":)"},
      {"%S", "}]"}};
  for (const auto& [from, to] : words) {
    for (std::size_t at = 0; (at = json.find(from, at)) != std::string::npos; at += to.size()) {
      json.replace(at, from.size(), to);
    }
  }
  return json;
}

TEST(Stac, ExtensionsAreReadInTheWordsOfBothVersions) {
  for (const char* version : {"1.0.0", "1.1.0"}) {
    const auto node = ParseStac(ProductsOf(version), "i.json");
    ASSERT_TRUE(node) << node.error().message;
    const StacItem& item = node->item.value();
    EXPECT_EQ(item.platform, "sentinel-2a");
    EXPECT_EQ(item.gsd_m, 10);
    EXPECT_EQ(item.cloud_percent, 12.5);
    EXPECT_EQ(item.epsg, 32636) << version;
    EXPECT_EQ(item.view.off_nadir_deg, 3.5);
    EXPECT_EQ(item.view.incidence_deg, 4);
    EXPECT_EQ(item.view.azimuth_deg, 98);
    EXPECT_EQ(item.orbit_state, "descending");
    EXPECT_EQ(item.relative_orbit, 121);
    EXPECT_FALSE(item.sar);
    // Several bands: those of one resolution, red first, so that a grey picture is one.
    std::vector<std::string> keys;
    for (const StacRaster& image : SceneImages(item)) keys.push_back(image.key);
    EXPECT_THAT(keys, ElementsAre("red", "green", "blue", "nir")) << version;
    const StacBand& red = SceneImages(item)[0].bands.at(0);
    EXPECT_EQ(red.scale, 0.0001);
    EXPECT_EQ(red.offset, -0.1);
    EXPECT_EQ(red.nodata, 0);
    ASSERT_TRUE(item.mask);
    EXPECT_EQ(item.mask->href, "SCL.jp2");
    EXPECT_EQ(item.mask->gsd_m, 20);
    EXPECT_TRUE(item.mask_is_scl);
    ASSERT_EQ(item.inputs.size(), 1U);
    EXPECT_EQ(item.inputs[0].href, "MTD_MSIL2A.xml");
  }
}

TEST(Stac, RadarItemsSayModeAndPolarisations) {
  const auto node = ParseStac(
      StacItemJson(
          "a", "2026-03-01T08:30:00Z",
          R"(,"sar:instrument_mode":"IW","sar:frequency_band":"C","sar:product_type":"GRD",)"
          R"("sar:polarizations":["VV","VH"],"sar:observation_direction":"right")"),
      "");
  ASSERT_TRUE(node) << node.error().message;
  ASSERT_TRUE(node->item->sar);
  EXPECT_EQ(node->item->sar->mode, "IW");
  EXPECT_EQ(node->item->sar->observation_direction, "right");
  EXPECT_THAT(node->item->sar->polarizations, ElementsAre("VV", "VH"));
  EXPECT_EQ(SceneImages(*node->item).size(), 1U);
}

TEST(Stac, NumbersOfExtensionsOutsideTheirBoundsAreRefused) {
  for (const char* wrong :
       {R"("gsd":0)", R"("eo:cloud_cover":101)", R"("view:off_nadir":"x")", R"("view:azimuth":-1)",
        R"("proj:epsg":1)", R"("proj:code":"EPSG:4x")", R"("sat:relative_orbit":-5)"}) {
    EXPECT_FALSE(ParseStac(StacItemJson("a", "2026-03-01T08:30:00Z", std::string(",") + wrong), ""))
        << wrong;
  }
}

TEST(Stac, ItemCutAnywhereIsRefusedAndFlippedBitsAreSurvived) {
  const std::string good = ProductsOf("1.1.0");
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(ParseStac(good.substr(0, cut), "i")) << cut;
  }
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string flipped = good;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto node = ParseStac(flipped, "i");
    EXPECT_TRUE(node || !node.error().message.empty());
  }
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
