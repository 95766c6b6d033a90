// SPDX-License-Identifier: Apache-2.0
#include "verify/verify_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/types/codec.h"
#include "tests/verify/scene.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::Convoy;
using testing::DemoAgreement;
using testing::DemoAgreementText;
using testing::Drone;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PictureBuilder;
using testing::Radar;
using ::testing::SizeIs;

using Outputs = std::vector<std::vector<std::string>>;

std::string Header(const std::string& agreement_text, bool exercise = true) {
  v1::Envelope envelope;
  auto* header = envelope.mutable_mission_header();
  header->set_mission("demo");
  header->set_exercise(exercise);
  header->set_start_time_us(At(0).micros());
  header->set_config_text("name: \"demo\"");
  header->set_agreement_text(agreement_text);
  header->set_build_id("0.1.0-test");
  return SerializeEnvelope(envelope);
}

std::string Wrap(const Picture& picture) {
  v1::Envelope envelope;
  *envelope.mutable_picture() = ToProto(picture);
  return SerializeEnvelope(envelope);
}

std::string Status(SourceState state, int t) {
  v1::Envelope envelope;
  *envelope.mutable_source_status() =
      ToProto(SourceStatus{{"radar1"}, At(t), state, "no data for 5 s"});
  return SerializeEnvelope(envelope);
}

std::string Fault(int t) {
  v1::Envelope envelope;
  *envelope.mutable_data_fault() =
      ToProto(DataFault{{"radar1"}, At(t), "stanag4607", 1234, "segment of 3 bytes"});
  return SerializeEnvelope(envelope);
}

std::vector<LogRecord> Records(const std::vector<std::string>& payloads) {
  std::vector<LogRecord> out;
  for (const std::string& payload : payloads) {
    const std::uint64_t sequence = out.size() + 1;
    out.push_back({sequence, sequence, payload});
  }
  return out;
}

// A breach with renumbered groups, a notified convoy, outages, statuses and faults.
std::vector<LogRecord> Mission() {
  std::vector<std::string> payloads = {Header(DemoAgreementText())};
  payloads.push_back(Status(SourceState::kStarted, 0));
  for (int t = 0; t < 130; ++t) {
    Convoy breach = {.group = 7 + static_cast<std::uint64_t>(t / 25),
                     .first_track = 100,
                     .count = 8,
                     .head_en_m = {-1200, 1220},
                     .velocity_en_mps = {0, -8},
                     .eyes = {Drone(), Radar()}};
    const Convoy notified = {.group = 5,
                             .first_track = 500,
                             .count = 6,
                             .head_en_m = {1600, -1300},
                             .velocity_en_mps = {0, 10},
                             .eyes = {Drone()}};
    PictureBuilder picture(t);
    if (t < 60 || t > 70) picture.Add(breach);
    payloads.push_back(Wrap(picture.Add(notified).Build()));
    if (t == 60) payloads.push_back(Status(SourceState::kLate, t));
    if (t == 65) payloads.push_back(Fault(t));
    if (t == 66) payloads.push_back("no envelope");
  }
  return Records(payloads);
}

std::vector<Finding> FindingsOf(const Outputs& outputs) {
  std::vector<Finding> findings;
  for (const auto& list : outputs) {
    for (const std::string& payload : list) {
      const auto envelope = ParseEnvelope(payload);
      EXPECT_TRUE(envelope);
      if (!envelope || !envelope->has_finding()) continue;
      const auto finding = FromProto(envelope->finding());
      EXPECT_TRUE(finding) << finding.error().message;
      if (finding) findings.push_back(*finding);
    }
  }
  return findings;
}

VerifyStage MakeStage() { return VerifyStage(DemoAgreement(), Duration::Seconds(30)); }

Outputs RunAll(VerifyStage& stage, std::span<const LogRecord> records) {
  auto outputs = stage.Handle(records);
  EXPECT_TRUE(outputs) << outputs.error().message;
  return outputs ? *outputs : Outputs();
}

TEST(VerifyStage, HeaderGoesFirstAndUnchangedThenItsFinding) {
  VerifyStage stage = MakeStage();
  const auto records = Records({Header(DemoAgreementText())});
  const Outputs outputs = RunAll(stage, records);
  ASSERT_THAT(outputs, SizeIs(1));
  ASSERT_THAT(outputs[0], SizeIs(2));
  EXPECT_EQ(outputs[0][0], records[0].payload);
  const auto findings = FindingsOf(outputs);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::kMissionHeader);
  EXPECT_EQ(findings[0].agreement_hash, DemoAgreement().hash);
  EXPECT_TRUE(findings[0].exercise);
  EXPECT_THAT(findings[0].reason, HasSubstr(DemoAgreement().hash));
  EXPECT_THAT(findings[0].reason, HasSubstr("exercise"));
}

TEST(VerifyStage, RefusesAMissionBegunUnderAnotherAgreement) {
  VerifyStage stage = MakeStage();
  const auto outputs = stage.Handle(Records({Header(DemoAgreementText() + "\n")}));
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().code, ErrorCode::kBadInput);
  EXPECT_THAT(outputs.error().message, HasSubstr("agreement file of the mission"));
}

TEST(VerifyStage, WholeMissionGivesOneEventOneNotifiedMovementAndEveryStatusAndFault) {
  VerifyStage stage = MakeStage();
  std::map<FindingKind, int> count;
  for (const Finding& finding : FindingsOf(RunAll(stage, Mission()))) {
    ++count[finding.kind];
    EXPECT_TRUE(finding.exercise);
    EXPECT_FALSE(finding.reason.empty());
    EXPECT_EQ(finding.agreement_hash, DemoAgreement().hash);
  }
  EXPECT_EQ(count[FindingKind::kMissionHeader], 1);
  EXPECT_EQ(count[FindingKind::kEventTransition], 3);
  EXPECT_EQ(count[FindingKind::kNotifiedMovement], 1);
  EXPECT_EQ(count[FindingKind::kSourceStatus], 2);
  EXPECT_EQ(count[FindingKind::kDataFault], 2);
  EXPECT_EQ(count[FindingKind::kHeartbeat], 4);
}

TEST(VerifyStage, StatusesAndFaultsNameTheirSource) {
  VerifyStage stage = MakeStage();
  const auto findings =
      FindingsOf(RunAll(stage, Records({Status(SourceState::kLate, 3), Fault(4)})));
  ASSERT_THAT(findings, SizeIs(2));
  EXPECT_EQ(findings[0].reason, "Source radar1 fell silent: no data for 5 s.");
  EXPECT_EQ(findings[0].time, At(3));
  ASSERT_THAT(findings[0].supports, SizeIs(1));
  EXPECT_EQ(findings[0].supports[0].source.value, "radar1");
  EXPECT_EQ(findings[1].reason,
            "Input of radar1 was refused and kept (stanag4607, byte 1234): segment of 3 bytes.");
}

TEST(VerifyStage, AnyBatchingGivesTheSameOutput) {
  const auto records = Mission();
  VerifyStage whole = MakeStage();
  const Outputs expected = RunAll(whole, records);
  std::mt19937_64 random(10);
  for (int run = 0; run < 5; ++run) {
    VerifyStage stage = MakeStage();
    Outputs outputs;
    for (std::size_t at = 0; at < records.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 17, records.size() - at);
      for (auto& list : RunAll(stage, std::span(records).subspan(at, size)))
        outputs.push_back(std::move(list));
      at += size;
    }
    EXPECT_EQ(outputs, expected);
  }
}

TEST(VerifyStage, SnapshotAnywhereChangesNothing) {
  const auto records = Mission();
  VerifyStage whole = MakeStage();
  const Outputs expected = RunAll(whole, records);
  const auto final_snapshot = whole.Snapshot();
  ASSERT_TRUE(final_snapshot);
  for (std::size_t at = 0; at <= records.size(); ++at) {
    VerifyStage before = MakeStage();
    Outputs outputs = RunAll(before, std::span(records).first(at));
    const auto snapshot = before.Snapshot();
    ASSERT_TRUE(snapshot);
    VerifyStage after = MakeStage();
    ASSERT_TRUE(after.Restore(*snapshot));
    EXPECT_EQ(*after.Snapshot(), *snapshot);
    for (auto& list : RunAll(after, std::span(records).subspan(at)))
      outputs.push_back(std::move(list));
    ASSERT_EQ(outputs, expected) << "cut at " << at;
    ASSERT_EQ(*after.Snapshot(), *final_snapshot);
  }
}

std::string Wrap(const SettledLook& look) {
  v1::Envelope envelope;
  *envelope.mutable_settled_look() = ToProto(look);
  return SerializeEnvelope(envelope);
}

std::string Wrap(const LateLook& look) {
  v1::Envelope envelope;
  *envelope.mutable_late_look() = ToProto(look);
  return SerializeEnvelope(envelope);
}

std::string Wrap(const HumanRecord& record) {
  v1::Envelope envelope;
  *envelope.mutable_human_record() = ToProto(record);
  return SerializeEnvelope(envelope);
}

v1::config::VerifyConfig WithCoverage() {
  v1::config::VerifyConfig config;
  config.set_heartbeat_s(30);
  config.mutable_coverage()->set_cell_m(1000);
  config.mutable_coverage()->set_period_s(60);
  config.mutable_coverage()->set_observed_probability(0.9);
  config.mutable_coverage()->set_degraded_probability(0.1);
  config.mutable_coverage()->set_full_share(0.8);
  return config;
}

std::unique_ptr<Stage> WholeStage() {
  auto stage = MakeVerifyStage(WithCoverage(), testing::WholeAgreementText(), "a.txtpb");
  EXPECT_TRUE(stage) << stage.error().message;
  return stage ? std::move(*stage) : nullptr;
}

// Everything that can come: looks, people, a satellite pass ahead of its time, records of all
// kinds, a cut link with its looks afterwards, and the end of all sources.
std::vector<LogRecord> WholeMission() {
  using testing::Place;
  const std::vector<Geodetic> footprint = {Place(-6500, -5500), Place(6500, -5500),
                                           Place(6500, 1500), Place(-6500, 1500)};
  std::vector<std::string> payloads = {Header(testing::WholeAgreementText())};
  payloads.push_back(Status(SourceState::kStarted, 0));
  payloads.push_back(Wrap(
      testing::Pass(-3600, 100, {testing::Change(ChangeKind::kVanished, {3000, -2600}, 0.9)})));
  HumanRecord allegation = testing::Observation("a1", 40, {0, 0});
  allegation.kind = HumanRecordKind::kAllegation;
  HumanRecord impediment = testing::Observation("i1", 45, {0, 4000});
  impediment.kind = HumanRecordKind::kImpediment;
  impediment.impediment = "denied";
  for (int t = 0; t < 150; ++t) {
    if (t % 3 == 0) {
      SettledLook look;
      look.source = Radar().source;
      look.lineage = Radar().lineage;
      look.time = At(t);
      look.moving_vehicle_probability = 0.7;
      look.footprint = footprint;
      payloads.push_back(Wrap(look));
    }
    PictureBuilder picture(t);
    const Convoy standing = {.group = 7,
                             .first_track = 100,
                             .count = 8,
                             .head_en_m = {-1200, 500},
                             .velocity_en_mps = {0, -1e-6},
                             .eyes = {Radar()}};
    const Convoy aid = {.group = 9,
                        .first_track = 300,
                        .count = 6,
                        .head_en_m = {-3000, -3500},
                        .velocity_en_mps = {0, 10},
                        .eyes = {Drone()}};
    picture.Add(standing).Add(aid);
    picture.AddWhole(900, {500, -3000}, ObjectClass::kPersonGroup, 30, 24, 37, {Drone()});
    payloads.push_back(Wrap(picture.Build()));
    if (t == 40) payloads.push_back(Wrap(allegation));
    if (t == 45) payloads.push_back(Wrap(impediment));
    if (t == 50)
      payloads.push_back(
          Wrap(testing::Observation("r1", 45, {500, -3000}, 25, ObjectClass::kPersonGroup)));
    if (t < 100) continue;
    LateLook late;
    late.source = Drone().source;
    late.lineage = Drone().lineage;
    late.time = At(t - 90);
    for (std::uint64_t track = 100; track < 108; ++track) late.matches.push_back({{track}, 1.0});
    SettledLook look;
    look.source = late.source;
    look.lineage = late.lineage;
    look.time = late.time;
    look.late = true;
    look.moving_vehicle_probability = 0.8;
    look.standing_vehicle_probability = 0.5;  // what nobody said before
    look.footprint = footprint;
    payloads.push_back(Wrap(look));
    payloads.push_back(Wrap(late));
  }
  payloads.push_back(Status(SourceState::kEnded, 150));
  return Records(payloads);
}

TEST(VerifyStage, TheWholeMissionGivesEveryKindOfFinding) {
  const auto stage = WholeStage();
  ASSERT_TRUE(stage);
  const auto outputs = stage->Handle(WholeMission());
  ASSERT_TRUE(outputs) << outputs.error().message;
  std::map<FindingKind, int> count;
  std::map<std::string, EventState> state;
  int amended_events = 0;
  int amended_accounts = 0;
  Instant last_end;
  for (const Finding& finding : FindingsOf(*outputs)) {
    ++count[finding.kind];
    EXPECT_FALSE(finding.reason.empty());
    if (finding.kind == FindingKind::kEventTransition) {
      state[finding.rule] = finding.state;
      amended_events += finding.amended;
    }
    if (finding.kind != FindingKind::kCoverage) continue;
    ASSERT_TRUE(finding.coverage);
    amended_accounts += finding.coverage->amended;
    last_end = std::max(last_end, finding.coverage->end);
  }
  EXPECT_EQ(count[FindingKind::kDataFault], 0);
  EXPECT_EQ(count[FindingKind::kHumanRecord], 2);
  EXPECT_EQ(count[FindingKind::kCase], 1);
  EXPECT_EQ(count[FindingKind::kPermittedMovement], 1);
  EXPECT_EQ(state["no_convoys"], EventState::kVerified);  // by the late looks
  EXPECT_EQ(state["people"], EventState::kVerified);      // by the patrol
  EXPECT_EQ(state["site"], EventState::kCandidate);
  EXPECT_EQ(state["parked"], EventState::kUnspecified);
  EXPECT_GE(amended_events, 2);
  // Three zones, two whole periods and the last one to the end; the first one amended at the next
  // end of a period and, since late looks that say more came after that too, at the end of the
  // mission.
  EXPECT_EQ(count[FindingKind::kCoverage], 3 * 3 + amended_accounts);
  EXPECT_EQ(amended_accounts, 6);
  EXPECT_EQ(last_end, At(149));
}

TEST(VerifyStage, SnapshotAnywhereInTheWholeMissionChangesNothing) {
  const auto records = WholeMission();
  const auto whole = WholeStage();
  const auto expected = whole->Handle(records);
  ASSERT_TRUE(expected);
  const auto final_snapshot = whole->Snapshot();
  for (std::size_t at = 0; at <= records.size(); at += 23) {
    const auto before = WholeStage();
    auto outputs = before->Handle(std::span(records).first(at));
    ASSERT_TRUE(outputs);
    const auto snapshot = before->Snapshot();
    ASSERT_TRUE(snapshot);
    const auto after = WholeStage();
    const auto restored = after->Restore(*snapshot);
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(*after->Snapshot(), *snapshot);
    const auto rest = after->Handle(std::span(records).subspan(at));
    ASSERT_TRUE(rest);
    for (const auto& list : *rest) outputs->push_back(list);
    ASSERT_EQ(*outputs, *expected) << "cut at " << at;
    ASSERT_EQ(*after->Snapshot(), *final_snapshot);
    EXPECT_FALSE(after->Restore(snapshot->substr(0, snapshot->size() / 2)));
  }
}

TEST(VerifyStage, SnapshotsThatDoNotFitAreRefused) {
  VerifyStage stage = MakeStage();
  RunAll(stage, Mission());
  const auto snapshot = stage.Snapshot();
  ASSERT_TRUE(snapshot);
  VerifyStage other(DemoAgreement("edition: \"1,", "edition: \"2,"), Duration::Seconds(30));
  EXPECT_FALSE(other.Restore(*snapshot));
  VerifyStage fresh = MakeStage();
  EXPECT_FALSE(fresh.Restore("garbage"));
  EXPECT_FALSE(fresh.Restore(snapshot->substr(0, snapshot->size() - 1)));
  EXPECT_FALSE(fresh.Restore(""));
}

TEST(VerifyStage, HostilePayloadsCostThemselvesOnly) {
  std::mt19937_64 random(11);
  VerifyStage stage = MakeStage();
  const std::string good = Wrap(PictureBuilder(1).Add({.eyes = {Drone()}}).Build());
  std::vector<std::string> payloads = {Header(DemoAgreementText()), "",
                                       Header(DemoAgreementText())};
  for (std::size_t i = 0; i < good.size(); i += 7) payloads.push_back(good.substr(0, i));
  for (int i = 0; i < 300; ++i) {
    std::string bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    payloads.push_back(bytes);
  }
  const Outputs outputs = RunAll(stage, Records(payloads));
  EXPECT_THAT(outputs, SizeIs(payloads.size()));
  EXPECT_THAT(outputs[1], SizeIs(1));
  EXPECT_THAT(outputs[2], SizeIs(1));  // a second header is not passed on
}

TEST(VerifyStage, HostileLooksAndRecordsCostThemselvesOnly) {
  std::mt19937_64 random(12);
  const auto stage = WholeStage();
  std::vector<std::string> payloads = {Header(testing::WholeAgreementText())};
  for (const LogRecord& record : WholeMission()) {
    std::string bytes = record.payload;
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    payloads.push_back(bytes);
  }
  const auto outputs = stage->Handle(Records(payloads));
  ASSERT_TRUE(outputs);
  EXPECT_THAT(*outputs, SizeIs(payloads.size()));
  FindingsOf(*outputs);  // all can be read
  EXPECT_TRUE(stage->Snapshot());
}

TEST(VerifyStage, WithoutAnAgreementThereAreHeartbeatsAndNoEvents) {
  VerifyStage stage(std::nullopt, Duration::Seconds(30));
  std::vector<LogRecord> records = Mission();
  records[0].payload = Header("");
  for (const Finding& finding : FindingsOf(RunAll(stage, records))) {
    EXPECT_NE(finding.kind, FindingKind::kEventTransition);
    EXPECT_NE(finding.kind, FindingKind::kNotifiedMovement);
  }
}

// Whatever a live picture shows, it makes no finding, and none other.
TEST(VerifyStage, LivePicturesChangeNoByte) {
  const std::vector<LogRecord> records = Mission();
  std::vector<std::string> expected, payloads;
  VerifyStage settled = MakeStage(), both = MakeStage();
  for (const auto& list : RunAll(settled, records)) {
    expected.insert(expected.end(), list.begin(), list.end());
  }
  int live = 0;
  for (const LogRecord& record : records) {
    payloads.push_back(record.payload);
    const auto envelope = ParseEnvelope(record.payload);
    if (!envelope || !envelope->has_picture()) continue;
    // Of half a minute later, and of a convoy that is in no settled picture.
    const Instant time = Instant::FromMicros(envelope->picture().time_us());
    const Convoy elsewhere = {.group = 900,
                              .first_track = 900,
                              .count = 12,
                              .head_en_m = {-1200, 1220},
                              .velocity_en_mps = {0, -8},
                              .eyes = {Drone(), Radar()}};
    Picture picture =
        PictureBuilder(static_cast<int>((time - At(0)).seconds()) + 30).Add(elsewhere).Build();
    picture.settled = false;
    payloads.push_back(Wrap(picture));
    ++live;
  }
  std::vector<std::string> outputs;
  for (const auto& list : RunAll(both, Records(payloads))) {
    outputs.insert(outputs.end(), list.begin(), list.end());
  }
  EXPECT_GT(live, 100);
  EXPECT_EQ(outputs, expected);
}

TEST(MakeVerifyStage, RefusesABadAgreementAndABadCadence) {
  v1::config::VerifyConfig config;
  config.set_heartbeat_s(30);
  EXPECT_TRUE(MakeVerifyStage(config, DemoAgreementText(), "a.txtpb"));
  EXPECT_TRUE(MakeVerifyStage(config, "", ""));
  const auto bad = MakeVerifyStage(config, "title: 5", "a.txtpb");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("a.txtpb:1:"));
  config.set_heartbeat_s(0);
  EXPECT_FALSE(MakeVerifyStage(config, DemoAgreementText(), "a.txtpb"));
}

}  // namespace
}  // namespace trucewatch
