// SPDX-License-Identifier: Apache-2.0
#include "core/raster/raster_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

RasterToWrite Gradient(int width, int height, int bands) {
  RasterToWrite raster{.width_px = width,
                       .height_px = height,
                       .bands = bands,
                       .pixels = {},
                       .epsg = 32636,
                       .geotransform = {500000, 0.5, 0, 3300000, 0, -0.5},
                       .datetime = "2026:03:01 08:30:00"};
  for (int b = 0; b < bands; ++b) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        raster.pixels.push_back(static_cast<std::uint8_t>((x * 3 + y * 7 + b * 50) % 256));
      }
    }
  }
  return raster;
}

TEST(RasterWriter, GdalinfoReadsBackSizePlaceAndTime) {
  const testing::TempDirectory directory;
  const auto bytes = EncodeCog(Gradient(1100, 700, 3));
  ASSERT_TRUE(bytes) << bytes.error().message;
  const std::string path = directory.File("a.tif");
  std::ofstream(path, std::ios::binary) << *bytes;
  const auto info = testing::RunProcess({"gdalinfo", path});
  ASSERT_EQ(info.code, 0);
  EXPECT_THAT(info.output, HasSubstr("Size is 1100, 700"));
  EXPECT_THAT(info.output, HasSubstr("ID[\"EPSG\",32636]]"));
  EXPECT_THAT(info.output, HasSubstr("Origin = (500000.0000000000"));
  EXPECT_THAT(info.output, HasSubstr("TIFFTAG_DATETIME=2026:03:01 08:30:00"));
  EXPECT_THAT(info.output, HasSubstr("LAYOUT=COG"));
  EXPECT_THAT(info.output, HasSubstr("ColorInterp=Blue"));
  // A pixel is what it was: x 10, y 20 of the third band.
  const auto value =
      testing::RunProcess({"gdallocationinfo", "-valonly", "-b", "3", path, "10", "20"});
  EXPECT_EQ(value.output, std::to_string((10 * 3 + 20 * 7 + 100) % 256) + "\n");
}

TEST(RasterWriter, SameImageGivesTheSameBytes) {
  EXPECT_EQ(*EncodeCog(Gradient(900, 600, 1)), *EncodeCog(Gradient(900, 600, 1)));
}

TEST(RasterWriter, WhatDoesNotAddUpIsRefused) {
  RasterToWrite raster = Gradient(10, 10, 1);
  raster.pixels.pop_back();
  EXPECT_THAT(EncodeCog(raster).error().message, HasSubstr("100 samples, but 99"));
  raster = Gradient(10, 10, 1);
  raster.epsg = 999999;
  EXPECT_THAT(EncodeCog(raster).error().message, HasSubstr("EPSG:999999"));
  raster = Gradient(10, 10, 1);
  raster.geotransform[5] = 0;
  EXPECT_FALSE(EncodeCog(raster));
  raster = Gradient(10, 10, 1);
  raster.bands = 0;
  EXPECT_FALSE(EncodeCog(raster));
}

}  // namespace
}  // namespace trucewatch
