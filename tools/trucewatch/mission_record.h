// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/bus/log.h"
#include "core/config/mission_config.h"
#include "core/types/finding.h"
#include "core/types/track.h"
#include "trucewatch/v1/config/agreement.pb.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch::tools {

// A finding as it was published.
struct Published {
  Finding finding;
  std::uint64_t ledger_index = 0;
  std::uint64_t checkpoint_size = 0;
};

// All transitions of one event, or the one statement of a notified movement; oldest first.
struct EventRecord {
  std::vector<Published> transitions;
  const Finding& latest() const { return transitions.back().finding; }
};

// Where one source looked at one time.
struct LookRecord {
  Instant time;
  SourceId source;
  std::vector<Geodetic> footprint;
};

// A statement about a source: it started, fell silent, came back or ended.
struct SourceEvent {
  SourceState state = SourceState::kUnspecified;
  Published published;
};

// From falling silent to coming back; or to the end of the record.
struct SourceGap {
  Published late;
  std::optional<Published> resumed;
};

// What one source brought.
struct SourceRecord {
  std::string kind;
  std::uint64_t looks = 0;
  std::uint64_t detections = 0;
  std::uint64_t faults = 0;
  std::vector<SourceEvent> history;  // in ledger order
  std::vector<SourceGap> Gaps() const;
};

struct RecordedPoint {
  Instant time;
  Geodetic position;
};

// One fused track over the mission.
struct TrackRecord {
  std::vector<RecordedPoint> points;
  std::map<std::string, int> updates;  // by source
};

// A group that is seen as a whole (people, vehicles standing together) at one time.
struct RecordedGroup {
  Instant time;
  Geodetic position;
  int count_min = 0;
  int count_max = 0;
  double extent_m = 0;
};
struct GroupRecord {
  ObjectClass object_class = ObjectClass::kUnspecified;
  std::vector<RecordedGroup> points;
};

// Zone and start of the period.
using CoverageKey = std::pair<std::string, Instant>;

// Everything a mission page, a report, an export or a score needs, gathered from the logs of a run
// or from its ledger.
struct MissionRecord {
  std::string mission;
  bool exercise = false;
  Geodetic origin;
  Instant start, end;
  v1::config::Agreement agreement;  // the newest version that a finding is under
  // All its versions in order, by the SHA-256 of their bytes; none where only one was given.
  std::vector<std::pair<std::string, v1::config::Agreement>> versions;
  std::vector<Published> published;  // all findings, in ledger order
  std::vector<EventRecord> events;   // by first transition
  std::vector<EventRecord> notified;
  std::vector<EventRecord> permitted;    // movements in permitted corridors
  std::vector<Published> human_records;  // observations and impediments
  std::vector<Published> cases;          // opened by allegations
  std::vector<Published> data_faults;
  std::map<CoverageKey, Published> coverage;  // accounts in force: the newest of a zone and period
  std::vector<Published> coverage_published;  // all of them, the replaced ones too
  std::map<std::uint64_t, TrackRecord> tracks;  // by track id
  std::vector<LookRecord> looks;                // thinned to one each few seconds and source
  std::map<std::string, SourceRecord> sources;  // by id
  std::map<std::uint64_t, GroupRecord> groups;  // by group id; none of moving vehicles
};

// An empty record of a mission: its name, places, sides and sources.
MissionRecord RecordOf(const v1::config::MissionConfig& config, v1::config::Agreement agreement);
// Versions of the agreement as the mission header has them, the first first.
Result<std::vector<std::pair<std::string, v1::config::Agreement>>> ParseVersionsOf(
    const v1::MissionHeader& header);
// Files one finding. To be called in the order of the ledger.
void AddFinding(Published published, MissionRecord* record);

// Logs of a run: detect's (observation sets, dwells), fusion's (pictures) and evidence's published
// findings.
struct MissionLogs {
  LogReader& detect;
  LogReader& fusion;
  LogReader& published;
};

Result<MissionRecord> GatherMissionRecord(const MissionFile& mission, MissionLogs logs);
// Its findings, from the log of what was published; its parts that are no findings: looks and
// refused input, tracks and groups.
Result<void> GatherFindings(LogReader& published, MissionRecord* record);
Result<void> GatherLooks(LogReader& detect, MissionRecord* record);
Result<void> GatherTracks(LogReader& fusion, MissionRecord* record);

// "A", "B" or "NEITHER", as coverage accounts say it.
std::string SideOf(const v1::config::Zone& zone);
// For people: "side A (North)", "side B (South)", "neither side".
std::string SideWords(const MissionRecord& record, const std::string& side);
// In the version of the agreement that has this hash, as a finding states it; else in the newest.
const v1::config::Zone* FindZone(const MissionRecord& record, const std::string& id,
                                 const std::string& agreement_hash = {});
const v1::config::Rule* FindRule(const MissionRecord& record, const std::string& id,
                                 const std::string& agreement_hash = {});
// A zone's name; its id when the agreement has no such zone.
std::string ZoneName(const MissionRecord& record, const std::string& id,
                     const std::string& agreement_hash = {});

// "confirmed by both" style words of a state for people: "VERIFIED", "CORROBORATED", "CANDIDATE".
std::string StateName(EventState state);
std::string ChallengeStateName(ChallengeState state);

}  // namespace trucewatch::tools
