// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tools/simulate/road_path.h"
#include "tools/simulate/scenario.h"

namespace trucewatch::simulate {

enum class MoverKind { kCar, kJeep, kTruck, kBus, kTracked, kPersonGroup, kGathering };
const char* MoverKindName(MoverKind kind);  // as truth.csv says it

// Luma and chroma, limited range (ITU-R BT.709), as the pictures have them.
struct Colour {
  float y = 128, u = 128, v = 128;
};
Colour FromRgb(double red, double green, double blue);  // 0..255 each

// How one of the people of a gathering walks: straight from where he starts to his place, then a
// little about it. Only the picture knows him; every list counts the gathering as a whole.
struct PersonPath {
  Eigen::Vector2d from, place;
  double set_out_s = 0;
  double speed_mps = 1.3;
  Eigen::Vector2d stray_m;  // about his place, along a slowly turning way
  Eigen::Vector2d stray_period_s;
  Colour colour;
};

struct MoverState {
  Eigen::Vector2d position;      // east, north, m
  Eigen::Vector2d velocity_mps;  // east, north
  Eigen::Vector2d direction;     // unit, where it points
};

// One thing that moves: a vehicle on a road, or a walking group as a whole.
struct Mover {
  int id = 0;  // 1, 2, ...
  MoverKind kind = MoverKind::kCar;
  std::string group;  // id of its convoy, "walk1", ...; empty: alone
  double length_m = 0, width_m = 0, height_m = 0;
  Colour colour;
  int road = -1;         // index into World::roads; -1: straight from `start`
  bool reverse = false;  // from the road's end to its start
  double along_m = 0;    // at t = 0, in driving direction
  double speed_mps = 0;
  double wobble_m = 0, wobble_period_s = 60,
         wobble_phase_rad = 0;  // drivers do not keep distance exactly
  double lane_m = 0;            // right of the middle of the road
  Eigen::Vector2d start = Eigen::Vector2d::Zero();
  Eigen::Vector2d direction = Eigen::Vector2d::UnitX();
  std::vector<Eigen::Vector2d> people;  // of a walking group, offsets from its middle
  std::vector<PersonPath> paths;        // of a gathering

  bool IsPeople() const { return kind == MoverKind::kPersonGroup || kind == MoverKind::kGathering; }
};

// What stands still: vehicles of a storage site.
struct ParkedVehicle {
  Mover vehicle;
  MoverState state;
  double left_s = 1e300;  // gone from then on

  bool IsThere(double t_s) const { return t_s < left_s; }
};

struct Building {
  Eigen::Vector2d centre;
  Eigen::Vector2d along;  // unit, the long side
  double half_length_m = 0, half_width_m = 0, height_m = 0;
  Colour roof, wall;
};

struct RoadLook {
  double width_m = 0;
  bool paved = false;
};

// Everything there is, a pure function of scenario and seed.
struct World {
  std::vector<RoadPath> roads;
  std::vector<RoadLook> road_looks;
  std::vector<Mover> movers;
  std::vector<ParkedVehicle> parked;
  std::vector<Building> buildings;

  // Nothing while it is not on its road.
  std::optional<MoverState> StateOf(const Mover& mover, double t_s) const;
  // Middle of the movers of a group at this time; nothing when none is there.
  std::optional<Eigen::Vector2d> MiddleOf(const std::string& group, double t_s) const;
};

World MakeWorld(const Scenario& scenario);

// One of a gathering's people at a time.
struct PersonState {
  Eigen::Vector2d position;
  Eigen::Vector2d direction;
};
PersonState StateOfPerson(const PersonPath& path, double t_s);

// Number of objects: people of a group, or one vehicle.
inline int CountOf(const Mover& mover) {
  return mover.IsPeople() ? static_cast<int>(mover.people.size() + mover.paths.size()) : 1;
}

}  // namespace trucewatch::simulate
