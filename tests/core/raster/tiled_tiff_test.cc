// SPDX-License-Identifier: Apache-2.0
#include "core/raster/tiled_tiff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

TiledTiffSpec Spec(bool floats) {
  return {.width_px = 700,
          .height_px = 530,
          .bands = 2,
          .floats = floats,
          .epsg = 32636,
          .west_m = 500'000,
          .north_m = 3'300'000,
          .pixel_m = 10,
          .nodata = 0,
          .scale = 0.0001,
          .offset = -0.5,
          .unit = "1",
          .band_names = {"red", "a<b"}};
}

float Sample(int x, int y, int band) {
  return static_cast<float>((x * 7 + y * 13 + band * 101) % 60'000);
}

std::string WriteAll(const TiledTiffSpec& spec) {
  std::string bytes;
  auto writer = TiledTiffWriter::Begin(spec, [&](Bytes more) -> Result<void> {
    bytes += AsText(more);
    return {};
  });
  EXPECT_TRUE(writer) << writer.error().message;
  constexpr int kTile = TiledTiffWriter::kTile;
  for (int tile = 0; tile < writer->tiles_across() * writer->tiles_down(); ++tile) {
    std::vector<float> samples;
    for (int i = 0; i < kTile * kTile; ++i) {
      const int x = tile % writer->tiles_across() * kTile + i % kTile;
      const int y = tile / writer->tiles_across() * kTile + i / kTile;
      for (int band = 0; band < 2; ++band) samples.push_back(Sample(x, y, band));
    }
    EXPECT_FALSE(writer->complete());
    EXPECT_TRUE(writer->WriteTile(samples));
  }
  EXPECT_TRUE(writer->complete());
  return bytes;
}

class TiledTiff : public ::testing::TestWithParam<bool> {};

// The independent reading: gdalinfo and gdal_translate as programs of their own.
TEST_P(TiledTiff, GdalReadsPlaceScaleNamesAndEverySample) {
  const TiledTiffSpec spec = Spec(GetParam());
  testing::TempDirectory directory;
  const std::string path = directory.File("a.tif");
  const std::string bytes = WriteAll(spec);
  EXPECT_NEAR(static_cast<double>(bytes.size()),
              static_cast<double>(TiledTiffWriter::BytesOf(spec)), 4096);
  std::ofstream(path, std::ios::binary) << bytes;
  const std::string info = testing::RunProcess({"gdalinfo", path}).output;
  for (const char* expected :
       {"Size is 700, 530", "WGS 84 / UTM zone 36N", "Origin = (500000.0",
        "Pixel Size = (10.000000000000000,-10.0", "Block=512x512", "NoData Value=0",
        "Description = a<b", "Offset: -0.5,   Scale:0.0001"}) {
    EXPECT_THAT(info, HasSubstr(expected));
  }
  for (int band = 0; band < 2; ++band) {
    const std::string raw = directory.File("raw.img");
    const auto ran = testing::RunProcess({"gdal_translate", "-q", "-of", "ENVI", "-ot", "Float32",
                                          "-b", std::to_string(band + 1), path, raw});
    ASSERT_EQ(ran.code, 0) << ran.output;
    const std::string read = testing::ReadFile(raw);
    ASSERT_EQ(read.size(), 4U * 700 * 530);
    for (int y = 0; y < 530; ++y) {
      for (int x = 0; x < 700; ++x) {
        float value = 0;
        std::memcpy(&value, read.data() + 4 * (static_cast<std::size_t>(y * 700 + x)), 4);
        ASSERT_EQ(value, Sample(x, y, band)) << x << ", " << y;
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Types, TiledTiff, ::testing::Bool());

TEST(TiledTiffSpecs, ImpossibleOnesAreRefused) {
  const auto sink = [](Bytes) -> Result<void> { return {}; };
  for (const auto& change : std::vector<std::function<void(TiledTiffSpec&)>>{
           [](auto& s) { s.width_px = 0; }, [](auto& s) { s.bands = 65; },
           [](auto& s) { s.epsg = 0; }, [](auto& s) { s.pixel_m = 0; },
           [](auto& s) { s.width_px = s.height_px = 100'000; }}) {
    TiledTiffSpec spec = Spec(false);
    change(spec);
    EXPECT_FALSE(TiledTiffWriter::Begin(spec, sink));
  }
}

TEST(TiledTiffSpecs, WhatTheStoreRefusesStopsTheWriting) {
  int calls = 0;
  auto writer = TiledTiffWriter::Begin(Spec(false), [&](Bytes) -> Result<void> {
    if (++calls < 2) return {};
    return Fail(ErrorCode::kIo, "disk full");
  });
  ASSERT_TRUE(writer);
  EXPECT_FALSE(writer->WriteTile(std::vector<float>(512 * 512 * 2)));
}

}  // namespace
}  // namespace trucewatch
