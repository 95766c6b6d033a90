// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/land.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "tools/simulate/clip/yard.h"
#include "tools/simulate/random.h"
#include "tools/simulate/road_path.h"
#include "tools/simulate/vehicle_kinds.h"

namespace trucewatch::clip {
namespace {

using simulate::Random;
using v1::config::ClipScene;

constexpr double kPi = std::numbers::pi;

Eigen::Vector2d Unit(double angle_rad) { return {std::cos(angle_rad), std::sin(angle_rad)}; }
Eigen::Vector2d Left(const Eigen::Vector2d& v) { return {-v.y(), v.x()}; }

// The square, turned by `turn_rad`, that covers the extent.
double Reach(const Extent& extent) {
  return std::max(extent.low.norm(),
                  std::max(extent.high.norm(),
                           std::max(Eigen::Vector2d(extent.low.x(), extent.high.y()).norm(),
                                    Eigen::Vector2d(extent.high.x(), extent.low.y()).norm()))) +
         60;
}

simulate::MoverKind ParkedKind(Random& random) {
  const double x = random.Uniform();
  if (x < 0.8) return simulate::MoverKind::kCar;
  if (x < 0.92) return simulate::MoverKind::kJeep;
  return x < 0.98 ? simulate::MoverKind::kTruck : simulate::MoverKind::kBus;
}

void Park(const Eigen::Vector2d& place, const Eigen::Vector2d& direction, Random& random,
          Land& land) {
  Standing parked;
  parked.vehicle = simulate::MakeVehicle(ParkedKind(random), random);
  parked.state.position = place;
  parked.state.direction = random.Below(2) == 0 ? direction : Eigen::Vector2d(-direction);
  parked.state.velocity_mps.setZero();
  land.parked.push_back(std::move(parked));
}

// A block of a town between four streets: houses along its edges, a yard with trees inside.
void FillBlock(const ClipPlan& plan, const Eigen::Vector2d& corner, const Eigen::Vector2d& x,
               const Eigen::Vector2d& y, double width_m, double depth_m, Random& random,
               Land& land) {
  const double kerb = 6.5;  // half a street and its pavement
  const double w = width_m - 2 * kerb, d = depth_m - 2 * kerb;
  const Eigen::Vector2d o = corner + kerb * (x + y);
  Plot yard;
  yard.corners = {o, o + w * x, o + w * x + d * y, o + d * y};
  yard.kind = static_cast<int>(random.Below(4));
  yard.tone = random.Uniform(0.9, 1.1);
  land.plots.push_back(yard);
  if (w < 12 || d < 12) return;
  const double lot = random.Uniform();
  if (lot < 0.1) {  // a car park
    const Eigen::Vector2d first = o + 6 * x + 5 * y;
    for (int row = 0; row < static_cast<int>((d - 8) / 8.5); ++row) {
      for (int i = 0; i < static_cast<int>((w - 10) / 2.8); ++i) {
        if (random.Uniform() > std::min(0.8, plan.parked_per_km / 40)) continue;
        Park(first + 2.8 * i * x + 8.5 * row * y, y, random, land);
      }
    }
    return;
  }
  // Plots along both long sides.
  const bool deep = d > 34;
  const int rows = deep ? 2 : 1;
  for (int row = 0; row < rows; ++row) {
    double at = 1.5;
    while (at < w - 8) {
      const double length = std::min(random.Uniform(9, 26), w - 1.5 - at);
      const double depth = std::min(random.Uniform(8, 15), deep ? 0.42 * d : 0.9 * d);
      const bool built = length > 7 && random.Uniform() < plan.built_share;
      const double across = row == 0 ? 0.5 * depth + 1 : d - 0.5 * depth - 1;
      const Eigen::Vector2d middle = o + (at + 0.5 * length) * x + across * y;
      if (built) {
        const double height = plan.building_height_m * random.Uniform(0.45, 1.35);
        land.houses.push_back(MakeHouse(middle, x, 0.5 * length - random.Uniform(0.3, 1.2),
                                        0.5 * depth, std::max(2.6, height), random));
      } else if (random.Uniform() < 0.7) {
        land.trees.push_back(MakeTree(middle, false, 1, random));
      }
      at += length;
    }
  }
}

void MakeTown(const ClipPlan& plan, Random& random, Land& land) {
  StreetGrid& grid = land.grid;
  const double reach = Reach(land.extent);
  grid.turn_rad = random.Uniform(0, kPi);
  for (auto* axis : {&grid.x_m, &grid.y_m}) {
    for (double at = -reach; at < reach + 120; at += random.Uniform(55, 115)) axis->push_back(at);
  }
  const Eigen::Vector2d x = Unit(grid.turn_rad), y = Left(x);
  const auto add = [&](const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
    Street street;
    street.points = {a, b};
    street.width_m = 8.4;
    land.streets.push_back(street);
  };
  for (std::size_t i = 0; i < grid.x_m.size(); ++i)
    add(grid.At(i, 0), grid.At(i, grid.y_m.size() - 1));
  for (std::size_t j = 0; j < grid.y_m.size(); ++j)
    add(grid.At(0, j), grid.At(grid.x_m.size() - 1, j));
  for (std::size_t i = 0; i + 1 < grid.x_m.size(); ++i) {
    for (std::size_t j = 0; j + 1 < grid.y_m.size(); ++j) {
      const Eigen::Vector2d corner = grid.At(i, j);
      const double width = grid.x_m[i + 1] - grid.x_m[i], depth = grid.y_m[j + 1] - grid.y_m[j];
      if (!land.extent.Holds(corner + 0.5 * (width * x + depth * y), 90)) continue;
      FillBlock(plan, corner, x, y, width, depth, random, land);
    }
  }
}

// Winding roads that cross the land from side to side.
void MakeRoads(const ClipPlan& plan, Random& random, Land& land) {
  const double reach = Reach(land.extent);
  const Eigen::Vector2d middle = 0.5 * (land.extent.low + land.extent.high);
  const double first = random.Uniform(0, kPi);
  const bool desert = plan.scene.ground() == ClipScene::DESERT;
  const int roads = desert ? 2 : 3;
  for (int r = 0; r < roads; ++r) {
    const double heading = first + r * kPi / roads + random.Uniform(-0.2, 0.2);
    const Eigen::Vector2d along = Unit(heading), across = Left(along);
    const double offset = r == 0 ? random.Uniform(-25, 25) : random.Uniform(-0.35, 0.35) * reach;
    const double bend = random.Uniform(8, 30), length = random.Uniform(350, 800),
                 phase = random.Uniform(0, 2 * kPi);
    Street street;
    street.width_m = r == 0 && !desert ? 7.5 : random.Uniform(4.5, 6.5);
    street.paved = desert ? r == 0 && random.Uniform() < 0.4 : r < 2;
    for (double s = -reach - 100; s <= reach + 100; s += 6) {
      street.points.push_back(middle + s * along +
                              (offset + bend * std::sin(2 * kPi * s / length + phase)) * across);
    }
    land.streets.push_back(std::move(street));
  }
}

void MakeFields(Random& random, Land& land) {
  const double reach = Reach(land.extent);
  const double turn = random.Uniform(0, kPi);
  const Eigen::Vector2d x = Unit(turn), y = Left(x);
  for (double u = -reach; u < reach;) {
    const double width = random.Uniform(50, 190);
    for (double v = -reach + random.Uniform(0, 60); v < reach;) {
      const double length = random.Uniform(60, 260);
      const auto jitter = [&]() -> Eigen::Vector2d {
        return {random.Uniform(-4, 4), random.Uniform(-4, 4)};
      };
      Plot plot;
      plot.corners = {u * x + v * y + jitter(), (u + width) * x + v * y + jitter(),
                      (u + width) * x + (v + length) * y + jitter(),
                      u * x + (v + length) * y + jitter()};
      plot.kind = static_cast<int>(random.Below(7));
      plot.tone = random.Uniform(0.82, 1.15);
      plot.furrow_m = random.Uniform() < 0.6 ? random.Uniform(2.2, 6) : 0;
      // A hedge along one side.
      if (random.Uniform() < 0.35) {
        for (double s = 0; s < width; s += random.Uniform(3, 9)) {
          land.trees.push_back(
              MakeTree((u + s) * x + v * y, false, random.Uniform(0.35, 0.8), random));
        }
      }
      land.plots.push_back(plot);
      v += length;
    }
    u += width;
  }
}

// Trees and lone houses anywhere but on the streets, and what is parked beside these.
void Scatter(const ClipPlan& plan, Random& random, Land& land) {
  const Eigen::Vector2d size = land.extent.high - land.extent.low;
  const double hectares = size.x() * size.y() / 1e4;
  const bool town = plan.scene.ground() == ClipScene::TOWN;
  const bool conifer = plan.scene.ground() == ClipScene::SNOW;
  const bool scrub = plan.scene.ground() == ClipScene::DESERT;
  const auto anywhere = [&]() -> Eigen::Vector2d {
    return {random.Uniform(land.extent.low.x(), land.extent.high.x()),
            random.Uniform(land.extent.low.y(), land.extent.high.y())};
  };
  const int trees = random.Poisson(plan.trees_per_ha * hectares);
  Eigen::Vector2d grove = anywhere();
  for (int i = 0; i < trees; ++i) {
    if (random.Uniform() < 0.08) grove = anywhere();
    Eigen::Vector2d place = anywhere();
    if (!town && random.Uniform() < 0.7)
      place = grove + 22 * Eigen::Vector2d(random.Normal(), random.Normal());
    Tree tree = MakeTree(place, conifer && random.Uniform() < 0.8, scrub ? 0.22 : 1, random);
    // Trunks stand clear of the streets; crowns may reach over them: vehicles pass below.
    const double clear = ClearOfStreets(land, place);
    if (clear < 0.8) continue;
    land.trees.push_back(tree);
  }
  if (town) {  // avenues
    for (const Street& street : land.streets) {
      if (random.Uniform() > std::min(0.8, plan.trees_per_ha / 25)) continue;
      const Eigen::Vector2d along = (street.points[1] - street.points[0]).normalized();
      const double length = (street.points[1] - street.points[0]).norm();
      for (double s = 12; s < length; s += random.Uniform(9, 22)) {
        const Eigen::Vector2d place =
            street.points[0] + s * along + (random.Below(2) == 0 ? 1 : -1) * 5.2 * Left(along);
        if (!land.extent.Holds(place, 20) || ClearOfStreets(land, place) < 0.6) continue;
        land.trees.push_back(MakeTree(place, false, 0.75, random));
      }
    }
  } else if (plan.built_share > 0) {
    const int houses = random.Poisson(plan.built_share * hectares * 0.6);
    for (int i = 0; i < houses; ++i) {
      const Eigen::Vector2d place = anywhere();
      if (ClearOfStreets(land, place) < 12) continue;
      land.houses.push_back(MakeHouse(place, Unit(random.Uniform(0, kPi)), random.Uniform(4, 11),
                                      random.Uniform(3, 6),
                                      plan.building_height_m * random.Uniform(0.5, 1.2), random));
    }
  }
}

void ParkAlongStreets(const ClipPlan& plan, Random& random, Land& land) {
  for (const Street& street : land.streets) {
    if (!street.paved && land.grid.x_m.empty() && plan.scene.ground() != ClipScene::SNOW) continue;
    for (std::size_t i = 0; i + 1 < street.points.size(); ++i) {
      const Eigen::Vector2d span = street.points[i + 1] - street.points[i];
      const double length = span.norm();
      const Eigen::Vector2d along = span / length;
      for (double s = 8; s < length - 8; s += 7.5) {
        for (const double side : {-1.0, 1.0}) {
          if (random.Uniform() > plan.parked_per_km * 7.5 / 2000) continue;
          const double kerb =
              land.grid.x_m.empty() ? 0.5 * street.width_m + 1.6 : 0.5 * street.width_m - 0.6;
          const Eigen::Vector2d place = street.points[i] + (s + random.Uniform(-0.6, 0.6)) * along +
                                        side * kerb * Left(along);
          if (!land.extent.Holds(place, 10)) continue;
          bool crossing = false;  // not on another street
          for (const Street& other : land.streets) {
            if (&other == &street) continue;
            for (std::size_t k = 0; k + 1 < other.points.size() && !crossing; ++k) {
              crossing = simulate::DistanceToSegment(place, other.points[k], other.points[k + 1])
                             .distance_m < 0.5 * other.width_m + 6;
            }
          }
          if (!crossing) Park(place, along, random, land);
        }
      }
    }
  }
}

}  // namespace

House MakeHouse(const Eigen::Vector2d& centre, const Eigen::Vector2d& along, double half_length_m,
                double half_width_m, double height_m, Random& random) {
  House house;
  house.body.centre = centre;
  house.body.along = along;
  house.body.half_length_m = half_length_m, house.body.half_width_m = half_width_m;
  house.body.height_m = height_m;
  static constexpr std::array<std::array<double, 3>, 6> kRoofs{{{150, 92, 74},
                                                                {120, 118, 116},
                                                                {178, 172, 162},
                                                                {98, 96, 98},
                                                                {164, 140, 116},
                                                                {205, 203, 198}}};
  static constexpr std::array<std::array<double, 3>, 4> kWalls{
      {{206, 198, 182}, {176, 168, 158}, {190, 170, 146}, {150, 142, 136}}};
  const auto& r = kRoofs[random.Below(kRoofs.size())];
  const auto& w = kWalls[random.Below(kWalls.size())];
  const double shade = random.Uniform(0.8, 1.1);
  house.body.roof = simulate::FromRgb(r[0] * shade, r[1] * shade, r[2] * shade);
  house.body.wall = simulate::FromRgb(w[0] * shade, w[1] * shade, w[2] * shade);
  house.tone = random.Uniform(0.85, 1.15);
  house.storey_m = random.Uniform(2.8, 3.4);
  house.window_m = random.Uniform(1.8, 3.2);
  const int boxes =
      height_m > 6 ? static_cast<int>(random.Below(4)) : static_cast<int>(random.Below(2));
  for (int i = 0; i < boxes; ++i) {
    simulate::Building box;
    box.half_length_m = random.Uniform(0.5, std::max(0.6, 0.25 * half_length_m));
    box.half_width_m = random.Uniform(0.5, std::max(0.6, 0.25 * half_width_m));
    box.centre = centre + along * random.Uniform(-0.7, 0.7) * (half_length_m - box.half_length_m) +
                 Left(along) * random.Uniform(-0.7, 0.7) * (half_width_m - box.half_width_m);
    box.along = along;
    box.height_m = random.Uniform(0.8, 2.6);
    box.roof = house.body.wall, box.wall = house.body.roof;
    house.on_roof.push_back(box);
  }
  return house;
}

Tree MakeTree(const Eigen::Vector2d& place, bool conifer, double size, Random& random) {
  Tree tree;
  tree.place = place;
  tree.conifer = conifer;
  tree.height_m = size * random.Uniform(4.5, 12.0);
  tree.crown_radius_m =
      tree.height_m * (conifer ? random.Uniform(0.16, 0.24) : random.Uniform(0.28, 0.42));
  tree.tone = random.Uniform(0.78, 1.2);
  tree.phase_rad = random.Uniform(0, 2 * kPi);
  tree.variant = static_cast<int>(random.Below(1000));
  return tree;
}

double ClearOfStreets(const Land& land, const Eigen::Vector2d& place) {
  double nearest = 1e9;
  for (const Street& street : land.streets) {
    for (std::size_t i = 0; i + 1 < street.points.size(); ++i) {
      const double d =
          simulate::DistanceToSegment(place, street.points[i], street.points[i + 1]).distance_m;
      nearest = std::min(nearest, d - 0.5 * street.width_m);
    }
  }
  return nearest;
}

Land MakeLand(const ClipPlan& plan, const Extent& extent) {
  Land land;
  land.extent = extent;
  Random random(plan.seed, "land");
  if (plan.is_day()) {
    FillYard(plan, random, land);
  } else if (plan.scene.ground() == ClipScene::TOWN) {
    MakeTown(plan, random, land);
  } else {
    MakeRoads(plan, random, land);
    if (plan.scene.ground() == ClipScene::FIELDS) MakeFields(random, land);
  }
  if (!plan.is_day()) {
    Scatter(plan, random, land);
    ParkAlongStreets(plan, random, land);
  }
  std::erase_if(land.trees, [&](const Tree& tree) {
    if (!extent.Holds(tree.place, 15)) return true;
    if (ClearOfStreets(land, tree.place) < 0.5) return true;
    return std::any_of(land.houses.begin(), land.houses.end(), [&](const House& house) {
      const Eigen::Vector2d d = tree.place - house.body.centre;
      return std::abs(d.dot(house.body.along)) <
                 house.body.half_length_m + 0.6 * tree.crown_radius_m &&
             std::abs(d.dot(Left(house.body.along))) <
                 house.body.half_width_m + 0.6 * tree.crown_radius_m;
    });
  });
  for (const Street& street : land.streets) {
    for (std::size_t i = 0; i + 1 < street.points.size(); ++i) {
      const Eigen::Vector2d span = street.points[i + 1] - street.points[i];
      const int steps = std::max(1, static_cast<int>(span.norm() / 5));
      for (int k = 0; k < steps; ++k) {
        if (extent.Holds(street.points[i] + span * (k + 0.5) / steps))
          land.street_km += span.norm() / steps / 1000;
      }
    }
  }
  return land;
}

}  // namespace trucewatch::clip
