// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/yard.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/simulate/vehicle_kinds.h"

namespace trucewatch::clip {
namespace {

constexpr double kBayWidthM = 2.8, kBayLengthM = 5.4, kAisleM = 7;
constexpr double kLeastStayS = 600;
constexpr double kSunriseH = 5.5, kDayH = 13, kFirstLookH = 7;

struct Bay {
  Eigen::Vector2d place, direction;
  int stay = -1;           // index into land.parked of who stands there
  double free_from_s = 0;  // not taken again at once
};

void PutIn(Bay& bay, double t_s, simulate::Random& random, Land& land) {
  Standing stay;
  const double x = random.Uniform();
  const auto kind = x < 0.7    ? simulate::MoverKind::kCar
                    : x < 0.92 ? simulate::MoverKind::kJeep
                               : simulate::MoverKind::kTruck;
  stay.vehicle = simulate::MakeVehicle(kind, random);
  stay.vehicle.length_m = std::min(stay.vehicle.length_m, 6.5);
  stay.state.position =
      bay.place + random.Uniform(-0.35, 0.35) * bay.direction +
      random.Uniform(-0.2, 0.2) * Eigen::Vector2d(-bay.direction.y(), bay.direction.x());
  const double askew = 0.03 * random.Normal();
  const Eigen::Vector2d along(bay.direction.x() - askew * bay.direction.y(),
                              bay.direction.y() + askew * bay.direction.x());
  stay.state.direction = (random.Below(2) == 0 ? 1 : -1) * along.normalized();
  stay.state.velocity_mps.setZero();
  stay.from_s = t_s;
  bay.stay = static_cast<int>(land.parked.size());
  land.parked.push_back(stay);
}

// Who comes and goes over the day: two Poisson processes of the same rate.
void FillBays(const ClipPlan& plan, std::vector<Bay>& bays, simulate::Random& random, Land& land) {
  const double occupied = random.Uniform(0.3, 0.7);
  for (Bay& bay : bays) {
    if (random.Uniform() < occupied) PutIn(bay, -1e300, random, land);
  }
  if (plan.arrivals_per_hour <= 0) return;
  double t_s = 0;
  while (true) {
    t_s += -std::log(1 - random.Uniform()) * 3600 / (2 * plan.arrivals_per_hour);
    if (t_s >= plan.duration_s) return;
    const bool arrives = random.Below(2) == 0;
    std::vector<Bay*> fit;
    for (Bay& bay : bays) {
      const bool leaves = bay.stay >= 0 && land.parked[static_cast<std::size_t>(bay.stay)].from_s <
                                               t_s - kLeastStayS;
      if (arrives ? bay.stay < 0 && bay.free_from_s <= t_s : leaves) fit.push_back(&bay);
    }
    if (fit.empty()) continue;
    Bay& bay = *fit[random.Below(fit.size())];
    if (arrives) {
      PutIn(bay, t_s, random, land);
    } else {
      land.parked[static_cast<std::size_t>(bay.stay)].to_s = t_s;
      bay.stay = -1;
      bay.free_from_s = t_s + kLeastStayS;
    }
  }
}

double Smoothed(double x) {
  x = std::clamp(x, 0.0, 1.0);
  return x * x * (3 - 2 * x);
}

}  // namespace

void FillYard(const ClipPlan& plan, simulate::Random& random, Land& land) {
  const double turn = random.Uniform(0, std::numbers::pi);
  const Eigen::Vector2d x(std::cos(turn), std::sin(turn)), y(-x.y(), x.x());
  const int wanted = std::max(4, static_cast<int>(std::lround(plan.bays)));
  const int per_row = std::clamp(static_cast<int>(std::ceil(std::sqrt(wanted * 3.0))), 4, 26);
  const int rows = (wanted + per_row - 1) / per_row;
  const double depth = rows * kBayLengthM + (rows + 1) / 2 * kAisleM + 2,
               width = per_row * kBayWidthM + 6;
  Plot yard;
  yard.kind = kPavedPlot;
  const Eigen::Vector2d corner = -0.5 * width * x - 0.5 * depth * y;
  yard.corners = {corner, corner + width * x, corner + width * x + depth * y, corner + depth * y};
  land.plots.push_back(yard);
  Street road;
  const double road_y = -0.5 * depth - random.Uniform(8, 14);
  road.points = {road_y * y - 500 * x, road_y * y + 500 * x};
  road.width_m = 7;
  land.streets.push_back(road);
  Street drive;
  const double gate = random.Uniform(-0.4, 0.4) * width;
  drive.points = {gate * x + road_y * y, gate * x - 0.5 * depth * y};
  drive.width_m = 5.5;
  land.streets.push_back(drive);

  std::vector<Bay> bays;
  double at = -0.5 * depth + 1 + kAisleM;
  for (int row = 0; row < rows; ++row) {
    for (int k = 0; k <= per_row; ++k) {
      const Eigen::Vector2d line = ((k - 0.5 * per_row) * kBayWidthM) * x + at * y;
      land.lines.push_back({line, line + kBayLengthM * y});
      if (k == per_row || static_cast<int>(bays.size()) >= wanted) continue;
      bays.push_back({line + 0.5 * kBayWidthM * x + 0.5 * kBayLengthM * y, y});
    }
    // Crowns that reach over the rows' ends and some bays.
    if (random.Uniform() < 0.8) {
      const int k = static_cast<int>(random.Below(static_cast<std::uint64_t>(per_row)));
      Tree tree = MakeTree(((k - 0.5 * per_row) * kBayWidthM) * x + (at + kBayLengthM + 0.6) * y,
                           false, 0.8, random);
      land.trees.push_back(tree);
    }
    at += kBayLengthM + (row % 2 == 0 ? 0 : kAisleM);
  }
  FillBays(plan, bays, random, land);

  const int houses = 2 + static_cast<int>(random.Below(5));
  for (int i = 0; i < houses; ++i) {
    const bool far = random.Below(2) == 0;
    const double half = random.Uniform(5, 12);
    const Eigen::Vector2d place =
        random.Uniform(-0.8, 0.8) * width * x +
        (far ? 0.5 * depth + random.Uniform(8, 20) : road_y - random.Uniform(14, 26)) * y;
    const bool apart = std::all_of(land.houses.begin(), land.houses.end(), [&](const House& other) {
      return (other.body.centre - place).norm() > half + other.body.half_length_m + 3;
    });
    if (apart) {
      land.houses.push_back(
          MakeHouse(place, x, half, random.Uniform(4, 6),
                    std::max(2.6, plan.building_height_m * random.Uniform(0.6, 1.2)), random));
    }
  }
  const Eigen::Vector2d size = land.extent.high - land.extent.low;
  const int trees = random.Poisson(plan.trees_per_ha * size.x() * size.y() / 1e4);
  for (int i = 0; i < trees; ++i) {
    const Eigen::Vector2d place(random.Uniform(land.extent.low.x(), land.extent.high.x()),
                                random.Uniform(land.extent.low.y(), land.extent.high.y()));
    if (std::abs(place.dot(x)) < 0.5 * width + 1 && std::abs(place.dot(y)) < 0.5 * depth + 1)
      continue;
    land.trees.push_back(MakeTree(place, false, 1, random));
  }
}

Weather WeatherAt(const ClipPlan& plan, double t_s) {
  Weather weather{plan.sun_azimuth_deg, plan.sun_elevation_deg};
  if (!plan.is_day()) return weather;
  const double hour = kFirstLookH + t_s / 3600;
  // The drawn elevation is that of noon.
  weather.sun_elevation_deg = std::max(
      6.0, plan.sun_elevation_deg * std::sin(std::numbers::pi * (hour - kSunriseH) / kDayH));
  weather.sun_azimuth_deg = 90 + (hour - 6) * 15;
  // Spells of fair weather, cloud and rain, with two minutes between them.
  simulate::Random random(plan.seed, "weather");
  double begin = 0, wet_until = -1e9;
  double before_direct = 1, before_rain = 0;
  while (true) {
    const double length = random.Uniform(600, 4200), kind = random.Uniform();
    const double strength = random.Uniform(0.35, 1);
    const bool rains = kind < plan.scene.rain_share();
    const bool overcast = !rains && kind < plan.scene.rain_share() + plan.scene.overcast_share();
    const double direct = rains ? 0.05 : overcast ? 0.15 : 1, rain = rains ? strength : 0;
    if (t_s < begin + length) {
      const double share = begin > 0 ? Smoothed((t_s - begin) / 120) : 1;
      weather.direct = before_direct + (direct - before_direct) * share;
      weather.rain = before_rain + (rain - before_rain) * share;
      break;
    }
    begin += length;
    if (rains) wet_until = begin;
    before_direct = direct, before_rain = rain;
  }
  weather.wet =
      std::max(std::min(1.0, 2 * weather.rain), 1 - std::clamp((t_s - wet_until) / 1800, 0.0, 1.0));
  // The exposure follows the light, never quite.
  weather.light = 0.86 + 0.14 * weather.direct - 0.05 * weather.rain;
  return weather;
}

}  // namespace trucewatch::clip
