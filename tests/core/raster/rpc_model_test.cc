// SPDX-License-Identifier: Apache-2.0
#include "core/raster/rpc_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/raster/dem.h"
#include "core/raster/scene_reader.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

constexpr const char* kVentouxXml =
    "satellite/rpc-ventoux/RPC_PHR1B_P_201308051042194_SEN_690908101-001.XML";

struct Point {
  double x, y, z;
};

// What gdaltransform, the independent reference, makes of points.
std::vector<Point> GdalTransform(const std::string& options, const std::string& image,
                                 const std::vector<Point>& points, const std::string& scratch) {
  {
    std::ofstream in(scratch + "/points.txt");
    in.precision(12);
    for (const Point& p : points) in << p.x << ' ' << p.y << ' ' << p.z << '\n';
  }
  const auto done = testing::RunProcess({"sh", "-c",
                                         "gdaltransform -rpc " + options + " " + image + " < " +
                                             scratch + "/points.txt 2>/dev/null"});
  EXPECT_EQ(done.code, 0);
  std::istringstream text(done.output);
  std::vector<Point> out;
  for (Point p{}; text >> p.x >> p.y >> p.z;) out.push_back(p);
  EXPECT_EQ(out.size(), points.size()) << done.output;
  out.resize(points.size());
  return out;
}

class Rpc : public ::testing::Test {
 protected:
  // The Pleiades image under the names by which GDAL itself finds its RPC.
  std::string Ventoux(const std::string& image, const std::string& xml) {
    const std::string name = "PHR1B_P_201308051042194_SEN_690908101-001";
    const std::string copy = directory_.File("IMG_" + name + "_R1C1.TIF");
    std::filesystem::copy_file(image, copy);
    std::filesystem::copy_file(xml, directory_.File("RPC_" + name + ".XML"));
    return copy;
  }

  // Largest distances in pixels to gdaltransform, both ways, over the whole range of the model.
  void ExpectAsGdal(const RpcModel& model, const std::string& image) {
    std::vector<Point> places, pixels;
    for (const double p : {-0.9, -0.3, 0.4, 0.95}) {
      for (const double l : {-0.95, -0.2, 0.5, 0.9}) {
        for (const double h : {-0.8, 0.0, 0.7}) {
          places.push_back({model.longitude_offset_deg + l * model.longitude_scale_deg,
                            model.latitude_offset_deg + p * model.latitude_scale_deg,
                            model.height_offset_m + h * model.height_scale_m});
        }
      }
    }
    const auto there = GdalTransform("-i", image, places, directory_.path());
    double worst = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto pixel =
          model.PixelFromGround(Geodetic::FromDegrees(places[i].y, places[i].x, places[i].z));
      ASSERT_TRUE(pixel);
      worst = std::max(worst, (*pixel - Eigen::Vector2d(there[i].x, there[i].y)).norm());
      pixels.push_back({pixel->x(), pixel->y(), places[i].z});
    }
    EXPECT_LT(worst, 1e-3);  // the bar is 0.1; the digits that gdaltransform prints allow more
    const auto back =
        GdalTransform("-to RPC_PIXEL_ERROR_THRESHOLD=0.0001 -to RPC_MAX_ITERATIONS=50", image,
                      pixels, directory_.path());
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const auto ground =
          model.GroundFromPixel(Eigen::Vector2d(pixels[i].x, pixels[i].y), pixels[i].z);
      ASSERT_TRUE(ground) << pixels[i].x << ' ' << pixels[i].y;
      const auto theirs = Geodetic::FromDegrees(back[i].y, back[i].x, pixels[i].z);
      const auto seen = model.PixelFromGround(theirs);
      ASSERT_TRUE(seen);
      worst = std::max(worst, (*seen - Eigen::Vector2d(pixels[i].x, pixels[i].y)).norm());
      EXPECT_LT(GeodesicDistanceM(*ground, theirs), 0.01);
    }
    EXPECT_LT(worst, 0.1);
    std::printf("%s: at most %.2g pixels from gdaltransform\n",
                std::filesystem::path(image).filename().c_str(), worst);
  }

  testing::TempDirectory directory_;
};

TEST_F(Rpc, PleiadesModelInDimapXmlIsAsGdalReadsIt) {
  TW_SHARED_DATA_OR_SKIP(image, "satellite/rpc-ventoux/left_image.tif");
  TW_SHARED_DATA_OR_SKIP(xml, kVentouxXml);
  const auto model = ParseRpcText(testing::ReadFile(xml));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_FALSE(model->bias_error_m);
  ExpectAsGdal(*model, Ventoux(image, xml));
}

TEST_F(Rpc, NitfModelIsAsGdalReadsItAndItsErrorsAreTold) {
  TW_SHARED_DATA_OR_SKIP(image, "satellite/wv3_20.NTF");
  const auto scene = SceneReader::OpenFile(image);
  ASSERT_TRUE(scene) << scene.error().message;
  const SceneInfo& info = (*scene)->info();
  EXPECT_EQ(info.placement, ScenePlacement::kSensorModel);
  EXPECT_EQ(info.driver, "NITF");
  ASSERT_TRUE(info.rpc);
  EXPECT_EQ(info.rpc->bias_error_m, 0.87);
  EXPECT_EQ(info.rpc->random_error_m, 0.33);
  EXPECT_TRUE(info.position_sigma_stated);
  EXPECT_EQ(FormatUtc(info.time.value()), "2002-12-16T15:16:29Z");
  EXPECT_EQ(info.time_from, "NITF IDATIM");
  ExpectAsGdal(*info.rpc, image);
}

// Written by GDAL, so that nobody's reading of the forms is only our own.
TEST_F(Rpc, AllFormsOfTextAndTheTiffTagSayTheSame) {
  TW_SHARED_DATA_OR_SKIP(image, "satellite/wv3_20.NTF");
  const std::string tif = directory_.File("wv3.tif");
  ASSERT_EQ(testing::RunProcess(
                {"gdal_translate", "-q", "-co", "RPB=YES", "-co", "RPCTXT=YES", image, tif})
                .code,
            0);
  const auto scene = SceneReader::OpenFile(image);
  const auto tagged = SceneReader::OpenFile(tif);
  ASSERT_TRUE(scene && tagged);
  for (const std::string& text : {testing::ReadFile(directory_.File("wv3.RPB")),
                                  testing::ReadFile(directory_.File("wv3_RPC.TXT"))}) {
    const auto model = ParseRpcText(text);
    ASSERT_TRUE(model) << model.error().message << text.substr(0, 300);
    for (const RpcModel& other : {(*scene)->info().rpc.value(), (*tagged)->info().rpc.value()}) {
      EXPECT_NEAR(model->line_offset, other.line_offset, 1e-6);
      EXPECT_NEAR(model->longitude_scale_deg, other.longitude_scale_deg, 1e-9);
      EXPECT_NEAR(model->bias_error_m.value(), other.bias_error_m.value(), 1e-6);
      for (std::size_t i = 0; i < 20; ++i) {
        EXPECT_NEAR(model->line_numerator[i], other.line_numerator[i], 1e-12);
        EXPECT_NEAR(model->sample_denominator[i], other.sample_denominator[i], 1e-12);
      }
    }
    // Cut anywhere it is a reason, never a model with holes.
    for (std::size_t keep = 0; keep + 60 < text.size(); keep += 7) {
      const auto cut = ParseRpcText(std::string_view(text).substr(0, keep));
      ASSERT_FALSE(cut) << keep;
      EXPECT_THAT(cut.error().message, HasSubstr("is missing")) << keep;
    }
  }
}

TEST_F(Rpc, GroundIsWhereTheLineOfSightMeetsTheTerrain) {
  TW_SHARED_DATA_OR_SKIP(image, "satellite/rpc-ventoux/left_image.tif");
  TW_SHARED_DATA_OR_SKIP(xml, kVentouxXml);
  TW_SHARED_DATA_OR_SKIP(dem, "terrain/N44E005.hgt");
  const auto terrain = LoadDem({.path = dem});
  ASSERT_TRUE(terrain) << terrain.error().message;
  const auto model = ParseRpcText(testing::ReadFile(xml));
  ASSERT_TRUE(model);
  std::vector<Point> pixels;
  for (double x = 2000; x < 38000; x += 5000) pixels.push_back({x, x * 0.9 + 1000, 0});
  const auto theirs =
      GdalTransform("-to RPC_DEM=" + dem +
                        " -to RPC_DEMINTERPOLATION=bilinear -to RPC_DEM_APPLY_VDATUM_SHIFT=NO -to "
                        "RPC_PIXEL_ERROR_THRESHOLD=0.001 -to RPC_MAX_ITERATIONS=50",
                    Ventoux(image, xml), pixels, directory_.path());
  int compared = 0;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const auto ground =
        model->GroundFromPixel(Eigen::Vector2d(pixels[i].x, pixels[i].y), **terrain);
    if (!ground) continue;
    Geodetic their = Geodetic::FromDegrees(theirs[i].y, theirs[i].x, 0);
    their.height_hae_m = (*terrain)->HeightHaeM(their.latitude, their.longitude).value();
    const auto seen = model->PixelFromGround(their);
    EXPECT_LT((*seen - Eigen::Vector2d(pixels[i].x, pixels[i].y)).norm(), 0.1) << i;
    EXPECT_LT(GeodesicDistanceM(*ground, their), 0.2) << i;
    ++compared;
  }
  EXPECT_GE(compared, 6);
}

TEST_F(Rpc, AFileCutFromAnAcquisitionIsPlacedWhereItSaysItLies) {
  TW_SHARED_DATA_OR_SKIP(image, "satellite/rpc-ventoux/left_image.tif");
  TW_SHARED_DATA_OR_SKIP(xml, kVentouxXml);
  SceneOptions options;
  options.rpc_text = testing::ReadFile(xml);
  const auto scene = SceneReader::OpenFile(image, options);
  ASSERT_TRUE(scene) << scene.error().message;
  const SceneInfo& info = (*scene)->info();
  EXPECT_EQ(info.sensor_origin_px, Eigen::Vector2d(5000, 5000));
  const auto ground = (*scene)->GroundFromPixel({100, 200});
  ASSERT_TRUE(ground);
  const auto whole = info.rpc->GroundFromPixel(Eigen::Vector2d(5100, 5200), 1075);
  EXPECT_LT(GeodesicDistanceM(*ground, *whole), 1e-3);
  EXPECT_LT(((*scene)->PixelFromGround(*ground).value() - Eigen::Vector2d(100, 200)).norm(), 1e-3);
  // No error terms: the stated default, and a ground that may be anywhere in the model's heights.
  EXPECT_FALSE(info.position_sigma_stated);
  EXPECT_TRUE(info.view_known);
  const double tangent = std::tan(info.view.incidence_deg * M_PI / 180);
  EXPECT_NEAR(info.position_sigma_m, std::hypot(kRpcSigmaM, 885 / std::sqrt(3.0) * tangent), 0.1);
  const FlatTerrain flat(1075, 4);
  options.terrain = &flat;
  const auto on_ground = SceneReader::OpenFile(image, options);
  EXPECT_NEAR((*on_ground)->info().position_sigma_m, std::hypot(kRpcSigmaM, 4 * tangent), 0.01);
  EXPECT_NEAR((*on_ground)->info().resolution_m, 0.5, 0.02);  // Pleiades as delivered
}

// The sensor of a scene looks from where higher ground moves away to.
TEST_F(Rpc, ViewIsWhereHigherGroundMovesTo) {
  TW_SHARED_DATA_OR_SKIP(xml, kVentouxXml);
  const auto model = ParseRpcText(testing::ReadFile(xml));
  ASSERT_TRUE(model);
  const Eigen::Vector2d middle(20000, 20000);
  const auto view = ViewFromModel(*model, middle, 500);
  ASSERT_TRUE(view);
  const auto low = model->GroundFromPixel(middle, 500).value();
  const auto high = model->GroundFromPixel(middle, 1500).value();
  EXPECT_NEAR(std::tan(view->incidence_deg * M_PI / 180), GeodesicDistanceM(low, high) / 1000,
              2e-3);
  const Eigen::Vector3d toward = LocalFrame(low).EnuFromGeodetic(high);
  EXPECT_NEAR(std::sin(view->azimuth_deg * M_PI / 180), toward.x() / toward.head<2>().norm(), 2e-3);
}

TEST(RpcText, WhatIsNoSoundModelIsRefusedWithTheReason) {
  EXPECT_THAT(ParseRpcText("").error().message, HasSubstr("LINE_OFF is missing"));
  EXPECT_THAT(ParseRpcText("LINE_OFF: nan\n").error().message, HasSubstr("LINE_OFF is missing"));
  EXPECT_FALSE(ParseRpcText(std::string((1 << 20) + 1, 'x')));
  std::string text;
  for (const char* key : {"LINE_OFF", "SAMP_OFF", "LAT_OFF", "LONG_OFF", "HEIGHT_OFF", "LINE_SCALE",
                          "SAMP_SCALE", "LAT_SCALE", "LONG_SCALE", "HEIGHT_SCALE"}) {
    text += fmt::format("{}: 10 pixels\n", key);
  }
  for (const char* key : {"LINE_NUM", "LINE_DEN", "SAMP_NUM", "SAMP_DEN"}) {
    for (int i = 1; i <= 20; ++i) text += fmt::format("{}_COEFF_{}: {}\n", key, i, i == 1 ? 1 : 0);
  }
  // A model that has no slope: sound numbers, but no pixel has one place.
  const auto flat = ParseRpcText(text);
  ASSERT_TRUE(flat) << flat.error().message;
  EXPECT_FALSE(flat->GroundFromPixel(Eigen::Vector2d(3, 3), 0.0));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return ParseRpcText(changed).error().message;
  };
  EXPECT_THAT(with("LAT_SCALE: 10", "LAT_SCALE: 0"), HasSubstr("expected a place on earth"));
  EXPECT_THAT(with("LINE_SCALE: 10", "LINE_SCALE: 1e9"), HasSubstr("a million pixels"));
  EXPECT_THAT(with("LINE_DEN_COEFF_1: 1", "LINE_DEN_COEFF_1: 0"), HasSubstr("all zero"));
}

}  // namespace
}  // namespace trucewatch
