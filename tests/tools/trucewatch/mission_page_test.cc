// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/mission_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "core/crypto/sha256.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tests/tools/trucewatch/grown_record.h"
#include "tools/trucewatch/event_json.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

MissionRecord SomeRecord() {
  MissionRecord record;
  record.mission = "demo";
  record.exercise = true;
  record.origin = Geodetic::FromDegrees(30, -40, 400);
  record.start = *ParseUtc("2026-03-01T12:00:00Z");
  record.end = *ParseUtc("2026-03-01T12:04:00Z");
  auto* zone = record.agreement.add_zone();
  zone->set_id("buffer");
  zone->set_name("Buffer </script> zone");
  for (const auto& [lat, lon] : {std::pair(29.99, -40.01), {29.99, -39.99}, {30.01, -39.99}}) {
    auto* vertex = zone->add_vertex();
    vertex->set_lat_deg(lat);
    vertex->set_lon_deg(lon);
  }
  record.tracks[4].points = {{record.start, Geodetic::FromDegrees(30, -40, 400)},
                             {record.end, Geodetic::FromDegrees(30.001, -40, 400)}};
  record.tracks[4].updates = {{"drone1", 3}, {"radar1", 5}};
  Finding finding;
  finding.kind = FindingKind::kEventTransition;
  finding.event_id = "00ff";
  finding.exercise = true;
  finding.state = EventState::kVerified;
  finding.rule = "no_convoys";
  finding.zone = "buffer";
  finding.count_min = 7;
  finding.count_max = 8;
  finding.time = finding.time_first = finding.time_last = record.start;
  finding.probability = 0.999;
  finding.position = Geodetic::FromDegrees(30.0005, -40.0002, 400);
  finding.members = {{4}};
  finding.reason = "At least 5 vehicles moving together";
  Support support;
  support.source = {"radar1"};
  support.lineage.modality = Modality::kRadarGmti;
  support.updates = 5;
  support.raw_digests = {Sha256("x")};
  finding.supports.push_back(support);
  record.events.push_back({{{finding, 9, 10}}});
  return record;
}

TEST(MissionPage, HoldsItsDataAndLoadsNothing) {
  const std::string page = MissionPage(
      SomeRecord(), {.score = {{"one event", true, "one"}}, .evidence = {}, .pictures = {}});
  EXPECT_THAT(page, HasSubstr("EXERCISE"));
  EXPECT_THAT(page, HasSubstr("\"role\":\"event\""));
  EXPECT_THAT(page, HasSubstr("\"ledger_index\":9"));
  EXPECT_THAT(page, Not(HasSubstr("@@DATA@@")));
  for (const char* load : {"src=\"", "href=\"", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(load)));
}

TEST(MissionPage, ANameCannotEndTheScript) {
  const std::string page = MissionPage(SomeRecord(), {});
  EXPECT_THAT(page, Not(HasSubstr("Buffer </script> zone")));
  EXPECT_THAT(page, HasSubstr("Buffer <\\/script> zone"));
}

TEST(MissionPage, HoldsTheNewKinds) {
  const std::string page = MissionPage(GrownRecord().record, {});
  if (const char* file = std::getenv("TRUCEWATCH_MISSION_PAGE")) std::ofstream(file) << page;
  for (const char* held :
       {"\"kind\":\"permitted\"", "\"count\":\"26 to 34 people\"", "\"people\":true",
        "\"kind\":\"impediment\"", "\"case_id\":\"C-1\"", "\"side\":\"A\"",
        "\"side_words\":\"side B (South)\"", "\"tenths\":[428,286,286,0]", "\"amended\":true",
        "\"gaps\":[[1772366480000000,1772366520000000,true]]"}) {
    EXPECT_THAT(page, HasSubstr(held));
  }
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
}

TEST(EventJson, LineHasTheFieldsOfTheContract) {
  const std::string line = EventJson(SomeRecord().events[0].transitions[0]);
  for (const char* field :
       {"\"event_id\":\"00ff\"", "\"status\":\"EXERCISE\"", "\"state\":\"VERIFIED\"",
        "\"rule\":\"no_convoys\"", "\"zone\":\"buffer\"", "\"class\":", "\"count_min\":7",
        "\"count_max\":8", "\"time_first_utc\":\"2026-03-01T12:00:00Z\"",
        "\"time_last_utc\":", "\"published_utc\":", "\"probability\":0.999",
        "\"lineages\":[{\"source\":\"radar1\",\"modality\":\"radar_gmti\"",
        "\"audience\":", "\"agreement_hash\":", "\"ledger_index\":9",
        "\"geometry\":{\"type\":\"Point\",\"coordinates\":[-40.0002,30.0005]}"}) {
    EXPECT_THAT(line, HasSubstr(field));
  }
  EXPECT_THAT(line, Not(HasSubstr("\n")));
}

TEST(MissionGeoJson, OgrReadsEveryFeature) {
  const testing::TempDirectory directory;
  std::ofstream(directory.File("m.geojson")) << MissionGeoJson(SomeRecord());
  const auto ogr = testing::RunProcess({"ogrinfo", "-ro", "-al", directory.File("m.geojson")});
  ASSERT_EQ(ogr.code, 0) << ogr.output;
  EXPECT_THAT(ogr.output, HasSubstr("Feature Count: 3"));
  EXPECT_THAT(ogr.output, HasSubstr("POINT (-40.0002 30.0005)"));
  EXPECT_THAT(ogr.output, HasSubstr("LINESTRING (-40 30"));
}

}  // namespace
}  // namespace trucewatch::tools
