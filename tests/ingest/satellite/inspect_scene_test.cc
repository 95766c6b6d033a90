// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/inspect_scene.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/crypto/sha256.h"
#include "tests/ingest/satellite/scene_files.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using google::protobuf::Struct;

class InspectScene : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& bytes) {
    std::ofstream(directory_.File(name), std::ios::binary) << bytes;
    return directory_.File(name);
  }
  Struct Line(const std::string& path, bool stac) {
    std::ifstream in(path, std::ios::binary);
    const ReadChunk read = [&](std::size_t max) -> Result<std::string> {
      std::string bytes(std::min<std::size_t>(max, 1000), '\0');
      in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      bytes.resize(static_cast<std::size_t>(in.gcount()));
      return bytes;
    };
    std::vector<std::string> lines;
    const EmitLine emit = [&](const std::string& line) { lines.push_back(line); };
    const auto result = stac ? InspectStac(path, read, emit) : InspectRaster(path, emit);
    EXPECT_TRUE(result) << result.error().message;
    EXPECT_EQ(lines.size(), 1U);
    Struct parsed;
    if (!lines.empty()) {
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(lines[0], &parsed).ok()) << lines[0];
    }
    return parsed;
  }
  testing::TempDirectory directory_;
};

TEST_F(InspectScene, RasterLineSaysWhatAndWhere) {
  const Struct line =
      Line(Write("a.tif", testing::NoiseGeoTiff(1, 64, "2026:03:01 08:30:00")), false);
  const auto& f = line.fields();
  EXPECT_EQ(f.at("format").string_value(), "raster");
  EXPECT_TRUE(f.at("ok").bool_value());
  EXPECT_EQ(f.at("driver").string_value(), "GTiff");
  EXPECT_EQ(f.at("width_px").number_value(), 64);
  EXPECT_EQ(f.at("epsg").number_value(), 32636);
  EXPECT_EQ(f.at("data_type").string_value(), "Byte");
  EXPECT_EQ(f.at("time_utc").string_value(), "2026-03-01T08:30:00Z");
  EXPECT_NEAR(f.at("resolution_m").number_value(), 0.5, 1e-3);
  EXPECT_EQ(f.at("bounds").list_value().values_size(), 4);
  EXPECT_NEAR(f.at("bounds").list_value().values(0).number_value(), 33, 1e-9);
}

// RELIABILITY: what lies beside an image must not move it.
TEST_F(InspectScene, SidecarsBesideTheImageHaveNoEffect) {
  const std::string path = Write("a.tif", testing::NoiseGeoTiff(1));
  const std::string before = Line(path, false).fields().at("bounds").DebugString();
  Write("a.tif.aux.xml",
        "<PAMDataset><GeoTransform>50, 0.01, 0, 60, 0, -0.01</GeoTransform></PAMDataset>");
  Write("a.tfw", "0.01\n0\n0\n-0.01\n50\n60\n");
  EXPECT_EQ(Line(path, false).fields().at("bounds").DebugString(), before);
  // The same files do move it in gdalinfo with its defaults, so this test can fail.
  EXPECT_NE(testing::RunProcess({"gdalinfo", path}).output.find("Origin = (50.0"),
            std::string::npos);
}

TEST_F(InspectScene, RefusedRasterIsALineWithTheReason) {
  const Struct line = Line(
      Write("evil.tif", "<VRTDataset rasterXSize=\"5\" rasterYSize=\"5\"></VRTDataset>"), false);
  EXPECT_FALSE(line.fields().at("ok").bool_value());
  EXPECT_NE(line.fields().at("error").string_value().find("virtual file"), std::string::npos);
}

TEST_F(InspectScene, StacLineChecksTheSumsOfLocalAssets) {
  const std::string tif = testing::NoiseGeoTiff(1);
  Write("scene.tif", tif);
  const std::string sum = HexEncode(Sha256(tif));
  const auto line = [&](const std::string& checksum, const std::string& href) {
    return Line(
        Write("i.json", testing::StacItemJson("EXERCISE-a", "2026-03-01T08:30:00Z", "",
                                              R"(,"file:checksum":"1220)" + checksum + "\"", href)),
        true);
  };
  const Struct good = line(sum, "./scene.tif");
  EXPECT_EQ(good.fields().at("format").string_value(), "stac");
  EXPECT_EQ(good.fields().at("id").string_value(), "EXERCISE-a");
  EXPECT_EQ(good.fields().at("time_utc").string_value(), "2026-03-01T08:30:00Z");
  EXPECT_TRUE(good.fields().at("exercise").bool_value());
  const auto asset = [](const Struct& s) {
    return s.fields().at("assets").list_value().values(0).struct_value();
  };
  EXPECT_TRUE(asset(good).fields().at("present").bool_value());
  EXPECT_TRUE(asset(good).fields().at("checksum_ok").bool_value());
  EXPECT_FALSE(
      asset(line(std::string(64, '0'), "scene.tif")).fields().at("checksum_ok").bool_value());
  EXPECT_FALSE(asset(line(sum, "none.tif")).fields().at("present").bool_value());
  EXPECT_FALSE(asset(line(sum, "https://x.org/a.tif")).fields().at("present").bool_value());
  const Struct bad = Line(Write("b.json", "{\"stac_version\":1"), true);
  EXPECT_FALSE(bad.fields().at("ok").bool_value());
}

}  // namespace
}  // namespace trucewatch
