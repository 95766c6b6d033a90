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

// What the text calls a class of weapons, and what of it can be told from above.
struct WeaponClass {
  std::string id;
  std::string name;
  std::vector<ObjectClass> classes;  // none: only people on the spot can tell
};

// A line of contact, of separation or of withdrawal. `shape` is positive behind it: where its side
// belongs; of a line that binds both (kNeither), where side A belongs.
struct Line {
  std::string id;
  std::string name;
  Side side = Side::kNeither;
  LineShape shape;
  std::vector<std::size_t> weapon_classes;  // indices into Agreement::weapon_classes
  std::vector<ObjectClass> classes;         // what of them can be told; kUnknownVehicle: any
  std::vector<std::string> phases;          // none: every phase
};

struct Stock {
  std::size_t weapon_class = 0;
  int count = 0;
};

struct StorageSite {
  std::size_t zone = 0;  // index into Agreement::zones
  std::string clause;
  std::vector<Stock> inventory;
};

// How many of these classes together may be in the zone at a time.
struct Ceiling {
  std::string id;
  std::string clause;
  std::size_t zone = 0;
  std::vector<std::size_t> weapon_classes;
  std::vector<ObjectClass> classes;  // what of them can be told; kUnknownVehicle: any
  int max_count = 0;
  std::vector<std::string> phases;  // none: every phase
};

// From the deadline on these classes of a side stand at least distance_m behind the line.
struct Withdrawal {
  std::string id;
  std::string clause;
  Side side = Side::kA;
  std::vector<std::size_t> weapon_classes;
  std::vector<ObjectClass> classes;
  std::size_t line = 0;  // index into Agreement::lines
  double distance_m = 0.0;
  Instant start;
  Instant deadline;
};

enum class Audience { kOfficers, kParties, kPublic };

struct Release {
  Audience audience = Audience::kOfficers;
  std::string clause;
  Duration delay;
  double grid_m = 0.0;
  bool automatic = false;
};

struct Amendment {
  int version = 1;
  Instant valid_from;         // Instant() of the first version
  std::string replaces_hash;  // hex SHA-256; empty of the first version
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

enum class RuleKind {
  kGroupInZone,
  kVehicleInZone,
  kConcentration,
  kSiteChanged,
  kNotNotified,
  kLineCrossed,
  kConvoyTowards,
  kCeiling,
  kBuildUp,
  kWithdrawalMissing
};

// Across a line: away from behind it, or to behind it.
enum class Direction { kEitherWay, kForward, kBackward };

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
  std::size_t line = 0;             // kLineCrossed, kConvoyTowards: index into Agreement::lines
  Direction direction = Direction::kEitherWay;
  Duration within;             // kConvoyTowards
  std::size_t ceiling = 0;     // kCeiling: index; zone, classes and min_count are its
  int days = 0;                // kBuildUp
  std::size_t withdrawal = 0;  // kWithdrawalMissing: index; the classes are its
  bool arrival = false;        // ... at the storage site in the zone
  int good_looks = 1;          // kSiteChanged
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
  std::vector<WeaponClass> weapon_classes;
  std::vector<Line> lines;
  std::vector<StorageSite> storage_sites;
  std::vector<Ceiling> ceilings;
  std::vector<Withdrawal> withdrawals;
  std::vector<Release> releases;         // at most one for each audience
  std::optional<double> coverage_floor;  // absent: absence is never claimed
  Amendment amendment;
  ClassProbabilities class_shares;  // of the area's vehicles; empty: all kinds alike
  std::string hash;                 // hex SHA-256 of the file's exact bytes
};

// Reads an agreement file's text. All faults are named in the error, one a line, each
// "file:line:column: field: what is wrong and what was expected".
Result<Agreement> ParseAgreement(const std::string& text, const std::string& file_name);

// The phase that holds at an instant, or nothing outside all phases.
const Phase* PhaseAt(const Agreement& agreement, Instant time);
// Whether a rule applies at an instant: some phase holds, and the rule's and its zone's lists admit
// it.
bool RuleApplies(const Agreement& agreement, const Rule& rule, Instant time);

// How many vehicles the storage site in an arrival rule's zone lists, of the classes of its
// withdrawal that can be told from above.
int InventoryOf(const Agreement& agreement, const Rule& rule);

// Whether a line holds at an instant.
bool LineApplies(const Agreement& agreement, const Line& line, Instant time);

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
