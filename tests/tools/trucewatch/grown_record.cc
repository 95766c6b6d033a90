// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/trucewatch/grown_record.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "evidence/leaf.h"
#include "evidence/ledger/ledger.h"
#include "evidence/signer/in_process_signer.h"
#include "evidence/signer/log_key.h"
#include "tools/audit/policy.h"
#include "verify/wording.h"

namespace trucewatch::tools {
namespace {

const Instant kStart = *ParseUtc("2026-03-01T12:00:00Z");

Instant At(int seconds) { return kStart + Duration::Seconds(seconds); }
Geodetic Place(double lat_deg, double lon_deg) {
  return Geodetic::FromDegrees(lat_deg, lon_deg, 400);
}

void AddZone(const char* id, const std::string& name, v1::config::Party::Side side,
             double south_deg, v1::config::Agreement* agreement) {
  auto* zone = agreement->add_zone();
  zone->set_id(id);
  zone->set_name(name);
  zone->set_side(side);
  for (const auto& [dlat, lon] :
       {std::pair(0.0, -40.03), {0.0, -39.97}, {0.018, -39.97}, {0.018, -40.03}}) {
    auto* vertex = zone->add_vertex();
    vertex->set_lat_deg(south_deg + dlat);
    vertex->set_lon_deg(lon);
  }
}

template <typename Route>
void AddPoints(Route* route) {
  for (const double lat : {29.97, 30.0, 30.03}) {
    auto* point = route->Add();
    point->set_lat_deg(lat);
    point->set_lon_deg(-39.985);
  }
}

v1::config::Agreement Agreement(const std::string& hostile) {
  v1::config::Agreement agreement;
  agreement.set_title("Ceasefire of the Demo Plain (exercise)");
  agreement.set_edition("1");
  auto* a = agreement.add_party();
  a->set_side(v1::config::Party::A);
  a->set_name("North");
  auto* b = agreement.add_party();
  b->set_side(v1::config::Party::B);
  b->set_name("South");
  AddZone("buffer", "Buffer zone", v1::config::Party::NEITHER, 29.991, &agreement);
  AddZone("store_b", "Storage site " + hostile, v1::config::Party::B, 29.970, &agreement);
  AddZone("line_a", "Withdrawal area A", v1::config::Party::A, 30.012, &agreement);
  auto* convoys = agreement.add_rule();
  convoys->set_id("no_convoys");
  convoys->set_zone("buffer");
  convoys->set_clause("Clause 5: \"Neither side shall move groups of five or more vehicles.\"");
  convoys->set_kind(v1::config::Rule::GROUP_IN_ZONE);
  auto* crowd = agreement.add_rule();
  crowd->set_id("no_crowds");
  crowd->set_zone("buffer");
  crowd->set_clause("Clause 6: \"No more than twenty people shall gather in the buffer zone.\"");
  crowd->set_kind(v1::config::Rule::CONCENTRATION);
  auto* site = agreement.add_rule();
  site->set_id("site_count");
  site->set_zone("store_b");
  site->set_clause("Clause 8: \"Vehicles in storage stay there.\"");
  site->set_kind(v1::config::Rule::SITE_CHANGED);
  for (const char* id : {"N1", "N2"}) {
    auto* notified = agreement.add_notified_movement();
    notified->set_id(id);
    notified->set_reference("letter of side South no. 12");
    notified->set_side(v1::config::Party::B);
    notified->set_window_start_utc("2026-03-01T11:55:00Z");
    notified->set_window_end_utc("2026-03-01T12:15:00Z");
    notified->set_min_count(4);
    notified->set_max_count(8);
    notified->set_width_m(400);
    AddPoints(notified->mutable_route());
  }
  auto* aid = agreement.add_permitted_corridor();
  aid->set_id("aid_road");
  aid->set_clause("Clause 9: \"Aid may use the west road.\"");
  aid->set_width_m(200);
  AddPoints(aid->mutable_route());
  return agreement;
}

class Builder {
 public:
  explicit Builder(const std::string& hostile) : hostile_(hostile) {
    v1::config::MissionConfig config;
    config.set_name("demo");
    config.set_status(v1::config::EXERCISE);
    config.set_origin_lat_deg(30);
    config.set_origin_lon_deg(-40);
    config.set_origin_height_hae_m(400);
    for (const auto& [id, format] : {std::pair("drone1", v1::config::SourceConfig::MPEGTS_KLV),
                                     {"patrol", v1::config::SourceConfig::HUMAN},
                                     {"radar1", v1::config::SourceConfig::STANAG4607}}) {
      auto* source = config.add_source();
      source->set_id(id);
      source->set_format(format);
    }
    out_.record = RecordOf(config, Agreement(hostile));
    out_.record.start = out_.record.end = kStart;
    out_.origin = "exercise.trucewatch.example/demo";
    out_.build_id = "test";
    out_.ledger_path = "run/ledger";
    out_.policy_path = "run/policy.txt";
    out_.audited = true;
    Add(Of(FindingKind::kMissionHeader, 0));
  }

  static Finding Of(FindingKind kind, int at_s) {
    Finding f;
    f.kind = kind;
    f.exercise = true;
    f.time = f.time_first = f.time_last = At(at_s);
    f.position = Place(30.0, -40.0);
    f.cov_m2 = Eigen::Vector3d(900, 200, 400);
    f.reason = fmt::format("A sentence about what was so at {} s.", at_s);
    return f;
  }

  static Support From(const char* source, Modality modality) {
    Support support;
    support.source = {source};
    support.lineage.modality = modality;
    support.updates = 7;
    support.raw_digests = {Sha256(source)};
    return support;
  }

  void Add(Finding finding) {
    const std::uint64_t index = out_.entries.size();
    out_.entries.push_back(
        {index, Sha256(fmt::format("leaf {}", index)), finding.kind, finding.time});
    AddFinding({std::move(finding), index, 0}, &out_.record);
  }

  void Status(const char* source, SourceState state, int at_s) {
    Finding f = Of(FindingKind::kSourceStatus, at_s);
    f.reason = SourceStatusSentence({{source}, f.time, state, "said so"});
    f.supports = {From(source, Modality::kUnspecified)};
    Add(std::move(f));
  }

  void Event(const char* id, const char* rule, const char* zone, EventState state, int at_s,
             ObjectClass object_class, std::pair<int, int> count, bool amended = false) {
    Finding f = Of(FindingKind::kEventTransition, at_s);
    f.event_id = id;
    f.rule = rule;
    f.zone = zone;
    f.state = state;
    f.object_class = object_class;
    f.count_min = count.first;
    f.count_max = count.second;
    f.time_first = At(20);
    f.probability = 0.973;
    f.amended = amended;
    f.supports = {From("drone1", Modality::kVideoRgb)};
    if (state != EventState::kCandidate) f.supports.push_back(From("radar1", Modality::kRadarGmti));
    Add(std::move(f));
  }

  void Movement(FindingKind kind, const char* id, int at_s) {
    Finding f = Of(kind, at_s);
    f.notification = id;
    f.count_min = 5;
    f.count_max = 6;
    f.probability = 0.99;
    f.supports = {From("radar1", Modality::kRadarGmti)};
    Add(std::move(f));
  }

  void Human(FindingKind kind, HumanRecordKind record_kind, const char* id, int at_s) {
    Finding f = Of(kind, at_s);
    f.record_id = id;
    if (kind == FindingKind::kCase) f.case_id = "C-1";
    HumanRecord record;
    record.kind = record_kind;
    record.record_id = id;
    record.time_first = record.time_last = f.time;
    record.reported = f.time + Duration::Seconds(60);
    record.position = f.position;
    record.radius_m = 250;
    record.means = "saw";
    record.assessed_as = "assessed as " + hostile_;
    record.text = hostile_;
    record.author = "patrol-2";
    if (record_kind == HumanRecordKind::kImpediment) record.impediment = "denied";
    if (record_kind == HumanRecordKind::kAllegation) record.informant = "party";
    f.human_record = record;
    f.supports = {From("patrol", Modality::kHuman)};
    Add(std::move(f));
  }

  // Seven cells: sevenths of a percent do not add up by themselves.
  void Coverage(const char* zone, const char* side, int minute, std::vector<CoverageShare> moving,
                bool amended = false) {
    Finding f = Of(FindingKind::kCoverage, 60 * minute + 70);
    CoverageAccount account;
    account.zone = zone;
    account.side = side;
    account.start = At(60 * minute);
    account.end = At(60 * minute + 60);
    account.cells = 7;
    account.cell_m = 500;
    account.area_km2 = 1.75;
    account.amended = amended;
    account.classes = {
        {CoverageClass::kMovingVehicle, std::move(moving)},
        {CoverageClass::kStandingVehicle,
         {{CoverageState::kNotObserved, "no source looked here", 7}}},
        {CoverageClass::kGroup,
         {{CoverageState::kObservedNothing, "", 3}, {CoverageState::kNotObserved, hostile_, 4}}}};
    f.zone = zone;
    f.coverage = account;
    Add(std::move(f));
  }

  LedgerRecord Take() {
    out_.as_of = out_.record.end;
    out_.size = out_.entries.size();
    return std::move(out_);
  }

  MissionRecord& record() { return out_.record; }

 private:
  const std::string hostile_;
  LedgerRecord out_;
};

}  // namespace

LedgerRecord GrownRecord(const std::string& hostile) {
  using enum CoverageState;
  Builder b(hostile);
  for (const char* source : {"drone1", "radar1"}) b.Status(source, SourceState::kStarted, 0);
  b.Event("00ff", "no_convoys", "buffer", EventState::kCandidate, 30, ObjectClass::kUnknownVehicle,
          {5, 9});
  b.Event("00ff", "no_convoys", "buffer", EventState::kVerified, 45, ObjectClass::kTruck, {7, 8});
  b.Event("0a0a", "no_crowds", "buffer", EventState::kCandidate, 50, ObjectClass::kPersonGroup,
          {26, 34});
  b.Movement(FindingKind::kNotifiedMovement, "N1", 60);
  b.Movement(FindingKind::kPermittedMovement, "aid_road", 65);
  b.Status("radar1", SourceState::kLate, 80);
  b.Status("radar1", SourceState::kResumed, 120);
  b.Human(FindingKind::kHumanRecord, HumanRecordKind::kObservation, "P-1", 130);
  b.Human(FindingKind::kHumanRecord, HumanRecordKind::kImpediment, "P-2", 140);
  b.Human(FindingKind::kCase, HumanRecordKind::kAllegation, "P-3", 150);
  Finding fault = Builder::Of(FindingKind::kDataFault, 160);
  fault.supports = {Builder::From("drone1", Modality::kUnspecified)};
  fault.reason = "refused: " + hostile;
  b.Add(std::move(fault));
  b.Event("0b0b", "site_count", "store_b", EventState::kCorroborated, 170,
          ObjectClass::kUnknownVehicle, {1, 1}, true);
  for (int minute = 0; minute < 4; ++minute) {
    b.Coverage("buffer", "NEITHER", minute,
               {{kObservedNothing, "", 3}, {kObservedActivity, "", 2}, {kDegraded, "partial", 2}});
    if (minute == 1) {
      b.Coverage("line_a", "A", minute, {{kNotObserved, "radar1 gave no look", 7}});
    } else {
      b.Coverage("line_a", "A", minute, {{kObservedNothing, "", 6}, {kDegraded, "partial", 1}});
    }
    b.Coverage("store_b", "B", minute,
               {{kObservedNothing, "", 5}, {kNotObserved, "no source looked here", 2}});
  }
  // Late looks came in: what was not observed was observed after all.
  b.Coverage("line_a", "A", 1, {{kObservedNothing, "", 7}}, true);
  MissionRecord& record = b.record();
  record.tracks[4].points = {{At(0), Place(29.99, -40)}, {At(200), Place(30.005, -40)}};
  record.tracks[4].updates = {{"drone1", 3}, {"radar1", 5}};
  record.tracks[5].points = {{At(0), Place(29.99, -40)}};  // one position makes no line
  record.looks = {
      {At(0), {"drone1"}, {Place(29.99, -40.01), Place(29.99, -39.99), Place(30.01, -40)}},
      {At(4), {"drone1"}, {}}};
  record.groups[9] = {ObjectClass::kPersonGroup, {{At(50), Place(30.001, -40.01), 26, 34, 18}}};
  return b.Take();
}

void WriteGrownRun(const std::string& run) {
  const LedgerRecord ledger = GrownRecord("<b>&\"' ");  // what a protobuf string may hold
  const auto storage = MakePosixStorage();
  const std::string origin = "exercise.trucewatch.example/demo";
  ASSERT_TRUE(storage->MakeDirectories(run));
  const auto vkey = evidence::GenerateKey(run + "/log.key", origin, Ed25519Seed{7});
  ASSERT_TRUE(vkey) << vkey.error().message;
  const auto signer = evidence::InProcessSigner::Open(
      *storage,
      {.key_file = run + "/log.key", .state_file = run + "/signer.state", .origin = origin});
  ASSERT_TRUE(signer) << signer.error().message;
  const auto out = evidence::Ledger::Open(
      *storage, {.directory = run + "/ledger", .log_key = (*signer)->public_key()});
  ASSERT_TRUE(out) << out.error().message;
  for (const Published& published : ledger.record.published) {
    v1::Envelope envelope;
    if (published.finding.kind == FindingKind::kMissionHeader) {
      v1::MissionHeader& header = *envelope.mutable_mission_header();
      header.set_mission("demo");
      header.set_exercise(true);
      header.set_start_time_us(ledger.record.start.micros());
      header.set_config_text(
          "name: \"demo\" status: EXERCISE start_utc: \"2026-03-01T12:00:00Z\" origin_lat_deg: 30 "
          "origin_lon_deg: -40 origin_height_hae_m: 400 source { id: \"drone1\" format: MPEGTS_KLV "
          "} "
          "source { id: \"radar1\" format: STANAG4607 } source { id: \"patrol\" format: HUMAN }");
      std::string agreement;
      ASSERT_TRUE(google::protobuf::TextFormat::PrintToString(ledger.record.agreement, &agreement));
      header.set_agreement_text(agreement);
    } else {
      *envelope.mutable_finding() = ToProto(published.finding);
    }
    ASSERT_TRUE((*out)->Append(
        evidence::MakeLeaf(evidence::LeafKind::kFinding, envelope.SerializeAsString())));
  }
  const auto published = (*out)->Publish(**signer);
  ASSERT_TRUE(published) << published.error().message;
  std::ofstream(run + "/policy.txt") << audit::PolicyForLog(*vkey);
}

}  // namespace trucewatch::tools
