// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <vector>

#include "tools/simulate/clip/clip_plan.h"
#include "tools/simulate/random.h"
#include "tools/simulate/world.h"

namespace trucewatch::clip {

// A rectangle over the ground, metres east and north of the clip's origin.
struct Extent {
  Eigen::Vector2d low, high;
  bool Holds(const Eigen::Vector2d& p, double margin_m = 0) const {
    return p.x() > low.x() - margin_m && p.y() > low.y() - margin_m &&
           p.x() < high.x() + margin_m && p.y() < high.y() + margin_m;
  }
};

struct Street {
  std::vector<Eigen::Vector2d> points;
  double width_m = 8;
  bool paved = true;
};

struct Tree {
  Eigen::Vector2d place;
  double crown_radius_m = 2, height_m = 6;
  bool conifer = false;
  double tone = 1;
  double phase_rad = 0;  // of its sway
  int variant = 0;
};

struct House {
  simulate::Building body;
  double tone = 1;      // of its roof
  double storey_m = 3;  // windows repeat by it
  double window_m = 2.4;
  std::vector<simulate::Building> on_roof;  // heights above the roof
};

struct Standing {
  simulate::Mover vehicle;
  simulate::MoverState state;
  double from_s = -1e300, to_s = 1e300;  // of a day

  bool IsThere(double t_s) const { return t_s >= from_s && t_s < to_s; }
};

inline constexpr int kPavedPlot = 100;
// A field or a plot: a convex quadrilateral with a colour of its own.
struct Plot {
  std::array<Eigen::Vector2d, 4> corners;
  int kind = 0;
  double tone = 1;
  double furrow_m = 0;  // distance of its furrows; 0: none
};

// The town's grid: crossings of straight streets, counted along both axes of a turned frame.
struct StreetGrid {
  double turn_rad = 0;
  std::vector<double> x_m, y_m;  // where the streets lie, ascending
  Eigen::Vector2d At(std::size_t i, std::size_t j) const {
    const double c = std::cos(turn_rad), s = std::sin(turn_rad);
    return {c * x_m[i] - s * y_m[j], s * x_m[i] + c * y_m[j]};
  }
};

// What stands on the ground. A pure function of plan and extent.
struct Land {
  Extent extent;
  StreetGrid grid;  // empty except in a town
  std::vector<Street> streets;
  std::vector<Plot> plots;
  std::vector<std::array<Eigen::Vector2d, 2>> lines;  // painted on the ground: bays
  std::vector<House> houses;
  std::vector<Tree> trees;
  std::vector<Standing> parked;
  double street_km = 0;
};

Land MakeLand(const ClipPlan& plan, const Extent& extent);

House MakeHouse(const Eigen::Vector2d& centre, const Eigen::Vector2d& along, double half_length_m,
                double half_width_m, double height_m, simulate::Random& random);
Tree MakeTree(const Eigen::Vector2d& place, bool conifer, double size, simulate::Random& random);

// Distance to the nearest street's edge; negative on it.
double ClearOfStreets(const Land& land, const Eigen::Vector2d& place);

}  // namespace trucewatch::clip
