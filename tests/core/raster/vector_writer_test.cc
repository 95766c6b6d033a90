// SPDX-License-Identifier: Apache-2.0
#include "core/raster/vector_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

VectorLayer Places() {
  VectorLayer layer{"places",
                    "place",
                    VectorGeometry::kPoint,
                    {{"name", VectorFieldType::kText},
                     {"count", VectorFieldType::kInteger},
                     {"radius_m", VectorFieldType::kReal}},
                    {}};
  layer.features.push_back({{Geodetic::FromDegrees(30.5, -40.25, 0)},
                            {std::string("a \"name\""), std::int64_t{7}, 2.5}});
  layer.features.push_back({{Geodetic::FromDegrees(-1, 2, 0)},
                            {std::string("\xFF"), std::monostate{}, std::monostate{}}});
  return layer;
}

VectorLayer Areas() {
  VectorLayer layer{"areas", "area", VectorGeometry::kPolygon, {}, {}};
  layer.features.push_back({{Geodetic::FromDegrees(0, 0, 0), Geodetic::FromDegrees(0, 1, 0),
                             Geodetic::FromDegrees(1, 1, 0)},
                            {}});
  return layer;
}

TEST(VectorWriter, OgrReadsPlacesInTheRightOrderOfAxesAndNothingAsNull) {
  const auto bytes = GeoPackageBytes({Places(), Areas()});
  ASSERT_TRUE(bytes) << bytes.error().message;
  const testing::TempDirectory directory;
  std::ofstream(directory.File("p.gpkg"), std::ios::binary) << *bytes;
  const auto ogr = testing::RunProcess({"ogrinfo", "-ro", "-al", directory.File("p.gpkg")});
  ASSERT_EQ(ogr.code, 0) << ogr.output;
  for (const char* text : {"POINT (-40.25 30.5)", "count (Integer64) = 7", "radius_m (Real) = 2.5",
                           "count (Integer64) = (null)", "POLYGON ((0 0,1 0,1 1,0 0))"}) {
    EXPECT_THAT(ogr.output, HasSubstr(text));
  }
}

TEST(VectorWriter, GeoJsonClosesRingsAndWritesNull) {
  const auto text = GeoJsonText({Places(), Areas()}, "EXERCISE");
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]"));
  EXPECT_THAT(*text, HasSubstr("\"count\":null"));
  EXPECT_THAT(*text, HasSubstr("\"properties\":{\"kind\":\"place\",\"name\":\"a \\\"name\\\"\""));
}

TEST(VectorWriter, WhatIsNoFeatureIsRefusedWithItsPlace) {
  VectorLayer layer = Places();
  layer.features[1].values[1] = 1.5;  // a real in an integer's field
  const auto wrong_type = GeoPackageBytes({layer});
  ASSERT_FALSE(wrong_type);
  EXPECT_THAT(wrong_type.error().message, HasSubstr("layer places, feature 2: field count"));
  layer = Places();
  layer.features[0].values[2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(GeoJsonText({layer}, ""));
  layer = Places();
  layer.features[0].points[0] = Geodetic::FromDegrees(91, 0, 0);
  EXPECT_FALSE(GeoPackageBytes({layer}));
  layer = Places();
  layer.features[0].values.pop_back();
  EXPECT_FALSE(GeoPackageBytes({layer}));
  VectorLayer area = Areas();
  area.features[0].points.pop_back();
  EXPECT_FALSE(GeoPackageBytes({area}));
}

}  // namespace
}  // namespace trucewatch
