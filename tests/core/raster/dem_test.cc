// SPDX-License-Identifier: Apache-2.0
#include "core/raster/dem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/support/shared_data.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

// A plane h = 100 + 2 (column) + 10 (row), 5 x 4 cells of 0.01 deg, written by gdal_translate from
// ASCII.
std::string WritePlane(const testing::TempDirectory& directory) {
  std::ofstream grid(directory.File("plane.asc"));
  grid << "ncols 5\nnrows 4\nxllcorner 30.0\nyllcorner 10.0\ncellsize 0.01\nNODATA_value -9999\n";
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 5; ++column) {
      grid << (row == 3 && column == 4 ? -9999 : 100 + 2 * column + 10 * row) << " ";
    }
    grid << "\n";
  }
  grid.close();
  const std::string tif = directory.File("plane.tif");
  const std::string command =
      "gdal_translate -q -a_srs EPSG:4326 -ot Float32 " + directory.File("plane.asc") + " " + tif;
  EXPECT_EQ(std::system(command.c_str()), 0);
  return tif;
}

TEST(Dem, BilinearHeightsOfAPlaneAreExactAndCarryTheGeoid) {
  const testing::TempDirectory directory;
  const auto dem = LoadDem({.path = WritePlane(directory), .sigma_m = 3, .geoid_undulation_m = 7});
  ASSERT_TRUE(dem) << dem.error().message;
  // Cell centre of column 1, row 2 from the top: 30.015 E, 10.015 N.
  const auto centre = (*dem)->HeightHaeM(Angle::Degrees(10.015), Angle::Degrees(30.015));
  ASSERT_TRUE(centre);
  EXPECT_NEAR(*centre, 100 + 2 + 20 + 7, 1e-4);
  const auto between = (*dem)->HeightHaeM(Angle::Degrees(10.020), Angle::Degrees(30.020));
  ASSERT_TRUE(between);
  EXPECT_NEAR(*between, 100 + 2 * 1.5 + 10 * 1.5 + 7, 1e-4);
  EXPECT_DOUBLE_EQ((*dem)->SigmaM(), 3);
}

TEST(Dem, OutsideAndBesideNoDataThereIsNoValue) {
  const testing::TempDirectory directory;
  const auto dem = LoadDem({.path = WritePlane(directory)});
  ASSERT_TRUE(dem);
  EXPECT_FALSE((*dem)->HeightHaeM(Angle::Degrees(10.5), Angle::Degrees(30.02)));
  EXPECT_FALSE((*dem)->HeightHaeM(Angle::Degrees(10.008), Angle::Degrees(30.042)));
}

TEST(Dem, SidecarDoesNotMoveTheGeoreference) {
  const testing::TempDirectory directory;
  const std::string tif = WritePlane(directory);
  std::ofstream(tif + ".aux.xml")
      << "<PAMDataset><GeoTransform>50, 0.01, 0, 60, 0, -0.01</GeoTransform></PAMDataset>";
  const auto dem = LoadDem({.path = tif});
  ASSERT_TRUE(dem);
  EXPECT_TRUE((*dem)->HeightHaeM(Angle::Degrees(10.02), Angle::Degrees(30.02)));
}

TEST(Dem, FilesThatOnlyPoseAsRastersAreRefused) {
  const testing::TempDirectory directory;
  const std::string vrt = directory.File("evil.tif");
  std::ofstream(vrt) << "<VRTDataset rasterXSize=\"5\" rasterYSize=\"5\"></VRTDataset>";
  EXPECT_THAT(LoadDem({.path = vrt}).error().message, HasSubstr("neither a GeoTIFF nor an SRTM"));
  EXPECT_EQ(LoadDem({.path = directory.File("none.tif")}).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(LoadDem({.path = "/vsicurl/http://127.0.0.1/x.tif"}).error().message,
              HasSubstr("no plain file path"));
}

TEST(Dem, SrtmTileAgreesWithGdallocationinfo) {
  TW_SHARED_DATA_OR_SKIP(path, "terrain/N44E005.hgt");
  const auto dem = LoadDem({.path = path});
  ASSERT_TRUE(dem) << dem.error().message;
  // The cell whose centre is asked needs no interpolation, so gdallocationinfo's value is exact.
  const std::string command = "gdallocationinfo -valonly -wgs84 " + path + " 5.5 44.5";
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  double expected = -1;
  ASSERT_EQ(std::fscanf(pipe, "%lf", &expected), 1);
  pclose(pipe);
  const auto height = (*dem)->HeightHaeM(Angle::Degrees(44.5), Angle::Degrees(5.5));
  ASSERT_TRUE(height);
  EXPECT_NEAR(*height, expected, 1e-3);
}

}  // namespace
}  // namespace trucewatch
