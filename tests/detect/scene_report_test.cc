// SPDX-License-Identifier: Apache-2.0
#include "detect/scene_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/raster/raster_writer.h"
#include "core/storage/memory_file.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

// Ground with noise, and five bright things of 7 x 3.5 m.
std::string Image() {
  constexpr int kSide = 300;
  RasterToWrite raster{.width_px = kSide,
                       .height_px = kSide,
                       .bands = 1,
                       .pixels = {},
                       .epsg = 32636,
                       .geotransform = {500000, 0.5, 0, 3300000, 0, -0.5},
                       .datetime = "2026:03:01 08:30:00"};
  std::mt19937 random(5);
  for (int i = 0; i < kSide * kSide; ++i) {
    raster.pixels.push_back(static_cast<std::uint8_t>(100 + random() % 9));
  }
  for (int k = 0; k < 5; ++k) {
    for (int y = 140; y < 147; ++y) {
      for (int x = 0; x < 14; ++x) {
        raster.pixels[static_cast<std::size_t>(y * kSide + 40 + 45 * k + x)] = 220;
      }
    }
  }
  return *EncodeCog(raster);
}

Result<SceneReport> ReportOn(const std::string& path) {
  return ReportScene(path, *MakePosixStorage()->Open(path, false), std::nullopt, 0);
}

TEST(SceneReport, OneLineTellsWhatStandsWhereAndWhenItWasSeen) {
  const auto file = std::make_shared<const MemoryFile>(Image());
  const auto look = ReportScene("a.tif", file, std::nullopt, 0);
  ASSERT_TRUE(look) << look.error().message;
  EXPECT_EQ(look->detections, 5U);
  EXPECT_EQ(look->degraded, "");
  EXPECT_THAT(look->line,
              HasSubstr("\"time_utc\":\"2026-03-01T08:30:00Z\",\"time_from\":\"TIFF tag 306\""));
  EXPECT_THAT(look->line, HasSubstr("\"class\":\"vehicle\""));
  EXPECT_THAT(look->line, HasSubstr("\"view_known\":false"));
  const auto given = ReportScene("a.tif", file, *ParseUtc("2026-03-02T00:00:00Z"), 1);
  EXPECT_THAT(given->line, HasSubstr("\"time_from\":\"given\""));
  EXPECT_THAT(given->line, HasSubstr("\"detections\":[]"));
}

TEST(SceneReport, SensorGeometryIsSearchedWhereItsRpcPlacesIt) {
  TW_SHARED_DATA_OR_SKIP(path, "satellite/wv3_20.NTF");
  const auto look = ReportOn(path);
  ASSERT_TRUE(look) << look.error().message;
  EXPECT_THAT(look->line, HasSubstr("\"view_known\":true"));
  EXPECT_THAT(look->line, HasSubstr("\"time_from\":\"NITF IDATIM\""));
}

TEST(SceneReport, WhatCannotBeSearchedSaysWhy) {
  TW_SHARED_DATA_OR_SKIP(coarse, "satellite/m_4709963_se_14_1_20180716.tif");
  EXPECT_EQ(ReportOn(coarse)->degraded, "coarser than 1 m");
  TW_SHARED_DATA_OR_SKIP(unplaced, "satellite/rpc-ventoux/left_image.tif");
  EXPECT_THAT(ReportOn(unplaced).error().message, HasSubstr("no coordinate system"));
}

}  // namespace
}  // namespace trucewatch
