// SPDX-License-Identifier: Apache-2.0
#include "tools/score/event_score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_directory.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;

// A convoy of 8 at 30.000 N and a notified one of 6, 5 km east of it, at 12:01:00.
EventTruth SomeTruth() {
  EventTruth truth;
  auto* convoy = truth.truth.add_expected();
  convoy->set_expect("VERIFIED");
  convoy->set_rule("r");
  convoy->set_zone("z");
  convoy->set_group("convoy");
  convoy->set_count(8);
  convoy->set_time_first_utc("2026-03-01T12:00:30Z");
  auto* notified = truth.truth.add_expected();
  notified->set_expect("NOTIFIED");
  notified->set_rule("r");
  notified->set_zone("z");
  notified->set_group("notified");
  notified->set_notification("N1");
  const Instant time = *ParseUtc("2026-03-01T12:01:00Z");
  for (int i = 0; i < 8; ++i) {
    truth.places.push_back({time, "convoy", Geodetic::FromDegrees(30.0 + 0.0003 * i, -40.0, 0)});
    truth.places.push_back({time, "notified", Geodetic::FromDegrees(30.0 + 0.0003 * i, -39.95, 0)});
  }
  return truth;
}

v1::config::EventLine Line(const std::string& id, const std::string& state, double lat_deg,
                           double lon_deg) {
  v1::config::EventLine line;
  line.set_event_id(id);
  line.set_state(state);
  line.set_rule("r");
  line.set_zone("z");
  line.set_count_min(7);
  line.set_count_max(8);
  line.set_time_first_utc("2026-03-01T12:00:40Z");
  line.set_time_last_utc("2026-03-01T12:01:00Z");
  line.set_published_utc("2026-03-01T12:01:00Z");
  line.mutable_geometry()->add_coordinates(lon_deg);
  line.mutable_geometry()->add_coordinates(lat_deg);
  return line;
}

v1::config::EventLine Notified() {
  v1::config::EventLine line = Line("", "NOTIFIED", 30.001, -39.95);
  line.set_notification("N1");
  return line;
}

TEST(EventScore, OneVerifiedEventAndOneNotifiedLineMeetEverything) {
  const EventScore score = ScoreEvents(
      SomeTruth(),
      {Line("a", "CANDIDATE", 30.001, -40), Line("a", "VERIFIED", 30.001, -40), Notified()});
  EXPECT_TRUE(score.all_met);
  EXPECT_EQ(score.matched, 1);
  EXPECT_DOUBLE_EQ(score.mean_delay_s, 30.0);
  EXPECT_DOUBLE_EQ(score.mean_count_error, 0.0);
}

TEST(EventScore, ACandidateIsNotVerified) {
  const EventScore score =
      ScoreEvents(SomeTruth(), {Line("a", "CANDIDATE", 30.001, -40), Notified()});
  EXPECT_FALSE(score.all_met);
  EXPECT_EQ(score.missed, 1);
  EXPECT_DOUBLE_EQ(score.recall, 0.0);
}

TEST(EventScore, ASecondEventOfTheSameConvoyIsNotExactlyOne) {
  const EventScore score = ScoreEvents(
      SomeTruth(),
      {Line("a", "VERIFIED", 30.001, -40), Line("b", "CANDIDATE", 30.001, -40), Notified()});
  EXPECT_FALSE(score.all_met);
  EXPECT_FALSE(score.expectations[0].met);
}

TEST(EventScore, AnEventOfTheNotifiedConvoyIsUnexpected) {
  const EventScore score = ScoreEvents(
      SomeTruth(),
      {Line("a", "VERIFIED", 30.001, -40), Line("b", "VERIFIED", 30.001, -39.95), Notified()});
  EXPECT_FALSE(score.all_met);
  EXPECT_EQ(score.unexpected, 1);
  EXPECT_DOUBLE_EQ(score.precision, 0.5);
  EXPECT_THAT(score.expectations[2].found, HasSubstr("(notified)"));
}

TEST(EventScore, AnEventWhereNobodyIsIsUnexpected) {
  const EventScore score = ScoreEvents(
      SomeTruth(),
      {Line("a", "VERIFIED", 30.001, -40), Line("c", "CANDIDATE", 30.5, -40), Notified()});
  EXPECT_FALSE(score.all_met);
  EXPECT_THAT(score.expectations[2].found, HasSubstr("no true group"));
}

TEST(EventScore, NothingFoundMissesBoth) {
  const EventScore score = ScoreEvents(SomeTruth(), {});
  EXPECT_FALSE(score.expectations[0].met);
  EXPECT_FALSE(score.expectations[1].met);
  EXPECT_TRUE(score.expectations[2].met);
}

TEST(EventScore, FilesAreReadAndABadLineIsNamed) {
  const testing::TempDirectory directory;
  std::ofstream(directory.File("truth.json"))
      << R"({"scenario": "s", "extra": 1, "expected": [{"expect": "NONE", "group": "g", "count": 3}]})";
  std::ofstream(directory.File("truth.csv"))
      << "time_us,object_id,kind,group,lat_deg,lon_deg\n5,1,car,,30.5,-40.25\n";
  const auto truth = LoadEventTruth(directory.path());
  ASSERT_TRUE(truth) << truth.error().message;
  EXPECT_EQ(truth->truth.expected(0).count(), 3);
  ASSERT_EQ(truth->places.size(), 1U);
  EXPECT_NEAR(truth->places[0].position.longitude.deg(), -40.25, 1e-12);
  EXPECT_THAT(ParseEventLines("{}\n{\"state\":", "e.jsonl").error().message,
              HasSubstr("e.jsonl:2: "));
  std::ofstream(directory.File("truth.csv"))
      << "time_us,object_id,kind,group,lat_deg,lon_deg\n5,1,car,,north,-40\n";
  EXPECT_THAT(LoadEventTruth(directory.path()).error().message, HasSubstr("truth.csv:2: "));
}

}  // namespace
}  // namespace trucewatch::tools
