// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/mission_record.h"

#include <algorithm>
#include <functional>

#include "core/config/text_config.h"
#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "tools/trucewatch/agreement_texts.h"
#include "tools/trucewatch/words.h"
#include "verify/wording.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kBatchBytes = 8U << 20U;
constexpr Duration kLookPeriod = Duration::Seconds(2);  // looks kept for the map

Result<void> ForEachEnvelope(LogReader& log,
                             const std::function<Result<void>(const v1::Envelope&)>& handle) {
  std::uint64_t after = 0;
  while (true) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch, log.ReadAfter(after, kBatchBytes, Duration()));
    if (batch.records.empty()) return {};
    for (const LogRecord& record : batch.records) {
      TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(record.payload));
      TW_RETURN_IF_ERROR(handle(envelope));
      after = record.sequence;
    }
  }
}

class LookGatherer {
 public:
  explicit LookGatherer(MissionRecord* record) : record_(record) {}

  template <typename Look>
  void Add(const Look& look, std::size_t detections) {
    SourceRecord& source = record_->sources[look.source.value];
    source.kind = SensorWords(look.lineage.modality);
    ++source.looks;
    source.detections += detections;
    const auto last = last_.find(look.source.value);
    if (look.footprint.empty() || (last != last_.end() && look.time - last->second < kLookPeriod)) {
      return;
    }
    last_[look.source.value] = look.time;
    record_->looks.push_back({look.time, look.source, look.footprint});
  }

 private:
  MissionRecord* record_;
  std::map<std::string, Instant> last_;
};

// What a source brings, as far as its format says; its looks say it better.
std::string KindOf(v1::config::SourceConfig::Format format) {
  switch (format) {
    case v1::config::SourceConfig::MPEGTS_KLV:
      return SensorWords(Modality::kVideoRgb);
    case v1::config::SourceConfig::STANAG4607:
      return SensorWords(Modality::kRadarGmti);
    case v1::config::SourceConfig::ASTERIX:
      return SensorWords(Modality::kRadarSurveillance);
    case v1::config::SourceConfig::SATELLITE:
      return SensorWords(Modality::kSatelliteOptical);
    case v1::config::SourceConfig::HUMAN:
      return SensorWords(Modality::kHuman);
    default:
      return SensorWords(Modality::kUnspecified);
  }
}

// Findings say what became of a source in a sentence only; it is compared with the sentences verify
// makes, so that new words there cannot be misread here.
SourceState StateFromSentence(const SourceId& source, const std::string& sentence) {
  for (const SourceState state :
       {SourceState::kStarted, SourceState::kLate, SourceState::kResumed, SourceState::kEnded}) {
    std::string start = SourceStatusSentence({source, Instant(), state, ""});
    start.pop_back();  // the full stop
    if (sentence.starts_with(start)) return state;
  }
  return SourceState::kUnspecified;
}

void AddTransition(Published published, MissionRecord* record) {
  const auto same = [&](const EventRecord& event) {
    return event.latest().event_id == published.finding.event_id;
  };
  // Newest first: a transition mostly follows on one of the last events.
  const auto at = std::find_if(record->events.rbegin(), record->events.rend(), same);
  EventRecord& event = at == record->events.rend() ? record->events.emplace_back() : *at;
  event.transitions.push_back(std::move(published));
}

void AddSourceStatus(Published published, MissionRecord* record) {
  if (published.finding.supports.empty()) return;
  const SourceId source = published.finding.supports.front().source;
  const SourceState state = StateFromSentence(source, published.finding.reason);
  record->sources[source.value].history.push_back({state, std::move(published)});
}

}  // namespace

Result<void> GatherFindings(LogReader& log, MissionRecord* record) {
  return ForEachEnvelope(log, [&](const v1::Envelope& envelope) -> Result<void> {
    if (!envelope.has_published()) return {};
    TW_ASSIGN_OR_RETURN(Finding finding, FromProto(envelope.published().finding()));
    AddFinding({std::move(finding), envelope.published().ledger_index(),
                envelope.published().checkpoint_size()},
               record);
    return {};
  });
}

Result<void> GatherLooks(LogReader& log, MissionRecord* record) {
  LookGatherer gatherer(record);
  return ForEachEnvelope(log, [&](const v1::Envelope& envelope) -> Result<void> {
    if (envelope.has_observation_set()) {
      TW_ASSIGN_OR_RETURN(const ObservationSet set, FromProto(envelope.observation_set()));
      gatherer.Add(set, set.detections.size() + set.groups.size() + set.changes.size());
    } else if (envelope.has_radar_dwell()) {
      TW_ASSIGN_OR_RETURN(const RadarDwell dwell, FromProto(envelope.radar_dwell()));
      gatherer.Add(dwell, dwell.plots.size());
    } else if (envelope.has_human_record()) {
      SourceRecord& source = record->sources[envelope.human_record().source_id()];
      source.kind = SensorWords(Modality::kHuman);
      ++source.looks;
    } else if (envelope.has_data_fault()) {
      ++record->sources[envelope.data_fault().source_id()].faults;
    }
    return {};
  });
}

Result<void> GatherTracks(LogReader& log, MissionRecord* record) {
  return ForEachEnvelope(log, [&](const v1::Envelope& envelope) -> Result<void> {
    // Live pictures are for screens; the record is what was settled.
    if (!envelope.has_picture() || !envelope.picture().settled()) return {};
    TW_ASSIGN_OR_RETURN(const Picture picture, FromProto(envelope.picture()));
    record->end = std::max(record->end, picture.time);
    for (const Track& track : picture.tracks) {
      TrackRecord& kept = record->tracks[track.id.value];
      kept.points.push_back({picture.time, track.position});
      for (const TrackSupport& support : track.supports) {
        kept.updates[support.source.value] = support.updates;
      }
    }
    for (const Group& group : picture.groups) {
      if (group.object_class == ObjectClass::kUnspecified) continue;  // its tracks are there
      GroupRecord& kept = record->groups[group.id.value];
      kept.object_class = group.object_class;
      kept.points.push_back(
          {picture.time, group.position, group.count_min, group.count_max, group.extent_m});
    }
    return {};
  });
}

std::vector<SourceGap> SourceRecord::Gaps() const {
  std::vector<SourceGap> gaps;
  for (const SourceEvent& event : history) {
    const bool open = !gaps.empty() && !gaps.back().resumed;
    if (event.state == SourceState::kLate && !open) {
      gaps.push_back({event.published, std::nullopt});
    } else if (event.state == SourceState::kResumed && open) {
      gaps.back().resumed = event.published;
    }
  }
  return gaps;
}

void AddFinding(Published published, MissionRecord* record) {
  if (record->versions.size() > 1 && published.finding.time >= record->end) {
    for (const auto& [hash, version] : record->versions) {
      if (hash == published.finding.agreement_hash) record->agreement = version;
    }
  }
  record->published.push_back(published);
  record->end = std::max(record->end, published.finding.time);
  switch (published.finding.kind) {
    case FindingKind::kEventTransition:
      AddTransition(std::move(published), record);
      break;
    case FindingKind::kNotifiedMovement:
      record->notified.push_back({{std::move(published)}});
      break;
    case FindingKind::kPermittedMovement:
      record->permitted.push_back({{std::move(published)}});
      break;
    case FindingKind::kHumanRecord:
      record->human_records.push_back(std::move(published));
      break;
    case FindingKind::kCase:
      record->cases.push_back(std::move(published));
      break;
    case FindingKind::kDataFault:
      record->data_faults.push_back(std::move(published));
      break;
    case FindingKind::kSourceStatus:
      AddSourceStatus(std::move(published), record);
      break;
    case FindingKind::kCoverage:
      if (!published.finding.coverage) break;
      record->coverage_published.push_back(published);
      record->coverage[{published.finding.coverage->zone, published.finding.coverage->start}] =
          std::move(published);
      break;
    // Of an event or of the mission itself; they stand in the ledger and in the lines of events.
    case FindingKind::kChallenge:
    case FindingKind::kRelease:
    case FindingKind::kKeySet:
    case FindingKind::kCustody:
    case FindingKind::kHeartbeat:
    case FindingKind::kMissionHeader:
    case FindingKind::kUnspecified:
      break;
  }
}

std::string StateName(EventState state) {
  switch (state) {
    case EventState::kCandidate:
      return "CANDIDATE";
    case EventState::kCorroborated:
      return "CORROBORATED";
    case EventState::kVerified:
      return "VERIFIED";
    case EventState::kConfirmed:
      return "CONFIRMED";
    case EventState::kNotConfirmed:
      return "NOT_CONFIRMED";
    case EventState::kInconclusive:
      return "INCONCLUSIVE";
    case EventState::kClosed:
      return "CLOSED";
    case EventState::kReopened:
      return "REOPENED";
    case EventState::kUnspecified:
      break;
  }
  return "UNSPECIFIED";
}

std::string ChallengeStateName(ChallengeState state) {
  switch (state) {
    case ChallengeState::kFiled:
      return "FILED";
    case ChallengeState::kAnswered:
      return "ANSWERED";
    case ChallengeState::kUpheld:
      return "UPHELD";
    case ChallengeState::kRejected:
      return "REJECTED";
    case ChallengeState::kInconclusive:
      return "INCONCLUSIVE";
    case ChallengeState::kEscalated:
      return "ESCALATED";
    case ChallengeState::kUnspecified:
      break;
  }
  return "UNSPECIFIED";
}

MissionRecord RecordOf(const v1::config::MissionConfig& config, v1::config::Agreement agreement) {
  MissionRecord record;
  record.mission = config.name();
  record.exercise = config.status() == v1::config::EXERCISE;
  record.origin = Geodetic::FromDegrees(config.origin_lat_deg(), config.origin_lon_deg(),
                                        config.origin_height_hae_m());
  record.agreement = std::move(agreement);
  for (const auto& source : config.source()) {
    record.sources[source.id()].kind = KindOf(source.format());
  }
  return record;
}

Result<std::vector<std::pair<std::string, v1::config::Agreement>>> ParseVersionsOf(
    const v1::MissionHeader& header) {
  std::vector<std::pair<std::string, v1::config::Agreement>> out;
  const auto add = [&](const std::string& text) -> Result<void> {
    out.emplace_back();
    out.back().first = HexEncode(Sha256(text));
    return ParseTextConfig(text, "agreement", &out.back().second);
  };
  if (header.agreement_text().empty()) return out;
  TW_RETURN_IF_ERROR(add(header.agreement_text()));
  for (const std::string& text : header.later_agreement_text()) TW_RETURN_IF_ERROR(add(text));
  return out;
}

Result<MissionRecord> GatherMissionRecord(const MissionFile& mission, MissionLogs logs) {
  TW_ASSIGN_OR_RETURN(const std::vector<AgreementFile> files, ReadAgreementFiles(mission));
  MissionRecord record = RecordOf(mission.config, {});
  for (const AgreementFile& file : files) {
    record.versions.emplace_back();
    record.versions.back().first = HexEncode(Sha256(file.text));
    TW_RETURN_IF_ERROR(ParseTextConfig(file.text, file.name, &record.versions.back().second));
  }
  if (!files.empty()) record.agreement = record.versions.front().second;
  record.start = record.end = mission.start();
  TW_RETURN_IF_ERROR(GatherLooks(logs.detect, &record));
  TW_RETURN_IF_ERROR(GatherTracks(logs.fusion, &record));
  TW_RETURN_IF_ERROR(GatherFindings(logs.published, &record));
  return record;
}

std::string SideOf(const v1::config::Zone& zone) {
  switch (zone.side()) {
    case v1::config::Party::A:
      return "A";
    case v1::config::Party::B:
      return "B";
    default:
      return "NEITHER";
  }
}

std::string SideWords(const MissionRecord& record, const std::string& side) {
  if (side != "A" && side != "B") return "neither side";
  for (const auto& party : record.agreement.party()) {
    const bool is_it = party.side() == (side == "A" ? v1::config::Party::A : v1::config::Party::B);
    if (is_it && !party.name().empty()) return fmt::format("side {} ({})", side, party.name());
  }
  return "side " + side;
}

namespace {

const v1::config::Agreement& VersionUnder(const MissionRecord& record,
                                          const std::string& agreement_hash) {
  for (const auto& [hash, version] : record.versions) {
    if (hash == agreement_hash) return version;
  }
  return record.agreement;
}

}  // namespace

const v1::config::Zone* FindZone(const MissionRecord& record, const std::string& id,
                                 const std::string& agreement_hash) {
  for (const auto& zone : VersionUnder(record, agreement_hash).zone()) {
    if (zone.id() == id) return &zone;
  }
  return nullptr;
}

const v1::config::Rule* FindRule(const MissionRecord& record, const std::string& id,
                                 const std::string& agreement_hash) {
  for (const auto& rule : VersionUnder(record, agreement_hash).rule()) {
    if (rule.id() == id) return &rule;
  }
  return nullptr;
}

std::string ZoneName(const MissionRecord& record, const std::string& id,
                     const std::string& agreement_hash) {
  const v1::config::Zone* zone = FindZone(record, id, agreement_hash);
  return zone == nullptr || zone->name().empty() ? id : zone->name();
}

}  // namespace trucewatch::tools
