// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "core/geo/geodetic.h"
#include "core/time/instant.h"
#include "core/types/observation.h"

// Thirty days of a truce at observation level: what really moved (this file), who looked and what
// fusion made of it (observers.h, scene_fusion.h), and how well verify told of it (grade.h). No
// pixels: rates.h says how things are missed, misplaced and misread, and which of it was measured.
namespace trucewatch::tools::month {

// The plain: metres east and north of (30, -40), as in configs/demo/GEOMETRY.md. The buffer zone is
// |north| < 1000 over 40 km; north of it is side A's area, south of it side B's.
inline constexpr double kDayS = 86'400.0;
inline constexpr double kHalfWidthM = 20'000.0;
inline constexpr double kBufferM = 1'000.0;
inline constexpr double kWithdrawalM = 6'000.0;  // heavy weapons are kept farther away than this
inline constexpr double kEdgeM = 9'000.0;  // what lies farther north or south is not looked at
inline constexpr double kRoadsM[] = {-15'000, -9'000, -3'000,
                                     3'000,   9'000,  15'000};  // east of the six roads
inline constexpr double kAidRoadM = -3'000.0;
inline constexpr double kNotifiedRoadM = 9'000.0;

Instant MissionStart();  // 2026-03-01T00:00:00Z
Instant At(double seconds);
Geodetic Place(const Eigen::Vector2d& en_m);

enum class Purpose { kCivil, kConvoy, kBesideTheLine, kNotified, kAid, kHeavy, kGathering };

struct Waypoint {
  double time_s = 0;
  Eigen::Vector2d en_m = Eigen::Vector2d::Zero();
};

// Vehicles one behind the other along a path, or people standing in one place.
struct Movement {
  int id = 0;
  Purpose purpose = Purpose::kCivil;
  int count = 1;
  double spacing_m = 45;
  std::vector<ObjectClass> classes;  // one a vehicle; of people one entry
  std::vector<Waypoint> path;        // in order of time; at least two
  std::string notified;              // id of the notification that it keeps to

  double start_s() const { return path.front().time_s; }
  double end_s() const { return path.back().time_s; }
  bool people() const { return purpose == Purpose::kGathering; }
  double radius_m() const;  // of people: nine in ten stand within
};

struct State {
  Eigen::Vector2d en_m = Eigen::Vector2d::Zero();
  Eigen::Vector2d velocity_mps = Eigen::Vector2d::Zero();
};
// Of vehicle number k (from 0). Before and after the path it stands at its ends.
State StateOf(const Movement& movement, int k, double time_s);

// Of the vehicles on the plain; the agreement says them too.
inline const ClassProbabilities kUsualShares = {{ObjectClass::kLightVehicle, 0.66},
                                                {ObjectClass::kTruck, 0.32},
                                                {ObjectClass::kTrackedVehicle, 0.02}};

// Vehicles that left a storage site or came to it during a night.
struct SiteMove {
  int site = 0;
  double time_s = 0;
  int left = 0;
  int came = 0;
};

struct Site {
  std::string id;
  Eigen::Vector2d en_m = Eigen::Vector2d::Zero();
};
const std::vector<Site>& Sites();
inline constexpr double kSiteHalfM = 200.0;

struct World {
  double days = 30;
  std::vector<Movement> movements;  // in order of start
  std::vector<SiteMove> site_moves;
};
World MakeWorld(std::uint64_t seed, double days);

// The agreement of this plain, as its file reads: the notifications of this world are in it.
std::string AgreementText(const World& world);

}  // namespace trucewatch::tools::month
