// SPDX-License-Identifier: Apache-2.0
// Records of officers: what they support, what they never do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/crypto/sha256.h"
#include "tests/verify/scene.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::Convoy;
using testing::Drone;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kCandidate;
using testing::kCorroborated;
using testing::kVerified;
using testing::Observation;
using testing::PictureBuilder;
using testing::Radar;
using testing::Runner;
using ::testing::SizeIs;
using testing::WholeAgreement;

// Eight vehicles that stand in the buffer zone, middle at east -1200, north 360.
Convoy StandingIn(std::vector<testing::Eye> eyes) {
  return {.group = 7,
          .first_track = 100,
          .count = 8,
          .head_en_m = {-1200, 500},
          .velocity_en_mps = {0, -1e-6},
          .eyes = std::move(eyes)};
}
const Eigen::Vector2d kThere(-1200, 640);

void Watch(Runner& run, int from, int to) {
  for (int t = from; t < to; ++t) run.Feed(PictureBuilder(t).Add(StandingIn({Drone()})).Build());
}

TEST(HumanRecords, ARecordIsAFindingWithTheRecordInIt) {
  Runner run(WholeAgreement());
  const HumanRecord record = Observation("r1", 30, kThere);
  run.Record(record);
  ASSERT_THAT(run.findings, SizeIs(1));
  EXPECT_EQ(run.findings[0].kind, FindingKind::kHumanRecord);
  EXPECT_EQ(run.findings[0].record_id, "r1");
  ASSERT_TRUE(run.findings[0].human_record);
  EXPECT_EQ(run.findings[0].human_record->author, "patrol-2");
  EXPECT_THAT(run.findings[0].reason, HasSubstr("patrol-2 reports 8 vehicles from"));
}

TEST(HumanRecords, AfterTheEventItsRecordRaisesIt) {
  Runner run(WholeAgreement());
  Watch(run, 0, 60);
  ASSERT_THAT(run.States(), ElementsAre(kCandidate));
  run.Record(Observation("r1", 30, kThere + Eigen::Vector2d(200, 0)));
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated, kVerified));
  const Finding verified = run.Of(FindingKind::kEventTransition).back();
  EXPECT_TRUE(verified.amended);
  ASSERT_THAT(verified.supports, SizeIs(2));
  EXPECT_EQ(verified.supports[1].lineage.modality, Modality::kHuman);
  EXPECT_EQ(verified.supports[1].updates, 1);
  EXPECT_THAT(verified.reason, HasSubstr("patrol2 (patrol)"));
  EXPECT_THAT(verified.reason,
              HasSubstr("What patrol2 reported lay 200 m away, at the same time."));
}

TEST(HumanRecords, BeforeTheEventItsRecordCountsAsSoonAsItIsSeen) {
  Runner run(WholeAgreement());
  run.Feed(PictureBuilder(-60).Build());
  run.Record(Observation("r1", -30, kThere));
  Watch(run, 0, 60);
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated, kVerified));
  EXPECT_FALSE(run.Of(FindingKind::kEventTransition).back().amended);
  EXPECT_THAT(run.Of(FindingKind::kEventTransition).back().reason,
              HasSubstr("What patrol2 reported lay 0 m away, 40 s earlier."));
}

TEST(HumanRecords, FarAwayLongAgoOfOtherThingsOrNothingSupportsNothing) {
  std::vector<HumanRecord> records;
  records.push_back(Observation("far", 30, kThere + Eigen::Vector2d(600, 0)));
  records.push_back(Observation("old", -700, kThere));
  records.push_back(Observation("few", 30, kThere, 2));
  records.push_back(Observation("people", 30, kThere, 30, ObjectClass::kPersonGroup));
  records.push_back(Observation("nothing", 30, kThere, 0));
  records.back().nothing_observed = true;
  records.push_back(Observation("impediment", 30, kThere));
  records.back().kind = HumanRecordKind::kImpediment;
  records.push_back(Observation("not_human", 30, kThere));
  records.back().lineage.modality = Modality::kRadarGmti;
  for (const HumanRecord& record : records) {
    Runner run(WholeAgreement());
    Watch(run, 0, 40);
    run.Record(record);
    Watch(run, 40, 60);
    EXPECT_THAT(run.States(), ElementsAre(kCandidate)) << record.record_id;
  }
}

TEST(HumanRecords, ARecordOfTheSameStationAsTheSensorCorroboratesAndNeverVerifies) {
  Runner run(WholeAgreement());
  Watch(run, 0, 40);
  HumanRecord record = Observation("r1", 30, kThere);
  record.lineage.station = Drone().lineage.station;
  run.Record(record);
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated));
}

TEST(HumanRecords, WithoutARadiusInTheAgreementTheySupportNothing) {
  Runner run(WholeAgreement("human_radius_m: 300\n  human_recent_s: 600\n", ""));
  Watch(run, 0, 40);
  run.Record(Observation("r1", 30, kThere));
  EXPECT_THAT(run.States(), ElementsAre(kCandidate));
  EXPECT_THAT(run.Of(FindingKind::kHumanRecord), SizeIs(1));
}

TEST(Allegations, OpenACaseThatNamesWhatIsNearAndSupportNothing) {
  Runner run(WholeAgreement());
  HumanRecord allegation = Observation("a1", 30, kThere);
  allegation.kind = HumanRecordKind::kAllegation;
  allegation.informant = "party";
  run.Record(allegation);
  Watch(run, 0, 60);
  allegation.record_id = "a2";
  allegation.raw_digests[0][0] ^= 1;
  run.Record(allegation);
  EXPECT_THAT(run.States(), ElementsAre(kCandidate));
  for (const Finding& finding : run.findings) {
    for (const Support& support : finding.supports)
      EXPECT_NE(support.source.value, "patrol2") << finding.reason;
  }
  EXPECT_THAT(run.engine.state().records, IsEmpty());
  const auto cases = run.Of(FindingKind::kCase);
  ASSERT_THAT(cases, SizeIs(2));
  EXPECT_EQ(cases[0].case_id.size(), 32u);
  EXPECT_NE(cases[0].case_id, cases[1].case_id);
  EXPECT_THAT(cases[0].reason, HasSubstr("no event"));
  EXPECT_THAT(cases[1].reason, HasSubstr(run.Of(FindingKind::kEventTransition)[0].event_id));
  EXPECT_THAT(cases[1].reason, HasSubstr("confirms nothing"));
  ASSERT_TRUE(cases[1].human_record);

  // The id is that of the content, by its definition.
  const auto text = [](const std::string& s) {
    return std::string(7, '\0') + static_cast<char>(s.size()) + s;
  };
  const Digest& digest = cases[1].human_record->raw_digests[0];
  const std::string content = text("trucewatch case v1") + text(WholeAgreement().hash) +
                              std::string(digest.begin(), digest.end());
  EXPECT_EQ(cases[1].case_id, HexEncode(Sha256(content)).substr(0, 32));
}

TEST(HumanRecords, MemoryIsBounded) {
  Runner run(WholeAgreement());
  for (std::size_t i = 0; i < RuleEngine::kMaxRecords + 10; ++i)
    run.engine.AddRecord(Observation(fmt::format("r{}", i), 30, {5000, 5000}));
  EXPECT_EQ(run.engine.state().records.size(), RuleEngine::kMaxRecords);
  run.Feed(PictureBuilder(0).Build());
  run.Feed(PictureBuilder(5000).Build());
  EXPECT_THAT(run.engine.state().records, IsEmpty());
}

// What the drone saw while its link was cut, as it comes in afterwards: one look each second.
LateLook LateFromDrone(double time_s) {
  LateLook look;
  look.source = Drone().source;
  look.lineage = Drone().lineage;
  look.time = At(time_s);
  look.reports = 8;
  for (std::uint64_t track = 100; track < 108; ++track) look.matches.push_back({{track}, 1.0});
  Digest digest{};
  digest[0] = static_cast<std::uint8_t>(static_cast<int>(time_s));
  look.raw_digests = {digest};
  return look;
}

TEST(Amendments, ACutLinkGivesTheSameFinalStatesAfterwards) {
  // The drone sees it for 60 s, then it is gone; the radar sees all of it.
  const auto drive = [](Runner& run, bool drone) {
    for (int t = 0; t < 120; ++t) {
      std::vector<testing::Eye> eyes = {Radar()};
      if (drone && t < 60) eyes = {Drone(), Radar()};
      PictureBuilder picture(t);
      if (t < 100) picture.Add(StandingIn(eyes));
      run.Feed(picture.Build());
    }
  };
  Runner undisturbed(WholeAgreement());
  drive(undisturbed, true);
  ASSERT_THAT(undisturbed.States(), ElementsAre(kCandidate, kCorroborated, kVerified));

  for (const int order : {1, -1}) {
    Runner cut(WholeAgreement());
    drive(cut, false);
    ASSERT_THAT(cut.States(), ElementsAre(kCandidate));
    // 400 s later, when the event is closed, the station has its link again.
    for (int t = 120; t < 520; t += 2) cut.Feed(PictureBuilder(t).Build());
    for (int i = 0; i < 60; ++i) cut.Late(LateFromDrone(order > 0 ? i : 59 - i));
    EXPECT_EQ(cut.States(), undisturbed.States()) << order;
    EXPECT_EQ(cut.Events(), 1u);
    const auto transitions = cut.Of(FindingKind::kEventTransition);
    EXPECT_FALSE(transitions[0].amended);
    EXPECT_EQ(transitions[0].event_id, transitions[2].event_id);
    EXPECT_TRUE(transitions[2].amended);
    EXPECT_EQ(transitions[2].time, At(518));
    EXPECT_LE(transitions[2].time_last, At(70));
    EXPECT_THAT(transitions[2].reason, HasSubstr("came in after the hold"));
    ASSERT_THAT(transitions[2].supports, SizeIs(2));
    EXPECT_EQ(transitions[2].supports[0].source.value, "drone1");
    EXPECT_GE(transitions[2].supports[0].updates, 3 * 3);
    EXPECT_FALSE(transitions[2].supports[0].raw_digests.empty());
  }
}

TEST(Amendments, AnyOrderOfArrivalOfSparseLooksGivesTheSameStates) {
  // Looks so far apart that only the third at 80 s makes the drone count, just then.
  std::vector<int> times = {0, 40, 80};
  do {
    Runner run(WholeAgreement());
    for (int t = 0; t < 120; ++t) run.Feed(PictureBuilder(t).Add(StandingIn({Radar()})).Build());
    for (const int t : times) run.Late(LateFromDrone(t));
    EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated, kVerified))
        << times[0] << ' ' << times[1];
    EXPECT_EQ(run.Of(FindingKind::kEventTransition).back().time_last, At(80));
  } while (std::next_permutation(times.begin(), times.end()));
}

TEST(Amendments, OneModalityLateOrNotNeverVerifies) {
  Runner run(WholeAgreement());
  Watch(run, 0, 100);  // drone
  LateLook other = LateFromDrone(0);
  other.source = testing::SecondDrone().source;
  other.lineage = testing::SecondDrone().lineage;
  for (int t = 0; t < 60; ++t) {
    other.time = At(t);
    run.Late(other);
  }
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated));
}

TEST(Amendments, TooFewLooksRepeatedLooksOrOtherTracksRaiseNothing) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 60; ++t) run.Feed(PictureBuilder(t).Add(StandingIn({Radar()})).Build());
  for (int i = 0; i < 10; ++i) run.Late(LateFromDrone(20));
  run.Late(LateFromDrone(21));
  LateLook other = LateFromDrone(22);
  for (LateMatch& match : other.matches) match.track.value += 1000;
  run.Late(other);
  EXPECT_THAT(run.States(), ElementsAre(kCandidate));
  run.Late(LateFromDrone(23));
  EXPECT_THAT(run.States(), ElementsAre(kCandidate, kCorroborated, kVerified));
}

TEST(Amendments, MomentsAreForgottenAfterAnHour) {
  Runner run(WholeAgreement());
  for (int t = 0; t < 4000; ++t) run.Feed(PictureBuilder(t).Add(StandingIn({Radar()})).Build());
  const FollowedEvent& event = run.engine.state().events.at(0);
  EXPECT_LE(event.moments.size(), 3601u);
  EXPECT_GE(event.moments.front().time, At(399));
  for (int i = 0; i < 60; ++i) run.Late(LateFromDrone(i));
  EXPECT_THAT(run.States(), ElementsAre(kCandidate));
}

}  // namespace
}  // namespace trucewatch
