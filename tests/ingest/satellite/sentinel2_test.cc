// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/sentinel2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/ingest/satellite/safe_product.h"

namespace trucewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MadeSentinel2;

TEST(Sentinel2, ProductSaysScaleOffsetTimeAndImages) {
  const auto product = ParseSentinel2Product(testing::MadeUserProduct({}), "m");
  ASSERT_TRUE(product) << product.error().message;
  EXPECT_EQ(product->spacecraft, "Sentinel-2A");
  EXPECT_EQ(product->baseline, "05.11");
  EXPECT_EQ(product->pass, "DESCENDING");
  EXPECT_EQ(product->relative_orbit, 121);
  EXPECT_EQ(FormatUtc(product->start), "2026-03-01T08:30:01.024000Z");
  EXPECT_EQ(product->quantification, 10'000);
  EXPECT_EQ(product->offsets.size(), 13U);
  EXPECT_EQ(product->offsets.at("B8A"), -1000);
  EXPECT_EQ(product->nodata, 0);
  EXPECT_EQ(product->saturated, 65535);
  EXPECT_EQ(product->cloud_percent, 1.5);
  EXPECT_EQ(product->granule, "GRANULE/L2A_T36RUU_A054321_20260301T083425");
  EXPECT_THAT(Sentinel2Image(*product, "B04", 10).value(), HasSubstr("R10m/T36RUU"));
  EXPECT_FALSE(Sentinel2Image(*product, "B05", 20));
}

// Before processing baseline 04.00 there is no offset, and none must be invented.
TEST(Sentinel2, OldBaselinesHaveNoOffset) {
  MadeSentinel2 old;
  old.offset = false;
  const auto product = ParseSentinel2Product(testing::MadeUserProduct(old), "m");
  ASSERT_TRUE(product) << product.error().message;
  EXPECT_TRUE(product->offsets.empty());
}

TEST(Sentinel2, TileSaysGridAndAngles) {
  const auto tile = ParseSentinel2Tile(testing::MadeTile({}), "t");
  ASSERT_TRUE(tile) << tile.error().message;
  EXPECT_EQ(FormatUtc(tile->time), "2026-03-01T08:34:25.123456Z");
  EXPECT_EQ(tile->epsg, 32636);
  EXPECT_EQ(tile->width_px, 60);
  EXPECT_EQ(tile->ulx_m, 500'000);
  EXPECT_EQ(tile->uly_m, 3'300'000);
  EXPECT_EQ(tile->sun_zenith_deg, 42.5);
  EXPECT_EQ(tile->view_zenith_deg, 5);
  // The mean of 350 and 10 degrees is north, not south.
  EXPECT_NEAR(std::remainder(tile->view_azimuth_deg, 360), 0, 1e-9);
  EXPECT_EQ(tile->cloud_percent, 1.25);
}

TEST(Sentinel2, WhatIsNoSuchProductIsRefusedWithTheReason) {
  const auto why = [](std::string from, const std::string& to) {
    std::string xml = testing::MadeUserProduct({});
    const std::size_t at = xml.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    xml.replace(at, from.size(), to);
    const auto product = ParseSentinel2Product(xml, "m");
    EXPECT_FALSE(product) << to;
    return product ? "" : product.error().message;
  };
  EXPECT_THAT(why(">Level-2A<", ">Level-1C<"), HasSubstr("level \"Level-1C\""));
  EXPECT_THAT(why(">10000<", ">0<"), HasSubstr("BOA_QUANTIFICATION_VALUE is \"0\""));
  EXPECT_THAT(why("band_id=\"12\"", "band_id=\"13\""), HasSubstr("band_id"));
  EXPECT_THAT(why("<IMAGE_FILE>GRANULE/L2A_T36", "<IMAGE_FILE>GRANULE/L2A_T37"),
              HasSubstr("one granule"));
  EXPECT_THAT(why("<IMAGE_FILE>", "<IMAGE_FILE>../../"), HasSubstr("above the root"));
}

TEST(Sentinel2, ClassesThatHideTheGroundAndTheirSurroundingsAreMasked) {
  for (const int hidden : {0, 1, 3, 8, 9, 10, 200}) {
    EXPECT_TRUE(HidesGround(static_cast<std::uint8_t>(hidden))) << hidden;
  }
  for (const int seen : {2, 4, 5, 6, 7, 11}) {
    EXPECT_FALSE(HidesGround(static_cast<std::uint8_t>(seen))) << seen;
  }
  const std::vector<std::uint8_t> scl = {4, 4, 4, 4, 4,  //
                                         4, 4, 4, 4, 4,  //
                                         4, 4, 4, 4, 9};
  EXPECT_THAT(HiddenMask(scl, 5, 1), ElementsAre(0, 0, 0, 0, 0,  //
                                                 0, 0, 0, 1, 1,  //
                                                 0, 0, 0, 1, 1));
  EXPECT_THAT(HiddenMask(scl, 5, 0), ElementsAre(0, 0, 0, 0, 0,  //
                                                 0, 0, 0, 0, 0,  //
                                                 0, 0, 0, 0, 1));
}

TEST(Sentinel2, DocumentsCutAnywhereAreRefusedAndFlippedBitsAreSurvived) {
  const std::string product = testing::MadeUserProduct({});
  const std::string tile = testing::MadeTile({});
  for (std::size_t cut = 0; cut + 1 < product.size(); ++cut) {
    EXPECT_FALSE(ParseSentinel2Product(product.substr(0, cut), "m")) << cut;
  }
  for (std::size_t cut = 0; cut + 1 < tile.size(); ++cut) {
    EXPECT_FALSE(ParseSentinel2Tile(tile.substr(0, cut), "t")) << cut;
  }
  const auto flip = [](std::string text, std::size_t bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    return text;
  };
  for (std::size_t bit = 0; bit < product.size() * 8; ++bit) {
    const auto parsed = ParseSentinel2Product(flip(product, bit), "m");
    if (!parsed) continue;
    EXPECT_TRUE(parsed->quantification >= 1 && parsed->quantification <= 1e6);
    for (const std::string& image : parsed->images) EXPECT_EQ(image.find("../"), std::string::npos);
  }
  for (std::size_t bit = 0; bit < tile.size() * 8; ++bit) {
    const auto parsed = ParseSentinel2Tile(flip(tile, bit), "t");
    EXPECT_TRUE(!parsed || (parsed->width_px >= 6 && parsed->width_px <= 20'000));
  }
}

}  // namespace
}  // namespace trucewatch
