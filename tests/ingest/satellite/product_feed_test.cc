// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/crypto/sha256.h"
#include "core/raster/scene_reader.h"
#include "ingest/feed.h"
#include "ingest/recorded/inspect_product.h"
#include "ingest/recorded/recorded_source.h"
#include "ingest/satellite/geolocation.h"
#include "ingest/satellite/sentinel1_calibration.h"
#include "tests/ingest/satellite/safe_product.h"
#include "tests/ingest/satellite/scene_files.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using testing::MadeSafe;
using testing::MadeSentinel2;

// A product on its way from disk into the scene store.
class Products : public ::testing::Test {
 protected:
  struct Out {
    std::vector<Scene> scenes;
    std::string reasons;
  };
  Out Run(const std::string& path) {
    config_.set_id("sat1");
    config_.set_format(v1::config::SourceConfig::SATELLITE);
    RecordedFileOptions options{{"sat1"}, path, Instant()};
    options.local_prefixes = prefixes_;
    options.rpc_path = rpc_path_;
    const auto source = OpenSceneFiles(*storage_, options);
    EXPECT_TRUE(source) << source.error().message;
    FeedOptions feed_options;
    feed_options.source = &config_;
    feed_options.scenes = &blobs_;
    const auto feed = MakeFeed(feed_options);
    EXPECT_TRUE(feed);
    Out out;
    while (source) {
      const auto record = (*source)->Next();
      EXPECT_TRUE(record) << record.error().message;
      if (!record || !*record) break;
      EXPECT_LE((*record)->bytes.size(), std::size_t{300'000});
      const auto items = (*feed)->Push(**record, Sha256((*record)->bytes));
      EXPECT_TRUE(items) << items.error().message;
      if (!items) break;
      for (const FeedItem& item : *items) {
        if (const auto* scene = std::get_if<Scene>(&item)) out.scenes.push_back(*scene);
        if (const auto* fault = std::get_if<DataFault>(&item)) out.reasons += fault->reason + "\n";
      }
    }
    return out;
  }
  std::unique_ptr<SceneReader> Open(const Scene& scene) {
    auto reader = SceneReader::Open(blobs_.Open(scene.sha256).value(), SceneOptions{});
    EXPECT_TRUE(reader) << reader.error().message;
    return std::move(*reader);
  }
  std::string Line(const std::string& path) {
    std::string line;
    const auto result = InspectProduct(path, [&](const std::string& text) { line += text; });
    EXPECT_TRUE(result) << result.error().message;
    return line;
  }
  static std::string Zip(const std::string& folder) {
    const auto ran = testing::RunProcess(
        {"python3", "-c",
         "import sys,shutil,os\np=sys.argv[1]\nshutil.make_archive(p[:-5],'zip',"
         "os.path.dirname(p),os.path.basename(p))",
         folder});
    EXPECT_EQ(ran.code, 0) << ran.output;
    return folder.substr(0, folder.size() - 5) + ".zip";
  }

  testing::TempDirectory directory_;
  std::unique_ptr<Storage> storage_ = MakePosixStorage();
  MemoryBlobStore blobs_;
  v1::config::SourceConfig config_;
  std::vector<std::string> prefixes_;
  std::string rpc_path_;
};

TEST_F(Products, Sentinel1FolderBecomesBackscatterOnAMap) {
  const MadeSafe made;
  const std::string folder = testing::WriteMadeSafe(made, directory_.File("."));
  const Out out = Run(folder);
  ASSERT_EQ(out.scenes.size(), 1U) << out.reasons;
  const Scene& scene = out.scenes[0];
  EXPECT_EQ(scene.item, "S1A_IW_GRDH_1SDV_20260301T083000_20260301T083001_063456_07F000_ABCD");
  EXPECT_EQ(scene.lineage.modality, Modality::kSatelliteSar);
  EXPECT_EQ(scene.lineage.platform, "SENTINEL-1A");
  EXPECT_EQ(FormatUtc(scene.time), "2026-03-01T08:30:01Z");  // the middle
  EXPECT_EQ(scene.time_source, "product");
  EXPECT_EQ(scene.georeference, "geolocation grid");
  EXPECT_THAT(scene.calibration, HasSubstr("sigma0"));
  EXPECT_THAT(scene.product, HasSubstr("VV DESCENDING, orbit 63456 (relative 79)"));
  EXPECT_EQ(scene.view_incidence_deg, 39);
  EXPECT_NEAR(scene.view_off_nadir_deg, 34.6, 0.5);
  EXPECT_NEAR(scene.view_azimuth_deg, 100,
              1e-9);  // flown south, looking west: it stands in the east
  EXPECT_NEAR(scene.position_sigma_m, 30 / std::tan(39 * M_PI / 180), 1e-6);
  EXPECT_NEAR(scene.resolution_m, 10, 0.1);
  EXPECT_EQ(scene.inputs.size(), 5U);  // manifest, annotation, calibration, noise, measurement
  EXPECT_GT(scene.nodata_fraction, 0.1);

  // The pixel on the map is the one of the image that the geolocation grid puts there.
  const auto annotation = ParseSentinel1Annotation(testing::MadeAnnotation(made), "a");
  const auto grid = GeolocationGrid::Create(*annotation);
  ASSERT_TRUE(grid) << grid.error().message;
  const auto calibration =
      Sentinel1Calibration::Parse(testing::MadeCalibration(made), testing::MadeNoise(made), "c");
  const std::vector<int> dn = testing::MadeAmplitudes(made);
  const auto reader = Open(scene);
  std::vector<float> values(static_cast<std::size_t>(scene.width_px * scene.height_px));
  std::vector<std::uint8_t> valid(values.size());
  ReadRequest request;
  request.window = {0, 0, scene.width_px, scene.height_px};
  ASSERT_TRUE(reader->Read(request, values, valid));
  int compared = 0;
  for (int y = 0; y < scene.height_px; ++y) {
    for (int x = 0; x < scene.width_px; ++x) {
      const Eigen::Vector2d at = grid->ImageFromMap(
          {grid->map().west_m + (x + 0.5) * 10, grid->map().north_m - (y + 0.5) * 10});
      const int line = static_cast<int>(std::round(at.x()));
      const int pixel = static_cast<int>(std::round(at.y()));
      const auto i = static_cast<std::size_t>(y * scene.width_px + x);
      // Three pixels of DN 0 on the left and three of margin beside them.
      const bool inside = line >= 0 && line < made.lines && pixel >= 6 && pixel < made.samples;
      // On the boundary between two pixels the interpolated position may fall to the other side.
      const double edge = std::max(std::abs(at.x() - line), std::abs(at.y() - pixel));
      if (edge > 0.49) continue;
      ASSERT_EQ(valid[i] != 0, inside) << x << ", " << y << ": " << line << ", " << pixel;
      if (!inside) continue;
      const auto amplitude = static_cast<float>(dn[static_cast<std::size_t>(line * 60 + pixel)]);
      std::vector<double> sigma0(1);
      calibration->Sigma0(line, pixel, &amplitude, sigma0);
      ASSERT_NEAR(values[i] / sigma0[0], 1, 1e-4);
      ++compared;
    }
  }
  EXPECT_GT(compared, 1500);
}

TEST_F(Products, ZipGivesTheSameSceneAsTheFolder) {
  const std::string folder = testing::WriteMadeSafe({}, directory_.File("."));
  const Out one = Run(folder);
  const Out two = Run(Zip(folder));
  ASSERT_EQ(one.scenes.size(), 1U) << one.reasons;
  ASSERT_EQ(two.scenes.size(), 1U) << two.reasons;
  EXPECT_EQ(one.scenes[0].sha256, two.scenes[0].sha256);
  EXPECT_EQ(one.scenes[0].item, two.scenes[0].item);
}

TEST_F(Products, ProductsWithMissingOrWrongPartsAreFaultsThatSayWhich) {
  const std::string folder = testing::WriteMadeSafe({}, directory_.File("."));
  const std::string image = folder + "/measurement/" +
                            "s1a-iw-grd-vv-20260301t083000-20260301t083001-063456-07f000-001.tiff";
  std::filesystem::rename(image, image + ".away");
  EXPECT_THAT(Run(folder).reasons, HasSubstr("-001.tiff: is not in the product"));
  EXPECT_THAT(Line(folder), HasSubstr("\"ok\":false"));
  testing::TranslateGrid(std::vector<int>(100, 5), 10, {"-ot", "UInt16"}, image);
  EXPECT_THAT(Run(folder).reasons,
              HasSubstr("10 x 10 pixels; the annotation says 60 x 40 amplitudes"));
  std::filesystem::remove(image);
  std::filesystem::create_symlink("/etc/hostname", image);
  EXPECT_THAT(Run(folder).reasons, HasSubstr("symbolic link"));
  std::ofstream(folder + "/manifest.safe") << "<xfdu:XFDU>";
  EXPECT_THAT(Run(folder).reasons, HasSubstr("manifest.safe"));
}

TEST_F(Products, Sentinel2BecomesReflectanceWithoutClouds) {
  const MadeSentinel2 made;
  const std::string folder = testing::WriteMadeSentinel2(made, directory_.File("."));
  const Out out = Run(folder);
  ASSERT_EQ(out.scenes.size(), 1U) << out.reasons;
  const Scene& scene = out.scenes[0];
  EXPECT_EQ(scene.lineage.modality, Modality::kSatelliteOptical);
  EXPECT_EQ(scene.lineage.platform, "Sentinel-2A");
  EXPECT_EQ(FormatUtc(scene.time), "2026-03-01T08:34:25.123456Z");
  EXPECT_EQ(scene.bands, 4);
  EXPECT_EQ(scene.width_px, 60);
  EXPECT_NEAR(scene.sun_elevation_deg, 47.5, 1e-9);
  EXPECT_EQ(scene.view_incidence_deg, 5);
  EXPECT_THAT(scene.product, HasSubstr("baseline 05.11"));
  EXPECT_EQ(scene.inputs.size(), 7U);  // two texts, four bands, the classes
  // 3 x 3 cloudy pixels of 20 m are 6 x 6 of 10 m; dilated by 2 on each side, 14 x 14.
  EXPECT_EQ(scene.cloud_fraction, 36 / 3600.0);
  EXPECT_EQ(scene.nodata_fraction, (60 + 1 + 14 * 14) / 3600.0);
  const auto reader = Open(scene);
  EXPECT_EQ(reader->info().epsg, 32636);
  int compared = 0;
  for (int band = 0; band < 4; ++band) {
    const char* const names[] = {"B04", "B03", "B02", "B08"};
    const std::vector<int> dn = testing::MadeBand(made, names[band]);
    std::vector<float> values(3600);
    std::vector<std::uint8_t> valid(3600);
    ReadRequest request;
    request.bands = {band + 1};
    request.window = {0, 0, 60, 60};
    request.physical = true;
    ASSERT_TRUE(reader->Read(request, values, valid));
    for (int i = 0; i < 3600; ++i) {
      const int x = i % 60;
      const int y = i / 60;
      const bool cloud = x / 2 >= 12 && x / 2 <= 18 && y / 2 >= 12 && y / 2 <= 18;
      const auto k = static_cast<std::size_t>(i);
      const bool measured = dn[k] != 0 && dn[k] != 65535 && !cloud;
      ASSERT_EQ(valid[k] != 0, measured) << x << ", " << y;
      if (!measured) continue;
      ASSERT_NEAR(values[k], (dn[k] - 1000) / 10'000.0, 1e-6);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 4 * (3600 - 60 - 1 - 14 * 14));
}

TEST_F(Products, Sentinel2BeforeBaseline4HasNoOffset) {
  MadeSentinel2 made;
  made.offset = false;
  const Out out = Run(testing::WriteMadeSentinel2(made, directory_.File(".")));
  ASSERT_EQ(out.scenes.size(), 1U) << out.reasons;
  const GreyPlane plane = Open(out.scenes[0])->ReadGrey({10, 10, 1, 1}).value();
  const auto at = static_cast<std::size_t>(10 * 60 + 10);
  const double mean = (testing::MadeBand(made, "B04")[at] + testing::MadeBand(made, "B03")[at] +
                       testing::MadeBand(made, "B02")[at]) /
                      3.0;
  EXPECT_NEAR(plane.values[0], mean, 0.5);
}

// Absolute links lead only where the config says, remote ones nowhere.
TEST_F(Products, AbsoluteLinksNeedAnAllowedPrefix) {
  std::filesystem::create_directories(directory_.File("data"));
  std::filesystem::create_directories(directory_.File("stac"));
  std::ofstream(directory_.File("data/a.tif"), std::ios::binary) << testing::NoiseGeoTiff(1);
  const auto item = [&](const std::string& href) {
    const std::string path = directory_.File("stac/i.json");
    std::ofstream(path) << testing::StacItemJson("a", "2026-03-01T08:30:00Z", "", "", href);
    return path;
  };
  const std::string absolute = directory_.File("data/a.tif");
  EXPECT_THAT(Run(item(absolute)).reasons, HasSubstr("no local_prefix of the source allows"));
  prefixes_ = {directory_.File("data")};
  EXPECT_EQ(Run(item(absolute)).scenes.size(), 1U);
  EXPECT_EQ(Run(item("file://" + absolute)).scenes.size(), 1U);
  EXPECT_THAT(Run(item(directory_.File("data/../stac/i.json"))).reasons,
              HasSubstr("no local_prefix"));
  EXPECT_THAT(Run(item("https://example.org/a.tif")).reasons, HasSubstr("is a URL"));
  std::filesystem::create_symlink("/etc/hostname", directory_.File("data/link.tif"));
  EXPECT_THAT(Run(item(directory_.File("data/link.tif"))).reasons, HasSubstr("symbolic link"));
}

// Sensor geometry: the RPC text is a named input; the same file beside the image alone is not read.
TEST_F(Products, RpcTextCountsOnlyWhenItIsNamed) {
  TW_SHARED_DATA_OR_SKIP(image, "satellite/rpc-ventoux/left_image.tif");
  config_.mutable_satellite()->set_time_utc("2013-08-05T10:42:19Z");
  EXPECT_THAT(Run(image).reasons, HasSubstr("no coordinate system"));
  TW_SHARED_DATA_OR_SKIP(rpc,
                         "satellite/rpc-ventoux/RPC_PHR1B_P_201308051042194_SEN_690908101-001.XML");
  rpc_path_ = rpc;
  const Out out = Run(image);
  ASSERT_EQ(out.scenes.size(), 1U) << out.reasons;
  const Scene& scene = out.scenes[0];
  EXPECT_EQ(scene.georeference, "RPC");
  EXPECT_EQ(scene.time_source, "configured");
  EXPECT_TRUE(scene.view_known);
  ASSERT_EQ(scene.inputs.size(), 1U);
  EXPECT_EQ(scene.inputs[0].role, "rpc");
  EXPECT_EQ(scene.inputs[0].sha256, Sha256(testing::ReadFile(rpc)));
  EXPECT_TRUE(blobs_.Open(scene.inputs[0].sha256));
}

TEST_F(Products, InspectSaysWhatAProductIs) {
  const std::string folder = testing::WriteMadeSafe({}, directory_.File("."));
  const std::string one = Line(folder);
  for (const char* expected :
       {R"("format":"sentinel1","ok":true)", R"("platform":"SENTINEL-1A")",
        R"("start_utc":"2026-03-01T08:30:00.250000Z")", R"("relative_orbit":79)",
        R"("incidence_deg":39)", R"("calibration_ok":true)", R"("use":"image")"}) {
    EXPECT_THAT(one, HasSubstr(expected));
  }
  EXPECT_THAT(Line(Zip(folder)), HasSubstr(R"("ok":true)"));
  const std::string two = Line(testing::WriteMadeSentinel2({}, directory_.File(".")));
  for (const char* expected : {R"("format":"sentinel2","ok":true)", R"("B04":-1000)",
                               R"("time_utc":"2026-03-01T08:34:25.123456Z")", R"("epsg":32636)"}) {
    EXPECT_THAT(two, HasSubstr(expected));
  }
}

TEST_F(Products, RealProductWithoutItsMeasurementIsAFaultThatSaysSo) {
  TW_SHARED_DATA_OR_SKIP(path,
                         "satellite/S1A_IW_GRDH_1SDV_20210119T031653_20210119T031718_036201_043ED0_"
                         "8255.zip");
  EXPECT_THAT(Run(path).reasons,
              HasSubstr("measurement/s1a-iw-grd-vv-20210119t031653-20210119t031718-036201-043ed0-"
                        "001.tiff: is not in the product"));
  const std::string line = Line(path);
  for (const char* expected :
       {R"("ok":false)", R"("pass":"DESCENDING")", R"("relative_orbit":79)", R"("width_px":25931)",
        R"("geolocation_points":210)", R"("calibration_ok":true)"}) {
    EXPECT_THAT(line, HasSubstr(expected));
  }
}

}  // namespace
}  // namespace trucewatch
