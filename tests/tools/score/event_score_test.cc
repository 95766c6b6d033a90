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

// The truth above, and a gathering of 30 people 5 km west of the convoy that is to stay a
// candidate.
EventTruth WithGathering() {
  EventTruth truth = SomeTruth();
  auto* market = truth.truth.add_expected();
  market->set_expect("CANDIDATE");
  market->set_rule("gatherings");
  market->set_zone("z");
  market->set_group("market");
  market->set_count(30);
  market->set_count_tolerance(2);
  truth.places.push_back(
      {*ParseUtc("2026-03-01T12:01:00Z"), "market", Geodetic::FromDegrees(30, -40.05, 0)});
  return truth;
}

std::vector<v1::config::EventLine> ConvoyLines() {
  return {Line("a", "VERIFIED", 30.001, -40), Notified()};
}

v1::config::EventLine Market(const std::string& state, int count_min, int count_max) {
  v1::config::EventLine line = Line("m", state, 30, -40.05);
  line.set_rule("gatherings");
  line.set_class_("person_group");
  line.set_count_min(count_min);
  line.set_count_max(count_max);
  return line;
}

TEST(EventScore, ACandidateMustStayOneAndItsCountComeNearTheTruth) {
  const auto score = [](std::vector<v1::config::EventLine> market) {
    auto lines = ConvoyLines();
    for (auto& line : market) lines.push_back(std::move(line));
    return ScoreEvents(WithGathering(), lines);
  };
  const EventScore right = score({Market("CANDIDATE", 24, 28)});
  EXPECT_TRUE(right.all_met) << right.expectations[2].found;
  EXPECT_EQ(right.matched, 2);
  EXPECT_THAT(right.expectations[2].found, HasSubstr("24 to 28 people"));
  EXPECT_FALSE(score({Market("CANDIDATE", 20, 27)}).all_met);  // 30 is 3 above
  EXPECT_FALSE(score({Market("CANDIDATE", 33, 40)}).all_met);  // and 3 below
  EXPECT_FALSE(score({}).all_met);
  EXPECT_FALSE(score({Market("CANDIDATE", 28, 32), Market("VERIFIED", 28, 32)}).all_met);
  // It was more than a candidate once, whatever was said later.
  EXPECT_FALSE(score({Market("CORROBORATED", 28, 32), Market("CANDIDATE", 28, 32)}).all_met);
  auto other_rule = Market("CANDIDATE", 28, 32);
  other_rule.set_rule("r");
  EXPECT_FALSE(score({other_rule}).all_met);
}

TEST(EventScore, APermittedMovementIsOnRecordAndNoEvent) {
  EventTruth truth = SomeTruth();
  auto* aid = truth.truth.add_expected();
  aid->set_expect("PERMITTED");
  aid->set_group("aid");
  aid->set_corridor("road");
  truth.places.push_back(
      {*ParseUtc("2026-03-01T12:01:00Z"), "aid", Geodetic::FromDegrees(30, -40.05, 0)});
  auto permitted = Line("", "PERMITTED", 30, -40.05);
  permitted.set_notification("road");
  auto lines = ConvoyLines();
  EXPECT_FALSE(ScoreEvents(truth, lines).all_met);
  lines.push_back(permitted);
  EXPECT_TRUE(ScoreEvents(truth, lines).all_met);
  lines.push_back(Line("x", "CANDIDATE", 30, -40.05));
  EXPECT_FALSE(ScoreEvents(truth, lines).all_met);
  lines.pop_back();
  permitted.set_notification("another_road");
  lines.push_back(permitted);
  const EventScore score = ScoreEvents(truth, lines);
  EXPECT_FALSE(score.all_met);
  EXPECT_THAT(score.expectations.back().found, HasSubstr("another_road"));
}

TEST(EventScore, AnAllegationOpensItsCaseAndNoOther) {
  EventTruth truth = SomeTruth();
  auto* allegation = truth.truth.add_expected();
  allegation->set_expect("CASE");
  allegation->set_record("all-1");
  auto lines = ConvoyLines();
  EXPECT_FALSE(ScoreEvents(truth, lines).all_met);
  auto opened = Line("", "CASE_OPEN", 31, -41);
  opened.set_record_id("all-1");
  lines.push_back(opened);
  EXPECT_TRUE(ScoreEvents(truth, lines).all_met);
  // A record of an officer is no event and no case.
  auto record = Line("", "RECORD", 31, -41);
  record.set_record_id("obs-1");
  lines.push_back(record);
  EXPECT_TRUE(ScoreEvents(truth, lines).all_met);
  opened.set_record_id("obs-1");
  lines.push_back(opened);
  EXPECT_FALSE(ScoreEvents(truth, lines).all_met);
}

v1::config::CoverageLine Coverage(const std::string& zone, int minute, int not_observed,
                                  int degraded, const std::string& reason) {
  v1::config::CoverageLine line;
  line.set_zone(zone);
  line.set_class_("moving_vehicle");
  line.set_start_utc(fmt::format("2026-03-01T12:0{}:00Z", minute));
  line.set_end_utc(fmt::format("2026-03-01T12:0{}:00Z", minute + 1));
  line.set_cells(100);
  line.set_not_observed(not_observed);
  line.set_degraded(degraded);
  line.set_observed_nothing(100 - not_observed - degraded);
  if (not_observed > 0) {
    auto* share = line.add_reasons();
    share->set_state("not_observed");
    share->set_reason(reason);
    share->set_cells(not_observed);
  }
  if (degraded > 0) {
    auto* share = line.add_reasons();
    share->set_state("degraded");
    share->set_reason(reason);
    share->set_cells(degraded);
  }
  return line;
}

EventScore CoverageScore(const std::string& expect,
                         const std::vector<v1::config::CoverageLine>& lines) {
  EventTruth truth;
  auto* e = truth.truth.add_expected();
  e->set_expect(expect);
  e->set_zone("gap");
  e->set_min_share(0.99);
  e->set_source("radar1");
  e->set_time_first_utc("2026-03-01T12:03:10Z");
  e->set_time_last_utc("2026-03-01T12:03:50Z");
  return ScoreEvents(truth, {}, lines);
}

TEST(CoverageScore, AGapIsNotObservedWhenTheAccountSaysSoForNearlyAllOfIt) {
  const auto gap = [](int not_observed, int minute = 0) {
    return Coverage("gap", minute, not_observed, 0, "no source looked here");
  };
  EXPECT_FALSE(CoverageScore("NOT_OBSERVED", {}).all_met);
  const EventScore score = CoverageScore("NOT_OBSERVED", {gap(100), gap(98, 1)});
  EXPECT_TRUE(score.all_met);
  EXPECT_THAT(
      score.expectations[0].found,
      HasSubstr("99.0 % of 200 cells in 2 periods not observed; no source looked here: 198"));
  EXPECT_FALSE(CoverageScore("NOT_OBSERVED", {gap(100), gap(97, 1)}).all_met);
  // An account that is amended counts as amended.
  EXPECT_FALSE(CoverageScore("NOT_OBSERVED", {gap(100), gap(50)}).all_met);
  // Other zones and classes say nothing about it.
  auto group = gap(100);
  group.set_class_("group");
  EXPECT_FALSE(CoverageScore("NOT_OBSERVED", {group}).all_met);
  EXPECT_FALSE(
      CoverageScore("NOT_OBSERVED", {Coverage("other", 0, 100, 0, "no source looked here")})
          .all_met);
}

TEST(CoverageScore, AnOutageIsNamedInItsMinuteAndNotInTheOneBefore) {
  const auto before = Coverage("gap", 2, 10, 0, "no source looked here");
  const auto during = Coverage("gap", 3, 0, 60, "radar1 gave 33 % of its looks");
  const EventScore score = CoverageScore("COVERAGE_LOST", {before, during});
  EXPECT_TRUE(score.all_met);
  EXPECT_THAT(score.expectations[0].found, HasSubstr("12:03:00 to 12:04:00: 60 of 100 cells"));
  EXPECT_FALSE(CoverageScore("COVERAGE_LOST", {during}).all_met);  // nothing to compare with
  EXPECT_FALSE(CoverageScore("COVERAGE_LOST", {before}).all_met);
  // What it sees in part at all times is no loss.
  const auto edge = [](int minute) {
    return Coverage("gap", minute, 0, 5, "partial: radar1 saw part of the cell");
  };
  EXPECT_TRUE(CoverageScore("COVERAGE_LOST", {edge(2), during}).all_met);
  EXPECT_FALSE(CoverageScore("COVERAGE_LOST", {edge(2), edge(3)}).all_met);
  EXPECT_FALSE(
      CoverageScore("COVERAGE_LOST", {Coverage("gap", 2, 0, 5, "radar1 gave no look"), during})
          .all_met);
  EXPECT_FALSE(
      CoverageScore("COVERAGE_LOST", {before, Coverage("gap", 3, 60, 0, "no source looked here")})
          .all_met);
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
