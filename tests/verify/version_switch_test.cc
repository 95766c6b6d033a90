// SPDX-License-Identifier: Apache-2.0
// An agreement is amended while the mission goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "tests/verify/scene.h"
#include "verify/verify_stage.h"

namespace trucewatch {
namespace {

using testing::Convoy;
using testing::Drone;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PictureBuilder;
using testing::Place;
using testing::Radar;
using ::testing::SizeIs;

void Swap(std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

std::string AmendmentOf(const std::string& text, int version, const std::string& from) {
  return text +
         fmt::format("amendment {{ version: {} valid_from_utc: \"{}\" replaces_sha256: \"{}\" }}\n",
                     version, from, HexEncode(Sha256(text)));
}

// Two versions; the second begins at `from`.
struct Two {
  explicit Two(const std::string& from_utc, std::string first = testing::DemoAgreementText(),
               const std::string& was = "edition: \"1", const std::string& is = "edition: \"2")
      : v1{"v1.txtpb", std::move(first)} {
    v2 = {"v2.txtpb", AmendmentOf(v1.text, 2, from_utc)};
    Swap(v2.text, was, is);
    const auto second = ParseAgreement(v2.text, v2.name);
    EXPECT_TRUE(second) << second.error().message;
    if (second) from = second->amendment.valid_from;
  }
  std::string hash1() const { return HexEncode(Sha256(v1.text)); }
  std::string hash2() const { return HexEncode(Sha256(v2.text)); }

  Instant from;
  AgreementFile v1, v2;
};

v1::config::VerifyConfig AMinuteEach() {
  v1::config::VerifyConfig config;
  config.set_heartbeat_s(30);
  config.mutable_coverage()->set_cell_m(1000);
  config.mutable_coverage()->set_period_s(60);
  config.mutable_coverage()->set_observed_probability(0.9);
  config.mutable_coverage()->set_degraded_probability(0.1);
  config.mutable_coverage()->set_full_share(0.8);
  return config;
}

std::unique_ptr<Stage> StageOf(const Two& versions) {
  auto stage = MakeVerifyStage(AMinuteEach(), {versions.v1, versions.v2});
  EXPECT_TRUE(stage) << stage.error().message;
  return stage ? std::move(*stage) : nullptr;
}

// What is fed, in order; times are seconds from the switch.
class Feed {
 public:
  Feed(const Two& versions, double start_s) : from_(versions.from) {
    v1::Envelope envelope;
    v1::MissionHeader& header = *envelope.mutable_mission_header();
    header.set_mission("demo");
    header.set_start_time_us(Time(start_s).micros());
    header.set_agreement_text(versions.v1.text);
    header.add_later_agreement_text(versions.v2.text);
    Add(envelope);
    Status(SourceState::kStarted, start_s);
  }
  Instant Time(double seconds) const { return from_ + Duration::FromSeconds(seconds); }
  Feed& Status(SourceState state, double seconds) {
    v1::Envelope envelope;
    *envelope.mutable_source_status() =
        ToProto(SourceStatus{Radar().source, Time(seconds), state, ""});
    return Add(envelope);
  }
  Feed& Show(Picture picture, double seconds) {
    const Duration shift = Time(seconds) - picture.time;
    picture.time = Time(seconds);
    for (Track& track : picture.tracks) {
      for (TrackSupport& support : track.supports) {
        support.first = support.first + shift;
        support.last = support.last + shift;
      }
    }
    v1::Envelope envelope;
    *envelope.mutable_picture() = ToProto(picture);
    return Add(envelope);
  }
  template <typename Look>
  Feed& Say(const Look& look) {
    v1::Envelope envelope;
    if constexpr (std::is_same_v<Look, SettledLook>) {
      *envelope.mutable_settled_look() = ToProto(look);
    } else if constexpr (std::is_same_v<Look, LateLook>) {
      *envelope.mutable_late_look() = ToProto(look);
    } else {
      *envelope.mutable_human_record() = ToProto(look);
    }
    return Add(envelope);
  }
  const std::vector<LogRecord>& records() const { return records_; }

 private:
  Feed& Add(const v1::Envelope& envelope) {
    const std::uint64_t n = records_.size() + 1;
    records_.push_back({n, n, SerializeEnvelope(envelope)});
    return *this;
  }
  Instant from_;
  std::vector<LogRecord> records_;
};

std::vector<Finding> Told(Stage& stage, const Feed& feed) {
  std::vector<Finding> out;
  const auto outputs = stage.Handle(feed.records());
  EXPECT_TRUE(outputs) << outputs.error().message;
  for (const auto& of_input : outputs.value_or(std::vector<std::vector<std::string>>())) {
    for (const std::string& payload : of_input) {
      const auto envelope = ParseEnvelope(payload);
      if (envelope && envelope->has_finding()) out.push_back(*FromProto(envelope->finding()));
    }
  }
  return out;
}

std::vector<Finding> OfKind(const std::vector<Finding>& findings, FindingKind kind) {
  std::vector<Finding> out;
  for (const Finding& finding : findings) {
    if (finding.kind == kind) out.push_back(finding);
  }
  return out;
}

// Eight vehicles that stand in the buffer zone all the time.
Convoy InTheZone(std::vector<testing::Eye> eyes) {
  return {.group = 7,
          .first_track = 100,
          .count = 8,
          .head_en_m = {-1200, 200},
          .velocity_en_mps = {0, -1e-6},
          .start_s = -1000,
          .eyes = std::move(eyes)};
}

Feed& Standing(Feed& feed, const std::vector<testing::Eye>& eyes, int from_s, int to_s) {
  for (int t = from_s; t < to_s; ++t) {
    if (t == 0) feed.Show(PictureBuilder(-1e-6).Add(InTheZone(eyes)).Build(), -1e-6);
    feed.Show(PictureBuilder(t).Add(InTheZone(eyes)).Build(), t);
  }
  return feed;
}

// The phase of the test's agreement, so that it holds at any of the times below.
std::string AlwaysInForce() {
  std::string text = testing::DemoAgreementText();
  Swap(text, "2026-02-20T00:00:00Z", "2016-01-01T00:00:00Z");
  return text;
}

class Switch : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(At, Switch,
                         ::testing::Values("2026-03-01T12:01:17Z", "2026-03-02T00:00:00Z",
                                           "2016-12-31T23:59:60Z"));

TEST_P(Switch, AMovementThatGoesOnIsAnEventOfEachVersionFromItsVeryMicrosecond) {
  const Two versions(GetParam(), AlwaysInForce());
  Feed feed(versions, -40);
  const auto stage = StageOf(versions);
  const auto events = OfKind(Told(*stage, Standing(feed, {Drone(), Radar()}, -40, 40)),
                             FindingKind::kEventTransition);
  ASSERT_THAT(events, SizeIs(6));
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(events[i].agreement_hash, i < 3 ? versions.hash1() : versions.hash2());
    EXPECT_EQ(events[i].event_id, events[i < 3 ? 0 : 3].event_id);
    EXPECT_EQ(static_cast<int>(events[i].state), i % 3 + 1);
  }
  EXPECT_NE(events[0].event_id, events[3].event_id);
  EXPECT_EQ(events[0].time_first, feed.Time(-40));
  EXPECT_LT(events[2].time_last, versions.from);
  EXPECT_EQ(events[3].time_first, versions.from);  // not the picture a microsecond before
}

TEST_P(Switch, NoAccountOfCoverageSpansIt) {
  const Two versions(GetParam(), AlwaysInForce(), "id: \"buffer\"\n  name: \"Buffer zone\"",
                     "id: \"buffer\"\n  name: \"Zone of 2\"");
  Feed feed(versions, -200);
  Standing(feed, {Drone(), Radar()}, -200, 100);
  feed.Status(SourceState::kEnded, 100);
  const auto stage = StageOf(versions);
  const auto accounts = OfKind(Told(*stage, feed), FindingKind::kCoverage);
  ASSERT_FALSE(accounts.empty());
  Instant end = feed.Time(-200);
  for (const Finding& account : accounts) {
    EXPECT_EQ(account.time_first, end);  // without a gap
    end = account.time_last;
    const bool first = account.time_first < versions.from;
    EXPECT_TRUE(!first || account.time_last <= versions.from) << FormatUtc(account.time_last);
    EXPECT_EQ(account.agreement_hash, first ? versions.hash1() : versions.hash2());
    EXPECT_THAT(account.reason, HasSubstr(first ? "Buffer zone" : "Zone of 2"));
  }
  EXPECT_EQ(end, feed.Time(99));  // the last picture
}

TEST_P(Switch, ALateLookRaisesTheEventOfItsTimeUnderTheVersionOfThatTime) {
  const Two versions(GetParam(), AlwaysInForce());
  Feed feed(versions, -60);
  Standing(feed, {Drone()}, -60, 60);
  for (int t = -50; t < -30; ++t) {
    LateLook late;
    late.source = Radar().source;
    late.lineage = Radar().lineage;
    late.time = feed.Time(t);
    for (std::uint64_t track = 100; track < 108; ++track) late.matches.push_back({{track}, 1.0});
    feed.Say(late);
  }
  const auto stage = StageOf(versions);
  const auto events = OfKind(Told(*stage, feed), FindingKind::kEventTransition);
  ASSERT_THAT(events, SizeIs(4));
  EXPECT_EQ(events[1].agreement_hash, versions.hash2());
  EXPECT_EQ(events[1].state, EventState::kCandidate);  // the drone alone
  for (const std::size_t raised : {2u, 3u}) {
    EXPECT_EQ(events[raised].event_id, events[0].event_id);
    EXPECT_EQ(events[raised].agreement_hash, versions.hash1());
    EXPECT_TRUE(events[raised].amended);
    EXPECT_LT(events[raised].time_last, versions.from);
    EXPECT_EQ(events[raised].time, feed.Time(59));  // when it came
  }
  EXPECT_EQ(events[3].state, EventState::kVerified);
}

SettledLook RadarLook(Instant time) {
  SettledLook look;
  look.source = Radar().source;
  look.lineage = Radar().lineage;
  look.time = time;
  look.moving_vehicle_probability = look.standing_vehicle_probability = 0.7;
  look.footprint = {Place(-6500, -5500), Place(6500, -5500), Place(6500, 1500), Place(-6500, 1500)};
  return look;
}

TEST(VersionSwitch, WhoLookedBeforeItIsMissedAfterIt) {
  const Two versions("2026-03-01T12:01:17Z");
  Feed feed(versions, -200);
  for (int t = -200; t < 112; t += 4) {
    if (t < -30) feed.Say(RadarLook(feed.Time(t)));
    Standing(feed, {Drone()}, t, t + 4);
  }
  const auto told = Told(*StageOf(versions), feed);
  int missed = 0;
  for (const Finding& account : OfKind(told, FindingKind::kCoverage)) {
    if (account.agreement_hash != versions.hash2()) continue;
    EXPECT_THAT(account.reason, HasSubstr("radar1 gave no look since 12:00:45"));
    ++missed;
  }
  EXPECT_EQ(missed, 2);
}

TEST(VersionSwitch, ASnapshotAnywhereAroundItGoesOnBitForBit) {
  const Two versions("2026-03-01T12:01:17Z");
  Feed feed(versions, -70);
  for (int t = -70; t < 70; t += 5) {
    feed.Say(RadarLook(feed.Time(t)));
    Standing(feed, {Drone(), Radar()}, t, t + 5);
  }
  feed.Status(SourceState::kEnded, 70);
  const auto whole = StageOf(versions);
  const auto expected = whole->Handle(feed.records());
  ASSERT_TRUE(expected);
  const std::span<const LogRecord> records = feed.records();
  for (std::size_t cut = 2; cut < records.size(); cut += 7) {
    const auto before = StageOf(versions);
    auto outputs = before->Handle(records.first(cut));
    const auto snapshot = before->Snapshot();
    ASSERT_TRUE(outputs && snapshot);
    const auto after = StageOf(versions);
    ASSERT_TRUE(after->Restore(*snapshot));
    EXPECT_EQ(*after->Snapshot(), *snapshot);
    const auto rest = after->Handle(records.subspan(cut));
    ASSERT_TRUE(rest);
    outputs->insert(outputs->end(), rest->begin(), rest->end());
    ASSERT_EQ(*outputs, *expected) << "cut at " << cut;
    ASSERT_EQ(*after->Snapshot(), *whole->Snapshot());
  }
  // A snapshot of one version alone is of another mission.
  const auto alone = MakeVerifyStage(AMinuteEach(), {versions.v1});
  EXPECT_FALSE((*alone)->Restore(*whole->Snapshot()));
}

TEST(VersionSwitch, TheHeaderNamesAllVersionsAndOthersAreRefused) {
  const Two versions("2026-03-01T12:01:17Z"), others("2026-03-01T12:01:18Z");
  const auto stage = StageOf(versions);
  const auto header = Told(*stage, Feed(versions, -10));
  EXPECT_THAT(header[0].reason, HasSubstr(versions.hash1()));
  EXPECT_THAT(header[0].reason, HasSubstr("from 2026-03-01T12:01:17Z on its version 2, 2, 2026-"
                                          "02-20, SHA-256 " +
                                          versions.hash2()));
  EXPECT_EQ(header[0].agreement_hash, versions.hash1());
  const auto other = StageOf(others)->Handle(Feed(versions, -10).records());
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr(versions.hash2() + ", but this stage was given"));
  const auto alone =
      (*MakeVerifyStage(AMinuteEach(), {versions.v1}))->Handle(Feed(versions, -10).records());
  EXPECT_FALSE(alone);
  // Versions that do not follow one another are no agreement.
  const auto broken = MakeVerifyStage(AMinuteEach(), {versions.v1, versions.v1});
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("does not say that it amends another"));
}

TEST(VersionSwitch, AMissionThatBeginsAfterItIsUnderTheNewVersionAlone) {
  const Two versions("2026-03-01T12:01:17Z");
  Feed feed(versions, 10);
  feed.Status(SourceState::kLate, 9);
  Standing(feed, {Drone(), Radar()}, 10, 80);
  feed.Status(SourceState::kEnded, 80);
  const auto told = Told(*StageOf(versions), feed);
  EXPECT_EQ(told[0].agreement_hash, versions.hash2());
  EXPECT_THAT(OfKind(told, FindingKind::kEventTransition), SizeIs(3));
  EXPECT_THAT(OfKind(told, FindingKind::kCoverage),
              Each(Field(&Finding::agreement_hash, versions.hash2())));
  EXPECT_EQ(OfKind(told, FindingKind::kCoverage).front().time_first, feed.Time(10));
}

constexpr const char* kNoon = "2026-03-01T12:01:17Z";
constexpr double kNoonS = 77;  // as testing::At counts

TEST(VersionSwitch, ACrossingInProgressIsTheNewVersionsAndOneThatIsToldIsNotToldTwice) {
  const auto point = [](double east_m, double north_m) {
    const Geodetic place = Place(east_m, north_m);
    return fmt::format("point {{ lat_deg: {:.9f} lon_deg: {:.9f} }} ", place.latitude.deg(),
                       place.longitude.deg());
  };
  const std::string text =
      testing::DemoAgreementText() + "line { id: \"l\" name: \"Line\" side: NEITHER behind: LEFT " +
      point(-6000, 0) + point(6000, 0) +
      "}\nrule { id: \"crossed\" clause: \"c\" kind: LINE_CROSSED zone: \"buffer\" line: \"l\" "
      "direction: FORWARD object_class: ANY_VEHICLE min_count: 1 candidate { min_probability: 0.8 "
      "min_duration_s: 3 } verified { min_probability: 0.95 min_duration_s: 10 } }\n";
  const Two versions(kNoon, text);
  // On the line at this time, ten metres a second southwards.
  const auto crossing_at = [&](int at_s) {
    Feed feed(versions, -60);
    for (int t = -60; t < 60; ++t) {
      const Convoy alone = {.count = 1,
                            .head_en_m = {0, 10.0 * (at_s + 100)},
                            .velocity_en_mps = {0, -10},
                            .start_s = -100,
                            .eyes = {Drone(), Radar()}};
      feed.Show(PictureBuilder(t).AddTracks(alone, 0, 1).Build(), t);
    }
    return OfKind(Told(*StageOf(versions), feed), FindingKind::kEventTransition);
  };
  const auto during = crossing_at(-1);
  ASSERT_THAT(during, SizeIs(3));
  EXPECT_THAT(during, Each(Field(&Finding::agreement_hash, versions.hash2())));
  const auto before = crossing_at(-30);
  ASSERT_THAT(before, SizeIs(3));
  EXPECT_THAT(before, Each(Field(&Finding::agreement_hash, versions.hash1())));
}

TEST(VersionSwitch, ANotificationIsUsedUpOnceForBothVersions) {
  const Two versions(kNoon);
  Feed feed(versions, -60);
  Convoy notified = {.group = 5,
                     .first_track = 500,
                     .count = 6,
                     .head_en_m = {1600, -1300},
                     .velocity_en_mps = {0, 10},
                     .start_s = -60,
                     .eyes = {Drone()}};
  Convoy another = notified;
  another.group = 6;
  another.first_track = 600;
  another.head_en_m = {1600, 700};
  another.start_s = 20;
  for (int t = -60; t < 40; ++t) {
    PictureBuilder picture(t);
    picture.Add(t < 20 ? notified : another);
    feed.Show(picture.Build(), t);
  }
  const auto told = Told(*StageOf(versions), feed);
  EXPECT_THAT(OfKind(told, FindingKind::kNotifiedMovement),
              ElementsAre(Field(&Finding::agreement_hash, versions.hash1())));
  EXPECT_THAT(OfKind(told, FindingKind::kEventTransition),
              ElementsAre(Field(&Finding::agreement_hash, versions.hash2())));
}

TEST(VersionSwitch, WhatAPatrolSawBeforeItAndOfficersDecideAfterItIsOfTheOldVersion) {
  const Two versions(kNoon, testing::WholeAgreementText());
  Feed feed(versions, -60);
  Standing(feed, {Drone()}, -60, 20);
  feed.Say(testing::Observation("r1", kNoonS - 20, {-1200, 60}));
  const auto told = Told(*StageOf(versions), feed);
  EXPECT_THAT(OfKind(told, FindingKind::kHumanRecord),
              ElementsAre(Field(&Finding::agreement_hash, versions.hash1())));
  std::map<std::string, EventState> states;
  std::string first_event;
  for (const Finding& finding : OfKind(told, FindingKind::kEventTransition)) {
    states[finding.agreement_hash] = finding.state;
    if (first_event.empty()) first_event = finding.event_id;
  }
  EXPECT_EQ(states[versions.hash1()], EventState::kVerified);
  // Nor has the event that goes on forgotten what was seen half a minute ago.
  EXPECT_EQ(states[versions.hash2()], EventState::kVerified);

  HumanRecord decision = testing::Observation("d1", kNoonS + 30, {0, 0});
  decision.kind = HumanRecordKind::kDecision;
  decision.role = "officer";
  decision.event_id = first_event;
  decision.decision = "confirmed";
  decision.text = "seen by two";
  feed.Say(decision);
  const auto decided = Told(*StageOf(versions), feed).back();
  EXPECT_EQ(decided.state, EventState::kConfirmed);
  EXPECT_EQ(decided.agreement_hash, versions.hash1());
}

TEST(VersionSwitch, AChangeAtASiteWaitsForThePassThatAgreesUnderItsOwnVersion) {
  std::string text = testing::WholeAgreementText();
  Swap(text, "kind: SITE_CHANGED zone: \"store\"",
       "kind: SITE_CHANGED good_looks: 2 zone: \"store\"");
  const Two versions(kNoon, text);
  Feed feed(versions, -200);
  Standing(feed, {Radar()}, -20, 20);
  feed.Say(testing::Pass(kNoonS - 3600, kNoonS - 10,
                         {testing::Change(ChangeKind::kVanished, {3000, -2600}, 0.95)}));
  SettledLook again = testing::Pass(kNoonS, kNoonS + 15, {});
  again.baseline.reset();
  feed.Say(again);
  std::vector<Finding> sites;
  for (const Finding& finding :
       OfKind(Told(*StageOf(versions), feed), FindingKind::kEventTransition))
    if (finding.rule == "site") sites.push_back(finding);
  ASSERT_THAT(sites, SizeIs(1));
  EXPECT_EQ(sites[0].agreement_hash, versions.hash1());
  EXPECT_THAT(sites[0].reason, HasSubstr("2 passes agree with it"));
}

}  // namespace
}  // namespace trucewatch
