// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"
#include "core/types/observation.h"
#include "verify/agreement/shape.h"

namespace trucewatch {

// The agreement as verify works with it; meanings stand in
// proto/trucewatch/v1/config/agreement.proto. Made by ParseAgreement only, so that every id
// resolves and every number is in its range.

enum class Side { kA, kB, kNeither };

struct Phase {
  std::string id;
  Instant start;  // included
  Instant end;    // excluded
};

struct Zone {
  std::string id;
  std::string name;
  Side side = Side::kNeither;
  PolygonShape shape;
  std::vector<std::string> phases;  // none: every phase
  bool account_only = false;        // no rule speaks of it
};

struct NotifiedMovement {
  std::string id;
  std::string reference;
  Side side = Side::kNeither;
  Instant window_start;  // included
  Instant window_end;    // excluded
  CorridorShape corridor;
  int min_count = 0;
  int max_count = 0;
  std::vector<ObjectClass> classes;  // kUnknownVehicle: any vehicle
  std::optional<Angle> heading_tolerance;
};

// Where movement is allowed at any time of its phases.
struct PermittedCorridor {
  std::string id;
  std::string clause;
  CorridorShape corridor;
  int max_count = 0;                 // larger groups are not covered; 0: any number
  std::vector<ObjectClass> classes;  // kUnknownVehicle: any vehicle
  std::vector<std::string> phases;   // none: every phase
};

enum class RuleKind { kGroupInZone, kVehicleInZone, kConcentration, kSiteChanged };

struct Threshold {
  double min_probability = 1.0;
  Duration min_duration;
};

struct Rule {
  std::string id;
  std::string clause;
  RuleKind kind = RuleKind::kGroupInZone;
  std::size_t zone = 0;              // index into Agreement::zones
  std::vector<ObjectClass> classes;  // kUnknownVehicle: any vehicle
  int min_count = 0;
  Threshold candidate;
  Threshold verified;
  std::vector<std::string> phases;  // none: every phase
  double radius_m = 0.0;            // kConcentration
};

enum class Ancestor { kSensor, kPlatform, kStation, kClock, kGeoreference, kModel, kDerivedFrom };

struct CorroborationTerms {
  std::vector<Ancestor> breaking;  // ascending
  int min_updates = 0;
  Duration recent;
  double member_share_ratio = 0.0;
  double human_radius_m = 0.0;  // 0: patrols' observations support nothing
  Duration human_recent;
};

struct EventIdentity {
  double distance_m = 0.0;
  double velocity_mps = 0.0;
  double acceleration_mps2 = 0.0;
  Duration reopen;
};

struct NotificationTerms {
  double min_probability = 1.0;
  Duration recognise;
  Duration leave;
};

struct Agreement {
  std::string title;
  std::string edition;
  std::string side_a_name;
  std::string side_b_name;
  std::vector<Phase> phases;  // in order of time
  std::vector<Zone> zones;
  std::vector<NotifiedMovement> notified;
  std::vector<Rule> rules;
  CorroborationTerms corroboration;
  EventIdentity identity;
  NotificationTerms notification;
  std::vector<PermittedCorridor> permitted;
  int min_group_size = 2;
  double map_sigma_m = 0.0;
  std::string hash;  // hex SHA-256 of the file's exact bytes
};

// Reads an agreement file's text. All faults are named in the error, one a line, each
// "file:line:column: field: what is wrong and what was expected".
Result<Agreement> ParseAgreement(const std::string& text, const std::string& file_name);

// The phase that holds at an instant, or nothing outside all phases.
const Phase* PhaseAt(const Agreement& agreement, Instant time);
// Whether a rule applies at an instant: some phase holds, and the rule's and its zone's lists admit
// it.
bool RuleApplies(const Agreement& agreement, const Rule& rule, Instant time);

// Whether a corridor is open at an instant.
bool CorridorApplies(const Agreement& agreement, const PermittedCorridor& corridor, Instant time);

// Whether a rule speaks of people; then it speaks of nothing else.
bool SpeaksOfPeople(const Rule& rule);

// How much of a belief over classes lies in a list (kUnknownVehicle in it: any vehicle). Absent
// belief: unknown.
double ShareOfClasses(const ClassProbabilities& belief, const std::vector<ObjectClass>& classes);

// "any vehicle", "light vehicle", "truck", "tracked vehicle"
std::string_view ClassName(ObjectClass object_class);

}  // namespace trucewatch
