// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/gathering.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/simulate/random.h"

namespace trucewatch::simulate {
namespace {

constexpr double kFullCircle = 2.0 * std::numbers::pi;
constexpr double kLeastDistanceM = 1.0;  // between the places of two people
constexpr double kLargestStrayM = 1.6;

bool ThroughAHouse(const World& world, const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
  return std::any_of(world.buildings.begin(), world.buildings.end(), [&](const Building& house) {
    const double reach = std::hypot(house.half_length_m, house.half_width_m);
    return DistanceToSegment(house.centre, a, b).distance_m < reach + 0.5;
  });
}

Eigen::Vector2d Around(const Eigen::Vector2d& centre, double angle, double radius_m) {
  return centre + radius_m * Eigen::Vector2d(std::cos(angle), std::sin(angle));
}

Colour ClothesOf(Random& random) {
  const double shade = random.Uniform(0.8, 1.15);
  switch (random.Below(4)) {
    case 0:
      return FromRgb(48 * shade, 46 * shade, 50 * shade);
    case 1:
      return FromRgb(70 * shade, 60 * shade, 48 * shade);
    case 2:
      return FromRgb(208 * shade, 204 * shade, 196 * shade);
    default:
      return FromRgb(60 * shade, 66 * shade, 92 * shade);
  }
}

PersonPath MakePath(const v1::config::Gathering& config, const Mover& mover, const World& world,
                    Random& random) {
  const Eigen::Vector2d centre = ToVector(config.centre());
  PersonPath path;
  // Nobody stands in anybody; when it is too crowded for that, the last place drawn is taken.
  for (int attempt = 0; attempt < 60; ++attempt) {
    const double radius = (config.radius_m() - kLargestStrayM) * std::sqrt(random.Uniform());
    path.place = Around(centre, random.Uniform(0, kFullCircle), radius);
    if (std::none_of(mover.paths.begin(), mover.paths.end(), [&](const PersonPath& other) {
          return (other.place - path.place).norm() < kLeastDistanceM;
        })) {
      break;
    }
  }
  for (int attempt = 0; attempt < 60; ++attempt) {
    path.from = Around(centre, random.Uniform(0, kFullCircle),
                       config.approach_m() * random.Uniform(1.0, 1.25));
    if (!ThroughAHouse(world, path.from, path.place)) break;
  }
  path.set_out_s = config.start_s() + config.spread_s() * random.Uniform();
  path.speed_mps = random.Uniform(config.min_speed_mps(), config.max_speed_mps());
  for (int axis = 0; axis < 2; ++axis) {
    path.stray_m[axis] = random.Uniform(0.3, kLargestStrayM) * (random.Below(2) == 0 ? 1 : -1);
    path.stray_period_s[axis] = random.Uniform(18, 45);
  }
  path.colour = ClothesOf(random);
  return path;
}

}  // namespace

PersonState StateOfPerson(const PersonPath& path, double t_s) {
  const Eigen::Vector2d way = path.place - path.from;
  const Eigen::Vector2d ahead = way.normalized();
  const double walked_m = path.speed_mps * (t_s - path.set_out_s);
  if (walked_m <= 0) return {path.from, ahead};
  if (walked_m < way.norm()) return {path.from + ahead * walked_m, ahead};
  const double since_s = t_s - path.set_out_s - way.norm() / path.speed_mps;
  PersonState state{path.place, ahead};
  Eigen::Vector2d velocity;
  for (int axis = 0; axis < 2; ++axis) {
    const double rate = kFullCircle / path.stray_period_s[axis];
    state.position[axis] += path.stray_m[axis] * std::sin(rate * since_s);
    velocity[axis] = path.stray_m[axis] * rate * std::cos(rate * since_s);
  }
  if (velocity.norm() > 0.02) state.direction = velocity.normalized();
  return state;
}

void AddGatherings(const Scenario& scenario, World& world) {
  for (int i = 0; i < scenario.config.gathering_size(); ++i) {
    const auto& config = scenario.config.gathering(i);
    Random random(scenario.seed, "gathering", static_cast<std::uint64_t>(i));
    Mover mover;
    mover.kind = MoverKind::kGathering;
    mover.group = config.id();
    mover.start = ToVector(config.centre());
    mover.length_m = mover.width_m = 2 * config.radius_m();
    mover.height_m = 1.7;
    const auto count =
        config.min_count() + random.Below(config.max_count() - config.min_count() + 1ULL);
    for (std::uint64_t k = 0; k < count; ++k) {
      mover.paths.push_back(MakePath(config, mover, world, random));
    }
    world.movers.push_back(std::move(mover));
  }
}

}  // namespace trucewatch::simulate
