// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "tools/simulate/clip/clip_plan.h"
#include "tools/simulate/clip/land.h"
#include "tools/simulate/world.h"

namespace trucewatch::clip {

// The way of one vehicle: points a metre apart, and the speed its bends allow there.
struct Route {
  std::vector<Eigen::Vector2d> points;
  std::vector<double> limit_mps;
  // Where it must wait for a green signal, and the signal's phase: green while
  // fmod(t + offset_s, kSignalCycleS) lies in the half that is `first`.
  struct Signal {
    double at_m = 0, offset_s = 0;
    bool first = true;
  };
  std::vector<Signal> signals;
  double length_m() const { return static_cast<double>(points.size()) - 1; }
  Eigen::Vector2d At(double along_m) const;
};

inline constexpr double kSignalCycleS = 36;

// Round a polyline's corners with arcs of about `radius_m` and cut it into metres. Limits follow
// from a lateral acceleration of 2.2 m/s^2, braking at 2.5 m/s^2.
Route MakeRoute(const std::vector<Eigen::Vector2d>& corners, double radius_m, double speed_mps);

struct Vehicle {
  simulate::Mover body;
  int id = 0;
  Route route;
  double first_s = 0;          // time of the first sample
  std::vector<float> along_m;  // each kStepS
  bool off_road = false;

  static constexpr double kStepS = 0.1;
  // Nothing before it comes and after it has left.
  std::optional<simulate::MoverState> At(double t_s) const;
};

// Somebody on foot: only the picture knows him, no list does. A detector of vehicles that takes him
// for one is wrong.
struct Walker {
  Eigen::Vector2d from, direction;
  double speed_mps = 1.2, length_m = 40, phase_m = 0;
  simulate::Colour colour;
  simulate::MoverState At(double t_s) const;  // to and fro
};

struct Traffic {
  std::vector<Vehicle> vehicles;
  std::vector<Walker> walkers;
};

// Vehicles that follow one another (gaps and braking as drivers keep them), turn at crossings, wait
// at signals in queues, and pull up on their way. From 0 to the plan's duration.
Traffic MakeTraffic(const ClipPlan& plan, const Land& land);

}  // namespace trucewatch::clip
