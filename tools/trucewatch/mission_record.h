// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/bus/log.h"
#include "core/config/mission_config.h"
#include "core/types/finding.h"
#include "core/types/track.h"
#include "trucewatch/v1/config/agreement.pb.h"

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

// What one source brought.
struct SourceRecord {
  std::string kind;
  std::uint64_t looks = 0;
  std::uint64_t detections = 0;
  std::uint64_t faults = 0;
};

struct TrackPoint {
  Instant time;
  Geodetic position;
};

// One fused track over the mission.
struct TrackRecord {
  std::vector<TrackPoint> points;
  std::map<std::string, int> updates;  // by source
};

// Everything a mission page, a GeoJSON file or a score needs, gathered from the logs of a finished
// run.
struct MissionRecord {
  std::string mission;
  bool exercise = false;
  Geodetic origin;
  Instant start, end;
  v1::config::Agreement agreement;
  std::vector<Published> published;  // all findings, in ledger order
  std::vector<EventRecord> events;   // by first transition
  std::vector<EventRecord> notified;
  std::map<std::uint64_t, TrackRecord> tracks;  // by track id
  std::vector<LookRecord> looks;                // thinned to one each few seconds and source
  std::map<std::string, SourceRecord> sources;  // by id
};

// Logs of a run: detect's (observation sets, dwells), fusion's (pictures) and evidence's published
// findings.
struct MissionLogs {
  LogReader& detect;
  LogReader& fusion;
  LogReader& published;
};

Result<MissionRecord> GatherMissionRecord(const MissionFile& mission, MissionLogs logs);

// "confirmed by both" style words of a state for people: "VERIFIED", "CORROBORATED", "CANDIDATE".
std::string StateName(EventState state);

}  // namespace trucewatch::tools
