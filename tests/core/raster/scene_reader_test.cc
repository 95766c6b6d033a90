// SPDX-License-Identifier: Apache-2.0
#include "core/raster/scene_reader.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "core/raster/raster_writer.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

constexpr int kBandedWidth = 120;
constexpr int kBandedHeight = 80;

std::string BandedScene(int bands = 1) {
  RasterToWrite raster{.width_px = kBandedWidth,
                       .height_px = kBandedHeight,
                       .bands = bands,
                       .pixels = {},
                       .epsg = 32636,
                       .geotransform = {500000, 0.5, 0, 3300000, 0, -0.5},
                       .datetime = "2026:03:01 08:30:00"};
  for (int i = 0; i < kBandedWidth * kBandedHeight * bands; ++i) {
    raster.pixels.push_back(static_cast<std::uint8_t>(i % 251));
  }
  return *EncodeCog(raster);
}

std::string Refusal(std::string bytes) {
  const auto scene = SceneReader::Open(std::move(bytes), "x.tif");
  EXPECT_FALSE(scene);
  return scene ? "" : scene.error().message;
}

TEST(SceneReader, SizePlaceAndTimeOfAGeoTiff) {
  const auto scene = SceneReader::Open(BandedScene(3), "a.tif");
  ASSERT_TRUE(scene) << scene.error().message;
  const SceneInfo& info = (*scene)->info();
  EXPECT_EQ(info.width_px, kBandedWidth);
  EXPECT_EQ(info.height_px, kBandedHeight);
  EXPECT_EQ(info.bands, 3);
  EXPECT_EQ(info.data_type, "Byte");
  EXPECT_EQ(info.epsg, 32636);
  EXPECT_EQ(FormatUtc(info.time.value()), "2026-03-01T08:30:00Z");
  // On the central meridian UTM's scale is 0.9996.
  EXPECT_NEAR(info.resolution_m, 0.5 / 0.9996, 1e-6);
  ASSERT_EQ(info.footprint.size(), 4U);
  // GeographicLib's UTM is an independent reference for PROJ's.
  for (const Geodetic& corner : info.footprint) {
    const auto utm = UtmFromGeodetic(corner);
    ASSERT_TRUE(utm);
    EXPECT_LT(std::min(std::abs(utm->easting_m - 500000), std::abs(utm->easting_m - 500060)), 1e-3);
    EXPECT_LT(std::min(std::abs(utm->northing_m - 3300000), std::abs(utm->northing_m - 3299960)),
              1e-3);
  }
  const LocalFrame frame((*scene)->info().footprint[0]);
  double area = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto a = frame.EnuFromGeodetic(info.footprint[i]);
    const auto b = frame.EnuFromGeodetic(info.footprint[(i + 1) % 4]);
    area += (a.x() * b.y() - b.x() * a.y()) / 2;
  }
  EXPECT_NEAR(area, 60.0 * 40.0 / (0.9996 * 0.9996), 0.1);  // positive: counter-clockwise
}

TEST(SceneReader, PixelToGroundAndBackIsExact) {
  const auto scene = SceneReader::Open(BandedScene(), "a.tif");
  ASSERT_TRUE(scene);
  for (const Eigen::Vector2d& pixel :
       std::vector<Eigen::Vector2d>{{0, 0}, {17.25, 60.5}, {120, 80}}) {
    const auto ground = (*scene)->GroundFromPixel(pixel);
    ASSERT_TRUE(ground);
    const auto utm = UtmFromGeodetic(*ground);
    EXPECT_NEAR(utm->easting_m, 500000 + 0.5 * pixel.x(), 1e-3);
    EXPECT_NEAR(utm->northing_m, 3300000 - 0.5 * pixel.y(), 1e-3);
    EXPECT_LT(((*scene)->PixelFromGround(*ground).value() - pixel).norm(), 1e-5);
  }
}

TEST(SceneReader, GreyIsTheMeanOfThreeBandsOrTheOne) {
  const auto one = SceneReader::Open(BandedScene(1), "a.tif");
  const auto three = SceneReader::Open(BandedScene(3), "a.tif");
  ASSERT_TRUE(one && three);
  const PixelWindow window{10, 20, 7, 5};
  const auto grey = (*one)->ReadGrey(window);
  const auto mean = (*three)->ReadGrey(window);
  ASSERT_TRUE(grey && mean);
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 7; ++x) {
      const int index = (20 + y) * kBandedWidth + 10 + x;
      const auto at = static_cast<std::size_t>(y * 7 + x);
      EXPECT_EQ(grey->values[at], static_cast<float>(index % 251));
      EXPECT_EQ(grey->valid[at], 1);
      double sum = 0;
      for (int b = 0; b < 3; ++b) sum += (index + b * kBandedWidth * kBandedHeight) % 251;
      EXPECT_NEAR(mean->values[at], sum / 3, 1e-3);
    }
  }
  EXPECT_FALSE((*one)->ReadGrey({100, 0, 21, 5}));
  EXPECT_FALSE((*one)->ReadGrey({-1, 0, 2, 2}));
}

TEST(SceneReader, ManyThreadsReadTheSame) {
  const auto scene = SceneReader::Open(BandedScene(), "a.tif");
  ASSERT_TRUE(scene);
  std::array<double, 4> sums{};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      threads.emplace_back([&, i] {
        for (int k = 0; k < 20; ++k) {
          sums[i] += (*scene)->GroundFromPixel({k * 1.0, 3.0})->latitude.deg();
          sums[i] += (*scene)->ReadGrey({k, k, 10, 10})->values[3];
        }
      });
    }
  }
  for (const double sum : sums) EXPECT_EQ(sum, sums[0]);
}

TEST(SceneReader, WhatOnlyPosesAsAnImageIsRefusedWithTheReason) {
  EXPECT_THAT(Refusal("<VRTDataset rasterXSize=\"5\" rasterYSize=\"5\"></VRTDataset>"),
              HasSubstr("virtual file"));
  EXPECT_THAT(Refusal(""), HasSubstr("is empty"));
  EXPECT_THAT(Refusal("/vsicurl/http://127.0.0.1:9/x.tif"), HasSubstr("no GeoTIFF"));
  EXPECT_THAT(Refusal(BandedScene().substr(0, 60)), HasSubstr("damaged"));
}

TEST(SceneReader, DamagedPixelsAreAnErrorNeverAPartialPicture) {
  std::string bytes = BandedScene();
  for (std::size_t i = bytes.size() - 600; i < bytes.size() - 100; ++i) bytes[i] = '\x5A';
  const auto scene = SceneReader::Open(bytes, "a.tif");
  if (scene) {
    const auto plane = (*scene)->ReadGrey({0, 0, kBandedWidth, kBandedHeight});
    ASSERT_FALSE(plane);
    EXPECT_THAT(plane.error().message, HasSubstr("damaged"));
  }
}

// A reason goes into the ledger: it must not tell how many files the process has read before.
TEST(SceneReader, TheReasonOfARefusalDependsOnTheBytesAlone) {
  const auto reason = [](std::string bytes) {
    const auto scene = SceneReader::Open(std::move(bytes), "a.tif");
    if (!scene) return scene.error().message;
    const auto plane = (*scene)->ReadGrey({0, 0, kBandedWidth, kBandedHeight});
    return plane ? std::string() : plane.error().message;
  };
  int refused = 0;
  for (std::size_t keep = 1; keep < 10; ++keep) {
    const std::string whole = BandedScene();
    const std::string cut = whole.substr(0, whole.size() * keep / 10);
    const std::string first = reason(cut);
    EXPECT_EQ(first, reason(cut));
    EXPECT_EQ(first.find("vsimem"), std::string::npos) << first;
    refused += first.empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 3);
}

class Files : public ::testing::Test {
 protected:
  // Runs a GDAL program on a small scene and gives the bytes it wrote.
  std::string Made(const std::string& options) {
    std::ofstream(directory_.File("in.tif"), std::ios::binary) << BandedScene();
    const std::string command = "gdal_translate -q " + options + " " + directory_.File("in.tif") +
                                " " + directory_.File("out.tif");
    EXPECT_EQ(std::system(command.c_str()), 0);
    return testing::ReadFile(directory_.File("out.tif"));
  }
  testing::TempDirectory directory_;
};

TEST_F(Files, WithoutACoordinateSystemOrGeoreferenceThereIsNoScene) {
  EXPECT_THAT(Refusal(Made("-co PROFILE=BASELINE")), HasSubstr("no georeference"));
  EXPECT_THAT(Refusal(Made("-a_ullr 0 0 0 0 -gcp 0 0 33 30 -gcp 100 0 33.1 30 -gcp 0 50 33 29.9")),
              HasSubstr("only ground control points"));
}

TEST_F(Files, HugeDeclaredSizesAreRefusedBeforeAPixelIsDecoded) {
  // Sparse: a few hundred bytes that declare 60 000 x 60 000.
  const std::string huge = directory_.File("huge.tif");
  const std::string command =
      "gdal_create -q -of GTiff -outsize 60000 60000 -bands 1 -a_srs EPSG:32636 -a_ullr 500000 "
      "3300000 530000 3270000 -co SPARSE_OK=TRUE -co TILED=YES " +
      huge;
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_THAT(Refusal(testing::ReadFile(huge)), HasSubstr("60000 x 60000 pixels"));
  const std::string block = directory_.File("block.tif");
  ASSERT_EQ(std::system(("gdal_create -q -of GTiff -outsize 16 16 -bands 1 -a_srs EPSG:32636 "
                         "-a_ullr 500000 3300000 500008 3299992 -co SPARSE_OK=TRUE -co TILED=YES "
                         "-co BLOCKXSIZE=32768 -co BLOCKYSIZE=32768 " +
                         block)
                            .c_str()),
            0);
  EXPECT_THAT(Refusal(testing::ReadFile(block)), HasSubstr("blocks of 32768 x 32768"));
}

TEST_F(Files, NoDataIsMaskedNotBlack) {
  const auto scene = SceneReader::Open(Made("-a_nodata 7"), "a.tif");
  ASSERT_TRUE(scene) << scene.error().message;
  const auto plane = (*scene)->ReadGrey({0, 0, 20, 1});
  ASSERT_TRUE(plane);
  for (std::size_t x = 0; x < 20; ++x) EXPECT_EQ(plane->valid[x], x == 7 ? 0 : 1) << x;
}

// Every real sample is read as gdalinfo sees it, or refused for the reason it deserves.
struct RealScene {
  const char* name;
  const char* refused;  // empty: it is read
};
class RealScenes : public ::testing::TestWithParam<RealScene> {};

TEST_P(RealScenes, AgreeWithGdalinfoOrAreRefusedForTheRightReason) {
  TW_SHARED_DATA_OR_SKIP(path, std::string("satellite/") + GetParam().name);
  const auto scene = SceneReader::Open(testing::ReadFile(path), GetParam().name);
  if (GetParam().refused[0] != '\0') {
    ASSERT_FALSE(scene);
    EXPECT_THAT(scene.error().message, HasSubstr(GetParam().refused));
    return;
  }
  ASSERT_TRUE(scene) << scene.error().message;
  const auto info =
      testing::RunProcess({"sh", "-c", "gdalinfo -json -nomd " + path + " 2>/dev/null"});
  ASSERT_EQ(info.code, 0);
  google::protobuf::Struct json;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(info.output, &json).ok()) << info.output;
  const auto& size = json.fields().at("size").list_value();
  EXPECT_EQ((*scene)->info().width_px, size.values(0).number_value());
  EXPECT_EQ((*scene)->info().height_px, size.values(1).number_value());
  const auto& bands = json.fields().at("bands").list_value();
  EXPECT_EQ((*scene)->info().bands, bands.values_size());
  EXPECT_EQ((*scene)->info().data_type,
            bands.values(0).struct_value().fields().at("type").string_value());
  const std::string& wkt =
      json.fields().at("coordinateSystem").struct_value().fields().at("wkt").string_value();
  if ((*scene)->info().epsg > 0) {
    EXPECT_THAT(wkt, ::testing::EndsWith(fmt::format("ID[\"EPSG\",{}]]", (*scene)->info().epsg)));
  } else {
    EXPECT_THAT(wkt, ::testing::EndsWith("]]]"));
  }
  // gdalinfo's own corners in WGS-84.
  const auto& extent = json.fields().at("wgs84Extent").struct_value().fields().at("coordinates");
  const auto& ring = extent.list_value().values(0).list_value();
  for (const Geodetic& corner : (*scene)->info().footprint) {
    double nearest_m = 1e9;
    for (const auto& value : ring.values()) {
      const auto place = Geodetic::FromDegrees(value.list_value().values(1).number_value(),
                                               value.list_value().values(0).number_value(), 0);
      nearest_m = std::min(nearest_m, GeodesicDistanceM(place, corner));
    }
    EXPECT_LT(nearest_m, 0.1);
  }
  const auto plane =
      (*scene)->ReadGrey({0, 0, (*scene)->info().width_px, (*scene)->info().height_px});
  EXPECT_TRUE(plane) << plane.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Satellite, RealScenes,
    ::testing::Values(
        RealScene{"cog.tif", ""}, RealScene{"m_4709963_se_14_1_20180716.tif", ""},
        RealScene{"m_4709963_se_14_1_20200831.tif", ""}, RealScene{"sentinel1-vv-db.tif", ""},
        RealScene{"sentinel2-motorway-trucks.tif", ""}, RealScene{"sar-complex-vv.tif", ""},
        RealScene{"rpc-ventoux/left_image.tif", "no coordinate system"},
        RealScene{"S1A_IW_GRDH_1SDV_20210119T031653_20210119T031718_036201_043ED0_8255.zip",
                  "zip archive (a SAFE product?)"},
        RealScene{
            "stac-planet-disaster/hurricane-harvey/hurricane-harvey-0831/20170831_162740_ssc1d1/"
            "SkySat_Freeport_s03_20170831T162740Z.tif",
            ""},
        RealScene{
            "stac-planet-disaster/hurricane-harvey/hurricane-harvey-0831/20170831_172754_101c/"
            "20170831_172754_101c_3B_AnalyticMS.tif",
            ""},
        RealScene{
            "stac-planet-disaster/hurricane-harvey/hurricane-harvey-0831/20170831_172754_101c/"
            "20170831_172754_101c_3B_AnalyticMS_DN_udm.tif",
            ""},
        RealScene{
            "stac-planet-disaster/hurricane-harvey/hurricane-harvey-0831/20170831_172754_101c/"
            "20170831_172754_101c_3b_Visual.tif",
            ""},
        RealScene{
            "stac-planet-disaster/hurricane-harvey/hurricane-harvey-0831/20170831_195425_SS02/"
            "SkySat_PortArthur_s02_20170831T195425Z.tif",
            ""},
        RealScene{"stac-planet-disaster/hurricane-harvey/hurricane-harvey-0831/2017831_195552_SS02/"
                  "SkySat_20170831T195552Z_RGB.tif",
                  ""},
        RealScene{"stac-planet-disaster/hurricane-harvey/hurricane-harvey-0831/"
                  "Houston-East-20170831-103f-100d-0f4f-RGB/"
                  "Houston-East-20170831-103f-100d-0f4f-3-band.tif",
                  ""}),
    [](const auto& sample) {
      std::string name = std::filesystem::path(sample.param.name).stem().string();
      std::replace_if(
          name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

}  // namespace
}  // namespace trucewatch
