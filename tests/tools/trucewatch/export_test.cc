// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tests/tools/trucewatch/grown_record.h"
#include "tools/trucewatch/coverage_json.h"
#include "tools/trucewatch/event_json.h"
#include "tools/trucewatch/export_layers.h"
#include "tools/trucewatch/mission_page.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// "Layer name: X ... Feature Count: N" of ogrinfo, as a map.
std::map<std::string, int> LayersOf(const std::string& ogrinfo) {
  std::map<std::string, int> layers;
  const std::regex pattern("Layer name: (\\w+)[\\s\\S]*?Feature Count: (\\d+)");
  for (std::sregex_iterator i(ogrinfo.begin(), ogrinfo.end(), pattern), end; i != end; ++i) {
    layers[(*i)[1]] = std::stoi((*i)[2]);
  }
  return layers;
}

TEST(Export, OgrReadsEveryLayerOfTheGeoPackageWithAllFeatures) {
  const LedgerRecord ledger = GrownRecord();
  const auto bytes = GeoPackageBytes(ExportLayers(ledger.record));
  ASSERT_TRUE(bytes) << bytes.error().message;
  const testing::TempDirectory directory;
  std::ofstream(directory.File("m.gpkg"), std::ios::binary) << *bytes;
  const auto ogr = testing::RunProcess({"ogrinfo", "-ro", "-al", directory.File("m.gpkg")});
  ASSERT_EQ(ogr.code, 0) << ogr.output;
  // Four transitions of three events; twelve accounts in force with three classes each; a track of
  // one position and a look without a footprint make no shape.
  EXPECT_THAT(LayersOf(ogr.output),
              ::testing::ContainerEq(std::map<std::string, int>{{"zones", 3},
                                                                {"corridors", 3},
                                                                {"events", 4},
                                                                {"tracks", 1},
                                                                {"groups", 1},
                                                                {"looks", 1},
                                                                {"coverage", 36},
                                                                {"human_records", 3},
                                                                {"notified_movements", 1},
                                                                {"permitted_movements", 1}}));
  EXPECT_THAT(ogr.output, HasSubstr("ID[\"EPSG\",4326]"));
  EXPECT_THAT(ogr.output, HasSubstr("POINT (-40 30)"));
  EXPECT_THAT(ogr.output, HasSubstr("state (String) = VERIFIED"));
  EXPECT_THAT(ogr.output, HasSubstr("radius_m (Real) = 250"));
  EXPECT_THAT(ogr.output, Not(HasSubstr("OPERATIONAL")));
  // Every feature says that it is of an exercise.
  const std::string exercise = "status (String) = EXERCISE";
  int marked = 0;
  for (auto at = ogr.output.find(exercise); at != std::string::npos;
       at = ogr.output.find(exercise, at + 1)) {
    ++marked;
  }
  EXPECT_EQ(marked, 54);
}

TEST(Export, TwiceGivesTheSameBytes) {
  const LedgerRecord ledger = GrownRecord();
  const auto layers = ExportLayers(ledger.record);
  const auto first = GeoPackageBytes(layers), second = GeoPackageBytes(layers);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(*first == *second);
  EXPECT_EQ(*GeoJsonText(layers, "EXERCISE"), *GeoJsonText(layers, "EXERCISE"));
}

TEST(Export, GeoJsonIsOneCollectionThatOgrReads) {
  const LedgerRecord ledger = GrownRecord();
  const auto text = GeoJsonText(ExportLayers(ledger.record), "EXERCISE");
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, StartsWith("{\"type\":\"FeatureCollection\",\"status\":\"EXERCISE\""));
  const testing::TempDirectory directory;
  std::ofstream(directory.File("m.geojson")) << *text;
  const auto ogr =
      testing::RunProcess({"ogrinfo", "-ro", "-al", "-so", directory.File("m.geojson")});
  ASSERT_EQ(ogr.code, 0) << ogr.output;
  EXPECT_THAT(ogr.output, HasSubstr("Feature Count: 54"));
  for (const char* kind : {"zone", "corridor", "event", "track", "group", "look", "coverage",
                           "human_record", "notified_movement", "permitted_movement"}) {
    EXPECT_THAT(*text, HasSubstr(fmt::format("\"kind\":\"{}\"", kind)));
  }
}

TEST(Export, PeopleAreGroupsOnly) {
  const LedgerRecord ledger = GrownRecord();
  for (const VectorLayer& layer : ExportLayers(ledger.record)) {
    if (layer.name == "groups") {
      ASSERT_EQ(layer.features.size(), 1U);
      EXPECT_EQ(layer.features[0].points.size(), 1U);
    }
    EXPECT_EQ(layer.fields[0].name, "status");
  }
}

TEST(EventJson, NewKindsHaveTheirStatesAndFields) {
  const MissionRecord record = GrownRecord().record;
  EXPECT_THAT(EventJson(record.permitted[0].transitions[0]),
              HasSubstr("\"state\":\"PERMITTED\",\"rule\":\"\",\"zone\":\"\",\"notification\":"
                        "\"aid_road\""));
  EXPECT_THAT(EventJson(record.human_records[0]),
              ::testing::AllOf(HasSubstr("\"state\":\"RECORD\""),
                               HasSubstr("\"record_kind\":\"observation\""),
                               HasSubstr("\"record_id\":\"P-1\"")));
  EXPECT_THAT(EventJson(record.human_records[1]), HasSubstr("\"record_kind\":\"impediment\""));
  EXPECT_THAT(EventJson(record.cases[0]),
              ::testing::AllOf(HasSubstr("\"state\":\"CASE_OPEN\""),
                               HasSubstr("\"case_id\":\"C-1\",\"record_id\":\"P-3\"")));
  EXPECT_THAT(
      EventJson(record.events[1].transitions[0]),
      ::testing::AllOf(HasSubstr("\"class\":\"person_group\""), Not(HasSubstr("\"amended\""))));
  EXPECT_THAT(EventText(record.events[1].transitions[0]),
              ::testing::AllOf(HasSubstr("26 to 34 people"), Not(HasSubstr("vehicle"))));
  EXPECT_THAT(EventJson(record.events[2].transitions[0]), HasSubstr("\"amended\":true"));
}

TEST(CoverageLines, OneForEachZonePeriodAndClassWithTheNamesOfTheContract) {
  const std::string lines = CoverageLines(GrownRecord().record);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 13 * 3);  // the replaced account too
  EXPECT_THAT(
      lines,
      HasSubstr("{\"zone\":\"buffer\",\"side\":\"NEITHER\",\"start_utc\":\"2026-03-01T12:00:00Z\","
                "\"end_utc\":\"2026-03-01T12:01:00Z\",\"class\":\"moving_vehicle\",\"cells\":7,"
                "\"observed_nothing\":3,\"observed_activity\":2,\"degraded\":2,\"not_observed\":0,"
                "\"reasons\":[{\"state\":\"degraded\",\"reason\":\"partial\",\"cells\":2}],"
                "\"area_km2\":1.75,\"ledger_index\":15,\"amended\":false}\n"));
  EXPECT_THAT(lines, HasSubstr("\"amended\":true}\n"));
}

TEST(MissionGeoJson, HasTheNewKinds) {
  const std::string text = MissionGeoJson(GrownRecord().record);
  for (const char* kind : {"\"kind\":\"permitted_movement\"", "\"kind\":\"human_record\"",
                           "\"kind\":\"case\"", "\"corridor\":\"permitted\"", "\"side\":\"A\""}) {
    EXPECT_THAT(text, HasSubstr(kind));
  }
}

}  // namespace
}  // namespace trucewatch::tools
