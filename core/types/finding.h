// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/types/track.h"

namespace trucewatch {

// States of an event: the first three by software (DESIGN.md rule 5), the others by people alone.
enum class EventState {
  kUnspecified = 0,
  kCandidate = 1,
  kCorroborated = 2,
  kVerified = 3,
  kConfirmed = 4,
  kNotConfirmed = 5,
  kInconclusive = 6,
  kClosed = 7,
  kReopened = 8,
};

// Of a party's challenge on an event.
enum class ChallengeState {
  kUnspecified = 0,
  kFiled = 1,
  kAnswered = 2,
  kUpheld = 3,
  kRejected = 4,
  kInconclusive = 5,
  kEscalated = 6,
};

enum class FindingKind {
  kUnspecified = 0,
  kEventTransition = 1,  // an event was opened or changed its state
  kNotifiedMovement =
      2,  // a movement both sides were told of was seen inside its window: on record, no event
  kHeartbeat = 3,  // fixed cadence: what the mission knew at this time, also when nothing happened
  kMissionHeader = 4,      // config, hashes and build: the first finding of every ledger
  kDataFault = 5,          // input refused, with its reason
  kSourceStatus = 6,       // a source started, fell silent, came back or ended
  kPermittedMovement = 7,  // a movement in a permitted corridor: on record, no event
  kHumanRecord = 8,        // an observation or impediment reported by an officer
  kCase = 9,               // an allegation opened a case
  kCoverage = 10,          // where and how well one zone was observed during one period
  kChallenge = 11,         // a party's challenge on an event was filed or changed its state
  kRelease = 12,           // an officer let an event out to an audience
  kKeySet = 13,            // who may sign what: at the start, and whenever it changed
  kCustody = 14,           // a medium, bundle or archive was handed over
};

enum class CoverageClass { kUnspecified = 0, kMovingVehicle = 1, kStandingVehicle = 2, kGroup = 3 };
enum class CoverageState {
  kUnspecified = 0,
  kObservedNothing = 1,
  kObservedActivity = 2,
  kDegraded = 3,
  kNotObserved = 4
};

// Cells of one zone that were in one state for one reason.
struct CoverageShare {
  CoverageState state = CoverageState::kUnspecified;
  std::string reason;  // of kDegraded and kNotObserved
  int cells = 0;
};

struct ClassCoverage {
  CoverageClass coverage_class = CoverageClass::kUnspecified;
  std::vector<CoverageShare> shares;  // cells add up to CoverageAccount::cells exactly
};

// One zone during one period (docs/rules.md).
struct CoverageAccount {
  std::string zone;
  std::string side;  // "A", "B", "NEITHER"
  Instant start, end;
  int cells = 0;
  double cell_m = 0;
  double area_km2 = 0;
  std::vector<ClassCoverage> classes;
  bool amended = false;  // replaces the account of the same zone and period: late looks came in
};

// What supports a finding: one source's share of it.
struct Support {
  SourceId source;
  Lineage lineage;
  int updates = 0;
  Instant first;
  Instant last;
  std::vector<Digest> raw_digests;
};

// One statement of the verification stage. Becomes one leaf of the ledger.
struct Finding {
  FindingKind kind = FindingKind::kUnspecified;
  Instant time;          // event time of the picture it was decided on
  std::string event_id;  // hex; from content: agreement hash, rule, zone, first time, group
                         // (kEventTransition)
  bool exercise = false;
  EventState state = EventState::kUnspecified;
  std::string rule;          // id of the rule in the agreement
  std::string zone;          // id of the zone
  std::string notification;  // id of the notified movement (kNotifiedMovement)
  ObjectClass object_class = ObjectClass::kUnspecified;
  int count_min = 0;
  int count_max = 0;
  Instant time_first;  // first and last event time of what was seen
  Instant time_last;
  double probability = 0;                            // that what the rule describes is so
  Geodetic position;                                 // of the group when last seen
  Eigen::Vector3d cov_m2 = Eigen::Vector3d::Zero();  // [ee, en, nn]
  Eigen::Vector2d velocity_en_mps = Eigen::Vector2d::Zero();
  std::vector<TrackId> members;
  std::vector<Support> supports;
  std::string reason;          // one sentence a person can read
  std::string agreement_hash;  // hex SHA-256 of the agreement file's bytes
  bool amended = false;        // an event's state was raised by data that came after the hold
  std::string case_id;         // kCase
  std::string record_id;       // of the human record it is about
  std::optional<HumanRecord> human_record;  // the record it rests on, as it was signed
  std::optional<CoverageAccount> coverage;  // kCoverage
  std::string challenge_id;                 // kChallenge
  ChallengeState challenge_state = ChallengeState::kUnspecified;
  std::string audience;  // kRelease: "parties", "public"
};

}  // namespace trucewatch
