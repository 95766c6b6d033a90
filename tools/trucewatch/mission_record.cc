// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/mission_record.h"

#include <algorithm>
#include <functional>

#include "core/types/codec.h"

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
  void Add(const Look& look, std::size_t detections, const char* kind) {
    SourceRecord& source = record_->sources[look.source.value];
    source.kind = kind;
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

Result<void> GatherLooks(LogReader& log, MissionRecord* record) {
  LookGatherer gatherer(record);
  return ForEachEnvelope(log, [&](const v1::Envelope& envelope) -> Result<void> {
    if (envelope.has_observation_set()) {
      TW_ASSIGN_OR_RETURN(const ObservationSet set, FromProto(envelope.observation_set()));
      gatherer.Add(set, set.detections.size(), "video");
    } else if (envelope.has_radar_dwell()) {
      TW_ASSIGN_OR_RETURN(const RadarDwell dwell, FromProto(envelope.radar_dwell()));
      gatherer.Add(dwell, dwell.plots.size(), "ground-moving-target radar");
    } else if (envelope.has_data_fault()) {
      ++record->sources[envelope.data_fault().source_id()].faults;
    }
    return {};
  });
}

Result<void> GatherTracks(LogReader& log, MissionRecord* record) {
  return ForEachEnvelope(log, [&](const v1::Envelope& envelope) -> Result<void> {
    if (!envelope.has_picture()) return {};
    TW_ASSIGN_OR_RETURN(const Picture picture, FromProto(envelope.picture()));
    record->end = std::max(record->end, picture.time);
    for (const Track& track : picture.tracks) {
      TrackRecord& kept = record->tracks[track.id.value];
      kept.points.push_back({picture.time, track.position});
      for (const TrackSupport& support : track.supports) {
        kept.updates[support.source.value] = support.updates;
      }
    }
    return {};
  });
}

Result<void> GatherFindings(LogReader& log, MissionRecord* record) {
  std::map<std::string, std::size_t> event_at;
  return ForEachEnvelope(log, [&](const v1::Envelope& envelope) -> Result<void> {
    if (!envelope.has_published()) return {};
    TW_ASSIGN_OR_RETURN(Finding finding, FromProto(envelope.published().finding()));
    Published published{std::move(finding), envelope.published().ledger_index(),
                        envelope.published().checkpoint_size()};
    record->published.push_back(published);
    record->end = std::max(record->end, published.finding.time);
    if (published.finding.kind == FindingKind::kNotifiedMovement) {
      record->notified.push_back({{std::move(published)}});
    } else if (published.finding.kind == FindingKind::kEventTransition) {
      const auto [at, added] =
          event_at.try_emplace(published.finding.event_id, record->events.size());
      if (added) record->events.emplace_back();
      record->events[at->second].transitions.push_back(std::move(published));
    }
    return {};
  });
}

}  // namespace

std::string StateName(EventState state) {
  switch (state) {
    case EventState::kCandidate:
      return "CANDIDATE";
    case EventState::kCorroborated:
      return "CORROBORATED";
    case EventState::kVerified:
      return "VERIFIED";
    case EventState::kUnspecified:
      break;
  }
  return "UNSPECIFIED";
}

Result<MissionRecord> GatherMissionRecord(const MissionFile& mission, MissionLogs logs) {
  MissionRecord record;
  record.mission = mission.config.name();
  record.exercise = mission.config.status() == v1::config::EXERCISE;
  record.origin = mission.origin();
  record.start = record.end = mission.start();
  if (!mission.config.verify().agreement_file().empty()) {
    const std::string path = mission.Resolve(mission.config.verify().agreement_file());
    TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
    TW_RETURN_IF_ERROR(ParseTextConfig(text, path, &record.agreement));
  }
  for (const auto& source : mission.config.source()) record.sources[source.id()];
  TW_RETURN_IF_ERROR(GatherLooks(logs.detect, &record));
  TW_RETURN_IF_ERROR(GatherTracks(logs.fusion, &record));
  TW_RETURN_IF_ERROR(GatherFindings(logs.published, &record));
  return record;
}

}  // namespace trucewatch::tools
