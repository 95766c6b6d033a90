// SPDX-License-Identifier: Apache-2.0
// What SceneReader reads, against GDAL's own reading of the same files.
#include <gdal_priv.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <random>

#include "core/raster/raster_writer.h"
#include "core/raster/scene_reader.h"
#include "core/storage/memory_file.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

constexpr int kWidth = 301;
constexpr int kHeight = 223;

// Smooth in parts, noisy in parts, with a block of zeros.
std::string Picture(int bands) {
  RasterToWrite raster{.width_px = kWidth,
                       .height_px = kHeight,
                       .bands = bands,
                       .pixels = {},
                       .epsg = 32636,
                       .geotransform = {500000, 0.5, 0, 3300000, 0, -0.5},
                       .datetime = "2026:03:01 08:30:00"};
  std::mt19937 random(7);
  for (int b = 0; b < bands; ++b) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const bool zero = x > 200 && y > 150;
        const unsigned value = zero          ? 0U
                               : x % 90 < 45 ? static_cast<unsigned>(x + 2 * y + 50 * b) % 256
                                             : static_cast<unsigned>(random()) % 256;
        raster.pixels.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  return *EncodeCog(raster);
}

struct Variant {
  const char* name;
  const char* options;  // of gdal_translate
  const char* extension;
};

std::string Make(const testing::TempDirectory& directory, const Variant& variant, int bands) {
  const std::string in = directory.File("in.tif");
  const std::string out = directory.File(std::string("out.") + variant.extension);
  std::ofstream(in, std::ios::binary) << Picture(bands);
  const auto made = testing::RunProcess(
      {"sh", "-c", "gdal_translate -q " + std::string(variant.options) + " " + in + " " + out});
  EXPECT_EQ(made.code, 0) << made.output;
  return out;
}

struct Planes {
  std::vector<float> values;
  std::vector<std::uint8_t> valid;
};

Planes OwnRead(const SceneReader& scene, ReadRequest request) {
  const int width = request.width > 0 ? request.width : request.window.width;
  const int height = request.height > 0 ? request.height : request.window.height;
  const std::size_t count = request.bands.size() * static_cast<std::size_t>(width * height);
  Planes planes{std::vector<float>(count, -1), std::vector<std::uint8_t>(count, 7)};
  const auto read = scene.Read(request, planes.values, planes.valid);
  EXPECT_TRUE(read) << read.error().message;
  return planes;
}

// GDAL's values and masks of a window.
Planes GdalRead(GDALDataset& dataset, const ReadRequest& request) {
  const int width = request.width > 0 ? request.width : request.window.width;
  const int height = request.height > 0 ? request.height : request.window.height;
  Planes planes;
  for (const int number : request.bands) {
    const auto count = static_cast<std::size_t>(width * height);
    std::vector<float> values(count);
    std::vector<std::uint8_t> mask(count);
    GDALRasterBand* band = dataset.GetRasterBand(number);
    const PixelWindow& w = request.window;
    EXPECT_EQ(band->RasterIO(GF_Read, w.x, w.y, w.width, w.height, values.data(), width, height,
                             GDT_Float32, 0, 0, nullptr),
              CE_None);
    EXPECT_EQ(band->GetMaskBand()->RasterIO(GF_Read, w.x, w.y, w.width, w.height, mask.data(),
                                            width, height, GDT_Byte, 0, 0, nullptr),
              CE_None);
    for (std::size_t i = 0; i < count; ++i) {
      const bool valid = mask[i] != 0 && std::isfinite(values[i]);
      planes.values.push_back(valid ? values[i] : 0);
      planes.valid.push_back(valid ? 1 : 0);
    }
  }
  return planes;
}

class Variants : public ::testing::TestWithParam<Variant> {};

TEST_P(Variants, AreReadAsGdalReadsThem) {
  const testing::TempDirectory directory;
  const std::string path = Make(directory, GetParam(), 4);
  const auto scene = SceneReader::OpenFile(path);
  ASSERT_TRUE(scene) << scene.error().message;
  const GDALDatasetUniquePtr dataset(GDALDataset::Open(path.c_str(), GDAL_OF_RASTER));
  ASSERT_TRUE(dataset);
  const SceneInfo& info = (*scene)->info();
  EXPECT_EQ(info.width_px, kWidth);
  EXPECT_EQ(info.placement, ScenePlacement::kMap);
  std::vector<int> all;
  for (int i = 1; i <= info.bands; ++i) all.push_back(i);
  std::mt19937 random(3);
  const auto upto = [&](int most) {
    return static_cast<int>(random() % static_cast<unsigned>(most));
  };
  std::size_t invalid = 0;
  for (int round = 0; round < 12; ++round) {
    ReadRequest request{.bands = all, .window = {0, 0, kWidth, kHeight}};
    if (round > 0) {
      request.window.x = upto(kWidth - 1);
      request.window.y = upto(kHeight - 1);
      request.window.width = 1 + upto(kWidth - request.window.x);
      request.window.height = 1 + upto(kHeight - request.window.y);
    }
    if (round > 6) {
      request.width = std::max(1, request.window.width / 3);
      request.height = std::max(1, request.window.height / 2);
    }
    const Planes own = OwnRead(**scene, request);
    const Planes theirs = GdalRead(*dataset, request);
    ASSERT_EQ(own.values, theirs.values) << "round " << round;
    ASSERT_EQ(own.valid, theirs.valid) << "round " << round;
    invalid += static_cast<std::size_t>(std::count(own.valid.begin(), own.valid.end(), 0));
  }
  const std::string name = GetParam().name;
  const bool holes = name.find("Holes") != std::string::npos;
  EXPECT_EQ(invalid > 0, holes);
}

INSTANTIATE_TEST_SUITE_P(
    Formats, Variants,
    ::testing::Values(
        Variant{"PlainStrips", "-co PROFILE=GDALGeoTIFF", "tif"},
        Variant{"BandInterleavedTiles",
                "-co TILED=YES -co INTERLEAVE=BAND -co BLOCKXSIZE=64 -co BLOCKYSIZE=32", "tif"},
        Variant{"PixelInterleavedTiles",
                "-co TILED=YES -co BLOCKXSIZE=128 -co BLOCKYSIZE=64 -co COMPRESS=LZW", "tif"},
        Variant{
            "BigTiff",
            "-co BIGTIFF=YES -co COMPRESS=DEFLATE -co PREDICTOR=2 -ot UInt16 -scale 0 255 0 65535",
            "tif"},
        Variant{"BigEndian", "-co ENDIANNESS=BIG -ot Int16 -scale 0 255 -32768 32767", "tif"},
        Variant{"Cog", "-of COG -co BLOCKSIZE=128 -co OVERVIEWS=AUTO", "tif"},
        Variant{"CogWithHoles", "-of COG -co BLOCKSIZE=128 -a_nodata 0", "tif"},
        Variant{"Uint16Holes", "-ot UInt16 -a_nodata 0", "tif"},
        Variant{"Int32Holes", "-ot Int32 -a_nodata 0", "tif"},
        Variant{"Uint32", "-ot UInt32 -scale 0 255 0 4294967295", "tif"},
        Variant{"Float32Holes", "-ot Float32 -scale 0 255 -1 1 -a_nodata -1", "tif"},
        Variant{"Float64Holes", "-ot Float64 -scale 0 255 -1e3 1e3 -a_nodata -1000", "tif"},
        Variant{"MaskBandHoles",
                "-b 1 -b 2 -b 3 -mask 4 --config GDAL_TIFF_INTERNAL_MASK YES -co TILED=YES", "tif"},
        Variant{"CogMaskBandHoles", "-of COG -b 1 -b 2 -b 3 -mask 4 -co BLOCKSIZE=128", "tif"},
        Variant{"AlphaHoles", "-co ALPHA=YES -co TILED=YES", "tif"},
        Variant{"Jpeg2000",
                "-of JP2OpenJPEG -co REVERSIBLE=YES -co QUALITY=100 -co BLOCKXSIZE=128 -co "
                "BLOCKYSIZE=128",
                "jp2"},
        Variant{"Jpeg2000Uint16",
                "-of JP2OpenJPEG -ot UInt16 -scale 0 255 0 4095 -co REVERSIBLE=YES -co QUALITY=100",
                "jp2"},
        Variant{"Nitf", "-of NITF -a_srs EPSG:32636 -co ICORDS=N", "ntf"},
        Variant{"NitfJpeg2000", "-of NITF -co ICORDS=N -co IC=C8 -co QUALITY=100 -co PROFILE=EPJE",
                "ntf"}),
    [](const auto& variant) { return std::string(variant.param.name); });

TEST(ScenePixels, ScaleAndOffsetAreAppliedWhenAskedFor) {
  const testing::TempDirectory directory;
  const std::string path =
      Make(directory, {"", "-a_scale 0.0001 -a_offset -0.1 -a_nodata 0 -ot UInt16", "tif"}, 1);
  const auto scene = SceneReader::OpenFile(path);
  ASSERT_TRUE(scene);
  EXPECT_EQ((*scene)->info().band[0].scale, 0.0001);
  EXPECT_EQ((*scene)->info().band[0].offset, -0.1);
  ReadRequest request{.window = {0, 0, kWidth, kHeight}};
  const Planes raw = OwnRead(**scene, request);
  request.physical = true;
  const Planes physical = OwnRead(**scene, request);
  EXPECT_EQ(raw.valid, physical.valid);
  for (std::size_t i = 0; i < raw.values.size(); ++i) {
    const float expected = raw.valid[i] != 0 ? raw.values[i] * 0.0001F - 0.1F : 0.0F;
    ASSERT_NEAR(physical.values[i], expected, 1e-6F);
  }
}

TEST(ScenePixels, ComplexSamplesAreReadAsIntensity) {
  for (const std::string type : {"CFloat32", "CInt16", "CFloat64"}) {
    const testing::TempDirectory directory;
    const std::string path = Make(directory, {"", ("-ot " + type).c_str(), "tif"}, 1);
    const auto scene = SceneReader::OpenFile(path);
    ASSERT_TRUE(scene) << scene.error().message;
    EXPECT_TRUE((*scene)->info().complex);
    const GDALDatasetUniquePtr dataset(GDALDataset::Open(path.c_str(), GDAL_OF_RASTER));
    std::vector<float> pairs(2 * kWidth * kHeight);
    ASSERT_EQ(dataset->GetRasterBand(1)->RasterIO(GF_Read, 0, 0, kWidth, kHeight, pairs.data(),
                                                  kWidth, kHeight, GDT_CFloat32, 0, 0, nullptr),
              CE_None);
    const Planes own = OwnRead(**scene, {.window = {0, 0, kWidth, kHeight}});
    for (std::size_t i = 0; i < own.values.size(); ++i) {
      ASSERT_EQ(own.values[i], pairs[2 * i] * pairs[2 * i] + pairs[2 * i + 1] * pairs[2 * i + 1]);
    }
  }
}

TEST(ScenePixels, RealComplexSarHasItsIntensity) {
  TW_SHARED_DATA_OR_SKIP(path, "satellite/sar-complex-vv.tif");
  const auto scene = SceneReader::OpenFile(path);
  ASSERT_TRUE(scene) << scene.error().message;
  EXPECT_TRUE((*scene)->info().complex);
  const GDALDatasetUniquePtr dataset(GDALDataset::Open(path.c_str(), GDAL_OF_RASTER));
  std::vector<float> pairs(2 * 200 * 200);
  ASSERT_EQ(dataset->GetRasterBand(1)->RasterIO(GF_Read, 0, 0, 200, 200, pairs.data(), 200, 200,
                                                GDT_CFloat32, 0, 0, nullptr),
            CE_None);
  const Planes own = OwnRead(**scene, {.window = {0, 0, 200, 200}});
  double power = 0;
  for (std::size_t i = 0; i < own.values.size(); ++i) {
    const float z2 = pairs[2 * i] * pairs[2 * i] + pairs[2 * i + 1] * pairs[2 * i + 1];
    ASSERT_EQ(own.valid[i] != 0 ? own.values[i] : z2, z2);
    power += static_cast<double>(z2);
  }
  EXPECT_GT(power, 0);
}

TEST(ScenePixels, WithoutAPlaceAnImageCanBeLookedAtButNotPlaced) {
  const testing::TempDirectory directory;
  const std::string path = Make(directory, {"", "-ot CFloat32 -co PROFILE=BASELINE", "tif"}, 1);
  const auto refused = SceneReader::OpenFile(path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("no georeference inside the file"));
  SceneOptions options;
  options.placed = false;
  const auto scene = SceneReader::OpenFile(path, options);
  ASSERT_TRUE(scene) << scene.error().message;
  EXPECT_EQ((*scene)->info().placement, ScenePlacement::kNone);
  EXPECT_THAT((*scene)->info().not_placed, HasSubstr("no georeference"));
  EXPECT_FALSE((*scene)->GroundFromPixel({1, 1}));
  EXPECT_FALSE((*scene)->PixelFromGround(Geodetic::FromDegrees(1, 1, 0)));
  OwnRead(**scene, {.window = {5, 5, 10, 10}});
}

TEST(ScenePixels, TimeIsTheCallersElseTheFilesAndSaysWhichOne) {
  const testing::TempDirectory directory;
  const std::string tif = Make(directory, {"", "", "tif"}, 1);
  const std::string jp2 = Make(directory, {"", "-of JP2OpenJPEG", "jp2"}, 1);
  const std::string ntf =
      Make(directory, {"", "-of NITF -co ICORDS=N -co IDATIM=20260301083000", "ntf"}, 1);
  const std::string hyphens =
      Make(directory, {"", "-of NITF -co ICORDS=N -co IDATIM=202603------00", "nsf"}, 1);
  const auto from = [](const std::string& path, std::optional<Instant> given) {
    SceneOptions options;
    options.time = given;
    const auto scene = SceneReader::OpenFile(path, options);
    EXPECT_TRUE(scene) << scene.error().message;
    const SceneInfo& info = (*scene)->info();
    return (info.time ? FormatUtc(*info.time) : "none") + " " + info.time_from;
  };
  EXPECT_EQ(from(tif, {}), "2026-03-01T08:30:00Z TIFF tag 306");
  EXPECT_EQ(from(ntf, {}), "2026-03-01T08:30:00Z NITF IDATIM");
  EXPECT_EQ(from(jp2, {}), "none ");
  EXPECT_EQ(from(hyphens, {}), "none ");
  EXPECT_EQ(from(tif, *ParseUtc("2026-04-01T00:00:00Z")), "2026-04-01T00:00:00Z given");
}

TEST(ScenePixels, AMapWithoutAViewIsSeenFromNadirWithAWiderError) {
  const testing::TempDirectory directory;
  const auto scene = SceneReader::OpenFile(Make(directory, {"", "", "tif"}, 1));
  const SceneInfo& info = (*scene)->info();
  EXPECT_FALSE(info.view_known);
  EXPECT_EQ(info.view.incidence_deg, 0);
  EXPECT_NEAR(info.position_sigma_m, kHeightSigmaM * std::tan(M_PI / 6), 1e-9);
}

// Largest resident memory of this process so far.
double PeakMib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

// 289 MiB decoded. (10980 x 10980 x 4 is measured by tests/bench/raster_benchmark.)
TEST(ScenePixels, ALargeSceneIsReadWithoutBeingInMemory) {
  constexpr int kSide = 6152;
  const testing::TempDirectory directory;
  const std::string path = directory.File("large.tif");
  ASSERT_EQ(testing::RunProcess({"gdal_create",
                                 "-q",
                                 "-of",
                                 "GTiff",
                                 "-ot",
                                 "UInt16",
                                 "-outsize",
                                 std::to_string(kSide),
                                 std::to_string(kSide),
                                 "-bands",
                                 "4",
                                 "-burn",
                                 "7",
                                 "-a_srs",
                                 "EPSG:32636",
                                 "-a_ullr",
                                 "500000",
                                 "5500000",
                                 "561520",
                                 "5438480",
                                 "-co",
                                 "TILED=YES",
                                 "-co",
                                 "BLOCKXSIZE=512",
                                 "-co",
                                 "BLOCKYSIZE=512",
                                 "-co",
                                 "COMPRESS=DEFLATE",
                                 "-co",
                                 "ZLEVEL=1",
                                 path})
                .code,
            0);
  const pid_t child = ::fork();
  if (child == 0) {
    const double before_mib = PeakMib();
    const auto scene = SceneReader::OpenFile(path);
    if (!scene) ::_exit(2);
    std::vector<float> values(4 * kSide * 512);
    std::vector<std::uint8_t> valid(values.size());
    double sum = 0;
    for (int y = 0; y < kSide; y += 512) {
      const int rows = std::min(512, kSide - y);
      const std::size_t count = 4 * static_cast<std::size_t>(rows) * kSide;
      if (!(*scene)->Read({.bands = {1, 2, 3, 4}, .window = {0, y, kSide, rows}},
                          std::span(values).first(count), std::span(valid).first(count))) {
        ::_exit(3);
      }
      sum += static_cast<double>(values[count - 1]);
    }
    if (sum != 7.0 * 13) ::_exit(4);
    // The caller's window of 60 MiB, 64 MiB of blocks, 32 MiB of a chunk, and tables.
    const double grown_mib = PeakMib() - before_mib;
    std::printf("grew by %.0f MiB\n", grown_mib);
    std::fflush(stdout);
    ::_exit(grown_mib < 175 ? 0 : 5);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// Cut or damaged anywhere: the picture as it was, or a reason. Never half of one.
TEST(ScenePixels, ACutOrDamagedFileIsNeverHalfAPicture) {
  for (const Variant& variant :
       {Variant{"", "-co COMPRESS=DEFLATE -co TILED=YES -co BLOCKXSIZE=64 -co BLOCKYSIZE=64",
                "tif"},
        Variant{"",
                "-of JP2OpenJPEG -co REVERSIBLE=YES -co QUALITY=100 -co BLOCKXSIZE=128 -co "
                "BLOCKYSIZE=128",
                "jp2"},
        Variant{"", "-of NITF -co ICORDS=N", "ntf"},
        Variant{"", "-of NITF -co ICORDS=N -co IC=C8 -co QUALITY=100", "ntf"}}) {
    const testing::TempDirectory directory;
    const std::string whole = testing::ReadFile(Make(directory, variant, 1));
    const auto read = [](std::string bytes) -> std::optional<std::vector<float>> {
      SceneOptions options;
      options.placed = false;
      const auto scene =
          SceneReader::Open(std::make_shared<const MemoryFile>(std::move(bytes)), options);
      if (!scene || (*scene)->info().width_px != kWidth || (*scene)->info().height_px != kHeight) {
        return std::nullopt;
      }
      Planes planes{std::vector<float>(kWidth * kHeight),
                    std::vector<std::uint8_t>(kWidth * kHeight)};
      if (!(*scene)->Read({.window = {0, 0, kWidth, kHeight}}, planes.values, planes.valid)) {
        return std::nullopt;
      }
      return planes.values;
    };
    const auto sound = read(whole);
    ASSERT_TRUE(sound);
    int refused = 0;
    for (int i = 1; i < 25; ++i) {
      const auto cut = read(whole.substr(0, whole.size() * static_cast<std::size_t>(i) / 25));
      refused += cut ? 0 : 1;
      EXPECT_TRUE(!cut || *cut == *sound) << variant.options << " cut at " << i << "/25";
    }
    EXPECT_GE(refused, 20) << variant.options;
  }
}

}  // namespace
}  // namespace trucewatch
