// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/world.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/simulate/gathering.h"
#include "tools/simulate/random.h"
#include "tools/simulate/storage_site.h"
#include "tools/simulate/vehicle_kinds.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;
constexpr double kFullTurn = 2.0 * std::numbers::pi;

int RoadIndex(const config::Scenario& s, const std::string& id) {
  for (int i = 0; i < s.road_size(); ++i) {
    if (s.road(i).id() == id) return i;
  }
  return 0;  // the scenario was checked
}

void AddConvoys(const Scenario& scenario, World& world) {
  for (int c = 0; c < scenario.config.convoy_size(); ++c) {
    const auto& convoy = scenario.config.convoy(c);
    Random random(scenario.seed, "convoy", static_cast<std::uint64_t>(c));
    const int road = RoadIndex(scenario.config, convoy.road());
    const RoadPath& path = world.roads[static_cast<std::size_t>(road)];
    const double speed = random.Uniform(convoy.min_speed_mps(), convoy.max_speed_mps());
    const double pass_time =
        convoy.pass_time_s() + random.Uniform(-convoy.pass_jitter_s(), convoy.pass_jitter_s());
    double pass_along = path.Nearest(ToVector(convoy.pass()));
    if (convoy.reverse()) pass_along = path.length_m() - pass_along;
    double along = pass_along - speed * pass_time;
    for (unsigned i = 0; i < convoy.count(); ++i) {
      const auto kind =
          static_cast<int>(random.Below(static_cast<std::uint64_t>(convoy.kind_size())));
      Mover mover = MakeVehicle(KindOf(convoy.kind(kind)), random);
      mover.group = convoy.id();
      mover.road = road;
      mover.reverse = convoy.reverse();
      mover.along_m = along;
      mover.speed_mps = speed;
      mover.wobble_m = random.Uniform(0.3, 1.5);
      mover.wobble_period_s = random.Uniform(40, 80);
      mover.wobble_phase_rad = random.Uniform(0, kFullTurn);
      world.movers.push_back(std::move(mover));
      along -= convoy.spacing_m() +
               random.Uniform(-convoy.spacing_jitter_m(), convoy.spacing_jitter_m());
    }
  }
}

// One direction of one road. Cars come in the order they drive; each keeps the headway to the one
// ahead from the start to the end, so a faster one is slowed to its leader's speed.
void AddLane(const config::CivilianTraffic& traffic, int road, bool reverse, double duration_s,
             Random& random, World& world) {
  if (traffic.vehicles_per_hour() <= 0) return;
  const double length = world.roads[static_cast<std::size_t>(road)].length_m();
  const double mean_gap_m = 0.5 * (traffic.min_speed_mps() + traffic.max_speed_mps()) * 3600.0 /
                            traffic.vehicles_per_hour();
  const double free_gap_m = std::max(1.0, mean_gap_m - traffic.min_headway_m());
  double along = length - random.Uniform(0, mean_gap_m);  // of the first car at t = 0
  double leader_speed = traffic.max_speed_mps();
  // The slowest car could still enter within the mission from this far back.
  while (along > -traffic.max_speed_mps() * duration_s) {
    const auto kind =
        static_cast<int>(random.Below(static_cast<std::uint64_t>(traffic.kind_size())));
    Mover mover = MakeVehicle(KindOf(traffic.kind(kind)), random);
    mover.road = road;
    mover.reverse = reverse;
    mover.along_m = along;
    const double wish = random.Uniform(traffic.min_speed_mps(), traffic.max_speed_mps());
    mover.speed_mps = std::min(wish, leader_speed);
    leader_speed = mover.speed_mps;
    world.movers.push_back(std::move(mover));
    along -= traffic.min_headway_m() - free_gap_m * std::log(1.0 - random.Uniform());
  }
}

void AddCivilians(const Scenario& scenario, World& world) {
  for (int c = 0; c < scenario.config.civilian_size(); ++c) {
    const auto& traffic = scenario.config.civilian(c);
    for (int r = 0; r < traffic.road_size(); ++r) {
      const int road = RoadIndex(scenario.config, traffic.road(r));
      for (const bool reverse : {false, true}) {
        if (reverse && traffic.forward_only()) continue;
        Random random(scenario.seed, "civilian",
                      static_cast<std::uint64_t>(c * 1000 + r * 2 + (reverse ? 1 : 0)));
        AddLane(traffic, road, reverse, scenario.duration_s(), random, world);
      }
    }
  }
}

void AddWalking(const Scenario& scenario, World& world) {
  for (int i = 0; i < scenario.config.walking_size(); ++i) {
    const auto& walking = scenario.config.walking(i);
    Random random(scenario.seed, "walking", static_cast<std::uint64_t>(i));
    Mover mover;
    mover.kind = MoverKind::kPersonGroup;
    mover.group = fmt::format("walk{}", i + 1);
    mover.start = ToVector(walking.start()) +
                  Eigen::Vector2d(random.Uniform(-20, 20), random.Uniform(-20, 20));
    const double heading =
        (walking.heading_deg() + random.Uniform(-15, 15)) * std::numbers::pi / 180.0;
    mover.direction = {std::sin(heading), std::cos(heading)};
    mover.speed_mps = walking.speed_mps();
    mover.height_m = 1.7;
    mover.colour = FromRgb(60, 54, 50);
    const auto count =
        walking.min_count() + random.Below(walking.max_count() - walking.min_count() + 1ULL);
    for (std::uint64_t k = 0; k < count; ++k) {
      mover.people.emplace_back(2.2 * random.Normal(), 2.2 * random.Normal());
    }
    mover.length_m = mover.width_m = 8;
    world.movers.push_back(std::move(mover));
  }
}

// Rejection: a house must be clear of the roads and of the houses that stand.
void AddVillages(const Scenario& scenario, World& world) {
  for (int i = 0; i < scenario.config.village_size(); ++i) {
    const auto& village = scenario.config.village(i);
    Random random(scenario.seed, "village", static_cast<std::uint64_t>(i));
    const double grid = random.Uniform(0, kFullTurn);
    for (unsigned b = 0; b < village.buildings(); ++b) {
      Building house;
      house.half_length_m = random.Uniform(4, 9);
      house.half_width_m = random.Uniform(3, 5.5);
      house.height_m = random.Uniform(2.8, 4.2) * (random.Below(6) == 0 ? 2 : 1);
      const double yaw =
          grid + random.Uniform(-0.12, 0.12) + (random.Below(2) == 0 ? 0 : kFullTurn / 4);
      house.along = {std::cos(yaw), std::sin(yaw)};
      const double tone = random.Uniform(0.85, 1.1);
      house.roof = random.Below(5) == 0 ? FromRgb(150 * tone, 104 * tone, 84 * tone)
                                        : FromRgb(196 * tone, 184 * tone, 160 * tone);
      house.wall = FromRgb(170 * tone, 154 * tone, 128 * tone);
      const double reach = std::hypot(house.half_length_m, house.half_width_m);
      for (int attempt = 0; attempt < 40; ++attempt) {
        const double angle = random.Uniform(0, kFullTurn);
        const double radius = village.radius_m() * std::sqrt(random.Uniform());
        house.centre =
            ToVector(village.centre()) + radius * Eigen::Vector2d(std::cos(angle), std::sin(angle));
        bool clear = true;
        for (std::size_t r = 0; r < world.roads.size() && clear; ++r) {
          clear = world.roads[r].Distance(house.centre) > reach + world.road_looks[r].width_m + 9;
        }
        for (const auto& gathering : scenario.config.gathering()) {
          const double away = (house.centre - ToVector(gathering.centre())).norm();
          clear = clear && away > reach + gathering.radius_m() + 6;  // the market place is free
        }
        for (const ParkedVehicle& parked : world.parked) {
          clear = clear && (house.centre - parked.state.position).norm() > reach + 18;
        }
        for (std::size_t k = 0; k < world.buildings.size() && clear; ++k) {
          const Building& other = world.buildings[k];
          clear = (other.centre - house.centre).norm() >
                  reach + std::hypot(other.half_length_m, other.half_width_m) + 2;
        }
        if (!clear) continue;
        world.buildings.push_back(house);
        break;
      }
    }
  }
}

}  // namespace

std::optional<MoverState> World::StateOf(const Mover& mover, double t_s) const {
  MoverState state;
  if (mover.road < 0) {
    state.direction = mover.direction;
    state.velocity_mps = mover.direction * mover.speed_mps;
    state.position = mover.start + state.velocity_mps * t_s;
    return state;
  }
  const RoadPath& path = roads[static_cast<std::size_t>(mover.road)];
  const double rate = kFullTurn / mover.wobble_period_s;
  const double phase = rate * t_s + mover.wobble_phase_rad;
  const double along = mover.along_m + mover.speed_mps * t_s + mover.wobble_m * std::sin(phase);
  if (along < 0 || along > path.length_m()) return std::nullopt;
  const double speed = mover.speed_mps + mover.wobble_m * rate * std::cos(phase);
  const RoadPath::Place place = path.At(mover.reverse ? path.length_m() - along : along);
  state.direction = mover.reverse ? Eigen::Vector2d(-place.direction) : place.direction;
  state.velocity_mps = state.direction * speed;
  state.position =
      place.position + mover.lane_m * Eigen::Vector2d(state.direction.y(), -state.direction.x());
  return state;
}

std::optional<Eigen::Vector2d> World::MiddleOf(const std::string& group, double t_s) const {
  Eigen::Vector2d sum = Eigen::Vector2d::Zero();
  int count = 0;
  for (const Mover& mover : movers) {
    if (mover.group != group) continue;
    const auto state = StateOf(mover, t_s);
    if (!state) continue;
    sum += state->position;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

World MakeWorld(const Scenario& scenario) {
  World world;
  for (const auto& road : scenario.config.road()) {
    std::vector<Eigen::Vector2d> corners;
    for (const auto& point : road.point()) corners.push_back(ToVector(point));
    world.roads.emplace_back(corners);
    world.road_looks.push_back({road.width_m(), road.paved()});
  }
  AddConvoys(scenario, world);
  AddCivilians(scenario, world);
  AddWalking(scenario, world);
  // Houses keep clear of what is parked, and people on foot of the houses.
  AddStorageSites(scenario, world);
  AddVillages(scenario, world);
  AddGatherings(scenario, world);
  for (std::size_t i = 0; i < world.movers.size(); ++i) {
    world.movers[i].id = static_cast<int>(i) + 1;
  }
  for (std::size_t i = 0; i < world.parked.size(); ++i) {
    world.parked[i].vehicle.id = static_cast<int>(world.movers.size() + i) + 1;
  }
  return world;
}

}  // namespace trucewatch::simulate
