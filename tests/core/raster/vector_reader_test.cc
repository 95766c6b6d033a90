// SPDX-License-Identifier: Apache-2.0
#include "core/raster/vector_reader.h"

#include <gdal_priv.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ogrsf_frmts.h>

#include <cmath>

#include "core/geo/geodesic_edges.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A GeoPackage written by GDAL alone: one layer in a given system, one feature from well-known
// text.
std::string GpkgOf(int epsg, OGRwkbGeometryType type, const std::vector<std::string>& texts) {
  GDALAllRegister();
  const char* const path = "/vsimem/reference.gpkg";
  {
    GDALDatasetUniquePtr dataset(GetGDALDriverManager()->GetDriverByName("GPKG")->Create(
        path, 0, 0, 0, GDT_Unknown, nullptr));
    OGRSpatialReference system;
    if (epsg != 0) system.importFromEPSG(epsg);
    system.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    OGRLayer* layer = dataset->CreateLayer("zones", epsg == 0 ? nullptr : &system, type, nullptr);
    OGRFieldDefn field("id", OFTString);
    EXPECT_EQ(layer->CreateField(&field), OGRERR_NONE);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      OGRFeatureUniquePtr feature(OGRFeature::CreateFeature(layer->GetLayerDefn()));
      feature->SetField("id", fmt::format("z{}", i).c_str());
      OGRGeometry* geometry = nullptr;
      EXPECT_EQ(OGRGeometryFactory::createFromWkt(texts[i].c_str(), nullptr, &geometry),
                OGRERR_NONE);
      feature->SetGeometryDirectly(geometry);
      EXPECT_EQ(layer->CreateFeature(feature.get()), OGRERR_NONE);
    }
  }
  vsi_l_offset size = 0;
  GByte* data = VSIGetMemFileBuffer(path, &size, TRUE);
  std::string bytes(reinterpret_cast<const char*>(data), size);
  CPLFree(data);
  return bytes;
}

std::string GeoJson(const std::string& geometry, const std::string& members = "") {
  return R"({"type":"FeatureCollection",)" + members +
         R"("features":[{"type":"Feature","properties":{"id":"buffer"},"geometry":)" + geometry +
         "}]}";
}

TEST(VectorReader, GeoPackageInAnyProjectionBecomesPlacesOfWgs84) {
  // 60 km by 40 km in zone 24, edges straight on that grid.
  const auto shapes = ReadVectors(
      GpkgOf(32624, wkbPolygon,
             {"POLYGON ((400000 3300000, 460000 3300000, 460000 3340000, 400000 3340000, 400000 "
              "3300000))"}),
      "zones.gpkg");
  ASSERT_TRUE(shapes) << shapes.error().message;
  ASSERT_THAT(*shapes, SizeIs(1));
  const DrawnShape& shape = (*shapes)[0];
  EXPECT_EQ(shape.layer, "zones");
  EXPECT_EQ(shape.id, "z0");
  EXPECT_EQ(shape.geometry, VectorGeometry::kPolygon);
  ASSERT_THAT(shape.points, SizeIs(::testing::Gt(4)));
  // GeographicLib's grid is another program's opinion of the same projection.
  int corners = 0;
  for (std::size_t i = 0; i < shape.points.size(); ++i) {
    const auto utm = UtmFromGeodetic(shape.points[i], 24, true);
    ASSERT_TRUE(utm);
    const bool on_edge =
        std::min({std::abs(utm->easting_m - 400000), std::abs(utm->easting_m - 460000),
                  std::abs(utm->northing_m - 3300000), std::abs(utm->northing_m - 3340000)}) < 1e-4;
    EXPECT_TRUE(on_edge) << utm->easting_m << " " << utm->northing_m;
    corners += std::abs(std::remainder(utm->easting_m, 20000)) < 1e-4 &&
                       std::abs(std::remainder(utm->northing_m, 20000)) < 1e-4
                   ? 1
                   : 0;
    // And between the points the geodesic stays on the straight line of the grid.
    const Geodetic& next = shape.points[(i + 1) % shape.points.size()];
    for (const double share : {0.25, 0.5, 0.75}) {
      const auto between = UtmFromGeodetic(GeodesicPoint(shape.points[i], next, share), 24, true);
      EXPECT_LT(
          std::min({std::abs(between->easting_m - 400000), std::abs(between->easting_m - 460000),
                    std::abs(between->northing_m - 3300000),
                    std::abs(between->northing_m - 3340000)}),
          0.1);
    }
  }
  EXPECT_GE(corners, 4);
}

TEST(VectorReader, ALineAlongAParallelStaysOnIt) {
  const auto shapes = ReadVectors(
      GeoJson(R"({"type":"LineString","coordinates":[[-40.5,30],[-39.5,30]]})"), "line.geojson");
  ASSERT_TRUE(shapes) << shapes.error().message;
  ASSERT_THAT(*shapes, SizeIs(1));
  const auto& points = (*shapes)[0].points;
  EXPECT_EQ((*shapes)[0].geometry, VectorGeometry::kLine);
  EXPECT_EQ((*shapes)[0].id, "buffer");
  // The geodesic between the ends is 107 m to the north in the middle.
  const double bow = GeodesicDistanceM(GeodesicPoint(points.front(), points.back(), 0.5),
                                       Geodetic::FromDegrees(30, -40, 0));
  EXPECT_NEAR(bow, 105.0, 5.0);
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    EXPECT_NEAR(points[i].latitude.deg(), 30.0, 1e-12);
    const Geodetic middle = GeodesicPoint(points[i], points[i + 1], 0.5);
    EXPECT_LT(std::abs(middle.latitude.deg() - 30.0) * 111'000, 0.1);
  }
}

TEST(VectorReader, WhatIsNoSinglePieceIsNamedAndTheOthersAreRead) {
  const auto shapes =
      ReadVectors(GpkgOf(4326, wkbUnknown,
                         {"POLYGON ((0 0, 3 0, 3 3, 0 3, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
                          "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
                          "MULTILINESTRING ((0 0, 0.1 0))", "POLYGON EMPTY", "POINT (7 8)"}),
                  "zones.gpkg");
  ASSERT_TRUE(shapes) << shapes.error().message;
  ASSERT_THAT(*shapes, SizeIs(5));
  EXPECT_THAT((*shapes)[0].problem, HasSubstr("1 holes"));
  EXPECT_THAT((*shapes)[1].problem, HasSubstr("2 parts"));
  EXPECT_THAT((*shapes)[2].problem, IsEmpty());
  EXPECT_THAT((*shapes)[3].problem, HasSubstr("no geometry"));
  ASSERT_THAT((*shapes)[4].points, SizeIs(1));
  EXPECT_NEAR((*shapes)[4].points[0].latitude.deg(), 8.0, 1e-12);
}

TEST(VectorReader, FilesThatReachOutAreRefused) {
  const std::string point = R"({"type":"Point","coordinates":[1,2]})";
  const auto refused = [&](const std::string& bytes) {
    const auto read = ReadVectors(bytes, "f");
    EXPECT_FALSE(read) << bytes.substr(0, 80);
    return read ? "" : read.error().message;
  };
  EXPECT_THAT(refused(GeoJson(
                  point, R"("crs":{"type":"link","properties":{"href":"http://127.0.0.1:9/x"}},)")),
              HasSubstr("of type 'link'"));
  EXPECT_THAT(
      refused(GeoJson(point, R"("crs":{"type":"name","properties":{"name":"/etc/passwd"}},)")),
      HasSubstr("expected none, or a name"));
  EXPECT_THAT(refused("<OGRVRTDataSource></OGRVRTDataSource>"), HasSubstr("neither a GeoPackage"));
  EXPECT_THAT(refused("{\"type\":"), HasSubstr("no JSON"));
  EXPECT_THAT(refused("SQLite format 3 and nothing else"), HasSubstr("cannot be read as GPKG"));
  EXPECT_THAT(refused(GpkgOf(0, wkbPoint, {"POINT (1 2)"})), HasSubstr("no coordinate system"));
}

TEST(VectorReader, AGeoPackageThatIsCutShortOrChangedIsReadOrRefusedAndNoMore) {
  const std::string whole = GpkgOf(4326, wkbPolygon, {"POLYGON ((0 0, 1 0, 1 1, 0 0))"});
  for (std::size_t size = 16; size < whole.size(); size += whole.size() / 40)
    (void)ReadVectors(whole.substr(0, size), "f");
  std::uint32_t seed = 1;
  for (int i = 0; i < 100; ++i) {
    std::string changed = whole;
    for (int k = 0; k < 8; ++k) {
      seed = seed * 1664525u + 1013904223u;
      changed[16 + seed % (changed.size() - 16)] = static_cast<char>(seed >> 24);
    }
    const auto read = ReadVectors(changed, "f");
    if (!read) {
      EXPECT_EQ(read.error().code, ErrorCode::kBadInput);
    }
  }
}

}  // namespace
}  // namespace trucewatch
