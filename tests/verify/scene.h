// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/types/finding.h"
#include "core/types/track.h"
#include "verify/rule_engine.h"

namespace trucewatch::testing {

inline constexpr auto kCandidate = EventState::kCandidate;
inline constexpr auto kCorroborated = EventState::kCorroborated;
inline constexpr auto kVerified = EventState::kVerified;

// A source that feeds tracks, with the lineage the demo mission gives it.
struct Eye {
  SourceId source;
  Lineage lineage;
};
Eye Drone();        // video
Eye SecondDrone();  // video of another platform
Eye Thermal();      // infrared video of a third platform, another network
Eye Radar();
Eye Satellite();
Eye Patrol();

// The demo's agreement (tests/verify/data/agreement.txtpb), optionally with one piece of its text
// replaced.
Agreement DemoAgreement(const std::string& from = "", const std::string& to = "");
std::string DemoAgreementText();

// The demo's agreement with one rule of every kind and a permitted corridor beside its own rule:
// - "line": no tracked vehicle in "south" (south of north = -2000);
// - "people", "parked": 20 people within 40 m, 5 vehicles within 120 m, in "south";
// - "site": any vehicle that comes to or leaves "store" (200 m round east 3000, north -2600);
// - corridor "aid": along east = -3000 through the buffer zone and "south", 300 m wide.
// Patrols support within 300 m and 600 s.
std::string WholeAgreementText();
Agreement WholeAgreement(const std::string& from = "", const std::string& to = "");

// 2026-03-01T12:00:00Z plus seconds.
Instant At(double seconds);
// A place in the demo's frame, metres east and north of (30, -40).
Geodetic Place(double east_m, double north_m);

// Vehicles one behind the other along their velocity. `head` is the first one's place at `start_s`.
struct Convoy {
  std::uint64_t group = 1;
  std::uint64_t first_track = 1;
  int count = 8;
  Eigen::Vector2d head_en_m = Eigen::Vector2d::Zero();
  Eigen::Vector2d velocity_en_mps = Eigen::Vector2d::Zero();
  double start_s = 0.0;
  double spacing_m = 40.0;
  double sigma_m = 15.0;
  double existence = 0.98;
  std::vector<Eye> eyes = {};
  ClassProbabilities classes = {};
};

// A picture being put together.
class PictureBuilder {
 public:
  explicit PictureBuilder(double time_s);

  // Tracks of the convoy's vehicles first .. last-1, and a group of them unless they are fewer
  // than 3.
  PictureBuilder& Add(const Convoy& convoy, int first = 0, int last = 1 << 20);
  // One vehicle alone.
  PictureBuilder& AddAlone(std::uint64_t track, const Eigen::Vector2d& place_en_m,
                           const Eigen::Vector2d& velocity_en_mps, const std::vector<Eye>& eyes);
  // Tracks only; group them with AddGroup.
  PictureBuilder& AddTracks(const Convoy& convoy, int first, int last);
  PictureBuilder& AddGroup(std::uint64_t group, const std::vector<std::uint64_t>& members);
  // People, or vehicles that stand together, seen as a whole.
  PictureBuilder& AddWhole(std::uint64_t group, const Eigen::Vector2d& place_en_m,
                           ObjectClass object_class, double count, int count_min, int count_max,
                           const std::vector<Eye>& eyes, double extent_m = 15.0);
  PictureBuilder& Exercise();

  Picture Build() const;

 private:
  double time_s_;
  Picture picture_;
};

// A patrol saw this many vehicles at a place during the minute before `time_s`.
HumanRecord Observation(const std::string& id, double time_s, const Eigen::Vector2d& place_en_m,
                        int count = 8, ObjectClass object_class = ObjectClass::kUnknownVehicle);

// Two satellite passes, with this much that changed.
SettledLook Pass(double baseline_s, double time_s, const std::vector<SiteChange>& changes);
SiteChange Change(ChangeKind kind, const Eigen::Vector2d& place_en_m, double probability);

// Feeds pictures and keeps what comes out.
class Runner {
 public:
  explicit Runner(Agreement agreement) : engine(std::move(agreement), Duration::Seconds(30)) {}
  void Feed(const Picture& picture);
  void Look(const SettledLook& look);
  void Late(const LateLook& look);
  void Record(const HumanRecord& record);

  std::vector<Finding> Of(FindingKind kind) const;
  // States of the event transitions, in order.
  std::vector<EventState> States() const;
  // Different event ids.
  std::size_t Events() const;

  RuleEngine engine;
  std::vector<Finding> findings;
};

}  // namespace trucewatch::testing
