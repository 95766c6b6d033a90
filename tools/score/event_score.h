// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "core/time/instant.h"
#include "trucewatch/v1/config/score.pb.h"

namespace trucewatch::tools {

// One true place of one object, from truth.csv.
struct TruePlace {
  Instant time;
  std::string group;  // empty: belongs to none
  Geodetic position;
};

struct EventTruth {
  v1::config::Truth truth;
  std::vector<TruePlace> places;
};

// One expectation and what the run said about it.
struct Expected {
  std::string sentence;
  bool met = false;
  std::string found;
};

struct EventScore {
  std::vector<Expected> expectations;
  int events = 0;        // distinct event ids
  int matched = 0;       // of them, those an expectation asks for
  int unexpected = 0;    // events, movements on record and cases that nothing asks for
  int missed = 0;        // VERIFIED expectations without their one event
  double precision = 1;  // of VERIFIED events
  double recall = 1;     // of VERIFIED expectations
  // From the first vehicle inside the zone to the event being VERIFIED, event time; mean over those
  // matched.
  double mean_delay_s = 0;
  double mean_count_error = 0;  // true count outside of [count_min, count_max], vehicles
  bool all_met = true;
};

// Reads truth.json and truth.csv of a recording.
Result<EventTruth> LoadEventTruth(const std::string& recording);
// Reads event lines (events.jsonl); errors name the line.
Result<std::vector<v1::config::EventLine>> ParseEventLines(const std::string& text,
                                                           const std::string& file_name);

// Reads coverage lines (coverage.jsonl); errors name the line.
Result<std::vector<v1::config::CoverageLine>> ParseCoverageLines(const std::string& text,
                                                                 const std::string& file_name);

// An event belongs to the group whose vehicles are nearest to it at its last time, within kMatchM
// of their centroid. To be met:
//   VERIFIED       exactly one event of that rule, zone and group, and it reached VERIFIED
//   CANDIDATE      exactly one, it never became more, and its count interval is within the
//                  tolerance of the true count
//   NOTIFIED       exactly one NOTIFIED line with that id, and no event of that group
//   PERMITTED      at least one PERMITTED line of that corridor, and no event of that group
//   NOT_OBSERVED   that share of the zone's cells (moving vehicles), over all periods
//   COVERAGE_LOST  cells lost to that source in a period of the outage, none in the one before it
//   CASE           exactly one case on that record
//   NONE           no event of that group
// Whatever no expectation asks for is unexpected, and unexpected things make the last one not met.
inline constexpr double kMatchM = 500.0;
EventScore ScoreEvents(const EventTruth& truth, const std::vector<v1::config::EventLine>& lines,
                       const std::vector<v1::config::CoverageLine>& coverage = {});

}  // namespace trucewatch::tools
