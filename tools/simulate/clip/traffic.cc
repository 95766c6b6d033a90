// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/traffic.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/simulate/random.h"
#include "tools/simulate/vehicle_kinds.h"

namespace trucewatch::clip {
namespace {

using simulate::Random;
using v1::config::ClipScene;

constexpr double kWarmUpS = 25;  // so that queues have formed when the clip begins
constexpr double kLaneM = 2.0;   // right of the middle of a street
constexpr double kBrakeMps2 = 2.5;
constexpr double kLateralMps2 = 2.2;

Eigen::Vector2d RightOf(const Eigen::Vector2d& v) { return {v.y(), -v.x()}; }

// What a driver does besides the route.
struct Driver {
  double wants_mps = 10, accelerates_mps2 = 1.6, headway_s = 1.4;
  double pause_at_m = -1, pause_s = 0;  // pulls up there for so long
  double paused_until_s = -1e9;
  double along_m = 0, speed_mps = 0;
  double born_s = 0;
  bool gone = false;
};

double Jerky(Random& random, double mean, double low, double high) {
  return std::clamp(mean * (1 + 0.2 * random.Normal()), low, high);
}

simulate::MoverKind KindOfTraffic(bool off_road, bool town, Random& random) {
  const double x = random.Uniform();
  if (off_road)
    return x < 0.55  ? simulate::MoverKind::kJeep
           : x < 0.8 ? simulate::MoverKind::kTracked
                     : simulate::MoverKind::kTruck;
  if (x < (town ? 0.68 : 0.45)) return simulate::MoverKind::kCar;
  if (x < 0.76) return simulate::MoverKind::kJeep;
  if (x < 0.9) return simulate::MoverKind::kTruck;
  if (x < 0.96) return simulate::MoverKind::kBus;
  return town ? simulate::MoverKind::kCar : simulate::MoverKind::kTracked;
}

// A walk over the town's crossings: mostly straight on, never back, until it leaves the grid.
Route TownRoute(const Land& land, double speed_mps, Random& random) {
  const StreetGrid& grid = land.grid;
  const int nx = static_cast<int>(grid.x_m.size()), ny = static_cast<int>(grid.y_m.size());
  int i = static_cast<int>(random.Below(static_cast<std::uint64_t>(nx)));
  int j = static_cast<int>(random.Below(static_cast<std::uint64_t>(ny)));
  int dx = 0, dy = 0;
  (random.Below(2) == 0 ? dx : dy) = random.Below(2) == 0 ? 1 : -1;
  struct Node {
    int i, j, dx, dy;
  };
  std::vector<Node> nodes{{i, j, dx, dy}};
  const auto inside = [&](int a, int b) { return a >= 0 && b >= 0 && a < nx && b < ny; };
  for (int step = 0; step < 60; ++step) {
    const int a = i + dx, b = j + dy;
    if (!inside(a, b)) break;
    i = a, j = b;
    const double x = random.Uniform();
    if (x < 0.34) {
      const int turn = x < 0.17 ? 1 : -1;
      const int nextx = -dy * turn, nexty = dx * turn;
      if (inside(i + nextx, j + nexty)) dx = nextx, dy = nexty;
    }
    nodes.push_back({i, j, dx, dy});
  }
  if (nodes.size() < 2) return {};
  const auto at = [&](const Node& n) {
    return grid.At(static_cast<std::size_t>(n.i), static_cast<std::size_t>(n.j));
  };
  std::vector<Eigen::Vector2d> corners;
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const Eigen::Vector2d in = k > 0 ? (at(nodes[k]) - at(nodes[k - 1])).normalized()
                                     : (at(nodes[1]) - at(nodes[0])).normalized();
    const Eigen::Vector2d out =
        k + 1 < nodes.size() ? (at(nodes[k + 1]) - at(nodes[k])).normalized() : in;
    // Straight on: the lane's own line. At a turn: where the two lanes cross.
    const bool turns = in.dot(out) < 0.5;
    corners.push_back(at(nodes[k]) + kLaneM * RightOf(in) +
                      (turns ? kLaneM * RightOf(out) : Eigen::Vector2d(0, 0)));
  }
  Route route = MakeRoute(corners, 7, speed_mps);
  for (std::size_t k = 1; k + 1 < nodes.size(); ++k) {
    const Eigen::Vector2d in = (at(nodes[k]) - at(nodes[k - 1])).normalized();
    const Eigen::Vector2d line = at(nodes[k]) - 9.5 * in + kLaneM * RightOf(in);
    double best = 1e9, along = 0;
    for (std::size_t p = 0; p < route.points.size(); ++p) {
      const double d = (route.points[p] - line).norm();
      if (d < best) best = d, along = static_cast<double>(p);
    }
    if (best > 4) continue;
    const std::uint64_t hash =
        simulate::Mix(static_cast<std::uint64_t>(nodes[k].i * 1000 + nodes[k].j));
    const bool along_x = nodes[k].i != nodes[k - 1].i;
    route.signals.push_back({along, static_cast<double>(hash % 360) / 10, along_x});
  }
  return route;
}

Route RoadRoute(const Land& land, double speed_mps, Random& random) {
  const Street& street = land.streets[random.Below(land.streets.size())];
  std::vector<Eigen::Vector2d> points = street.points;
  if (random.Below(2) == 0) std::reverse(points.begin(), points.end());
  const double lane = street.width_m > 5.5 ? 0.25 * street.width_m : 0.6;
  std::vector<Eigen::Vector2d> lane_points;
  for (std::size_t k = 0; k < points.size(); ++k) {
    const Eigen::Vector2d along =
        (points[std::min(k + 1, points.size() - 1)] - points[k > 0 ? k - 1 : 0]).normalized();
    lane_points.push_back(points[k] + lane * RightOf(along));
  }
  return MakeRoute(lane_points, 12, speed_mps);
}

Route OpenLandRoute(const Land& land, double speed_mps, Random& random) {
  const Eigen::Vector2d size = land.extent.high - land.extent.low;
  Eigen::Vector2d at = land.extent.low + Eigen::Vector2d(random.Uniform(0.15, 0.85) * size.x(),
                                                         random.Uniform(0.15, 0.85) * size.y());
  double heading = random.Uniform(0, 2 * std::numbers::pi);
  std::vector<Eigen::Vector2d> corners{at};
  for (int i = 0; i < 30; ++i) {
    at += random.Uniform(40, 120) * Eigen::Vector2d(std::cos(heading), std::sin(heading));
    corners.push_back(at);
    heading += 0.5 * random.Normal();
  }
  return MakeRoute(corners, 25, speed_mps);
}

// The nearest vehicle ahead on `self`'s way: the gap to it and its speed.
void LookAhead(const std::vector<Vehicle>& vehicles, const std::vector<Driver>& drivers,
               const std::vector<std::optional<simulate::MoverState>>& now, std::size_t self,
               double* gap_m, double* leader_mps) {
  *gap_m = 1e9, *leader_mps = 0;
  const Vehicle& me = vehicles[self];
  const Eigen::Vector2d here = now[self]->position;
  for (std::size_t k = 0; k < vehicles.size(); ++k) {
    if (k == self || !now[k] || (now[k]->position - here).squaredNorm() > 45 * 45) continue;
    if (now[k]->direction.dot(now[self]->direction) < 0.2 && (now[k]->position - here).norm() > 12)
      continue;
    for (double ahead = 1; ahead < 44; ahead += 1.5) {
      const Eigen::Vector2d p = me.route.At(drivers[self].along_m + ahead);
      if ((p - now[k]->position).squaredNorm() > 2.0 * 2.0) continue;
      const Eigen::Vector2d way = me.route.At(drivers[self].along_m + ahead + 1) - p;
      if (now[k]->direction.dot(way) < 0.2) break;
      const double gap = ahead - 0.5 * (me.body.length_m + vehicles[k].body.length_m);
      if (gap < *gap_m) *gap_m = gap, *leader_mps = drivers[k].speed_mps;
      break;
    }
  }
}

double SafeSpeed(double gap_m, double leader_mps) {
  // As fast as it can still stop behind the leader when both brake.
  return std::sqrt(
      std::max(0.0, leader_mps * leader_mps + 2 * kBrakeMps2 * std::max(0.0, gap_m - 2)));
}

double DesiredSpeed(const Vehicle& vehicle, const Driver& driver, double t_s) {
  const Route& route = vehicle.route;
  const auto index = static_cast<std::size_t>(std::clamp(driver.along_m, 0.0, route.length_m()));
  double speed = std::min(driver.wants_mps, route.limit_mps[index]);
  for (const Route::Signal& signal : route.signals) {
    const double gap = signal.at_m - driver.along_m - 0.5 * vehicle.body.length_m;
    if (gap < -1 || gap > 60) continue;
    const double phase = std::fmod(t_s + signal.offset_s + 10 * kSignalCycleS, kSignalCycleS);
    const bool first_green = phase < 0.5 * kSignalCycleS - 3.5;
    const bool second_green = phase >= 0.5 * kSignalCycleS && phase < kSignalCycleS - 3.5;
    if (signal.first ? first_green : second_green) continue;
    if (driver.speed_mps * driver.speed_mps > 2 * 4.0 * std::max(0.0, gap))
      continue;  // cannot stop any more
    speed = std::min(speed, SafeSpeed(gap + 1.5, 0));
  }
  if (t_s < driver.paused_until_s) return 0;
  if (driver.pause_at_m >= 0)
    speed = std::min(speed, SafeSpeed(driver.pause_at_m - driver.along_m + 2, 0));
  return speed;
}

void Step(std::vector<Vehicle>& vehicles, std::vector<Driver>& drivers, const Extent& extent,
          double t_s) {
  std::vector<std::optional<simulate::MoverState>> now(vehicles.size());
  for (std::size_t i = 0; i < vehicles.size(); ++i) {
    if (drivers[i].gone || t_s < drivers[i].born_s) continue;
    now[i].emplace();
    now[i]->position = vehicles[i].route.At(drivers[i].along_m);
    now[i]->direction =
        (vehicles[i].route.At(drivers[i].along_m + 1) - now[i]->position).normalized();
  }
  for (std::size_t i = 0; i < vehicles.size(); ++i) {
    if (!now[i]) continue;
    Driver& driver = drivers[i];
    double gap, leader;
    LookAhead(vehicles, drivers, now, i, &gap, &leader);
    double speed = std::min(DesiredSpeed(vehicles[i], driver, t_s), SafeSpeed(gap, leader));
    speed = std::min(speed, std::max(0.0, (gap - 1.5) / driver.headway_s + 0.3 * leader +
                                              (gap > 3 ? 1.0 : 0.0)));
    speed = std::clamp(speed, driver.speed_mps - 5.0 * Vehicle::kStepS,
                       driver.speed_mps + driver.accelerates_mps2 * Vehicle::kStepS);
    driver.speed_mps = std::max(0.0, speed);
    if (driver.pause_at_m >= 0 && driver.speed_mps < 0.3 &&
        driver.pause_at_m - driver.along_m < 4) {
      driver.paused_until_s = t_s + driver.pause_s;
      driver.pause_at_m = -1;
      driver.speed_mps = 0;
    }
    driver.along_m += driver.speed_mps * Vehicle::kStepS;
    if (driver.along_m >= vehicles[i].route.length_m() - 8 ||
        (!extent.Holds(now[i]->position, 400))) {
      driver.gone = true;
    }
  }
}

// Where on its route it begins; negative: this route does not do. One that is there from the
// beginning passes a place on the land at about time 0; one that comes later begins outside.
double StartOn(const Route& route, const Extent& extent, bool later, double speed_mps,
               Random& random) {
  std::vector<std::size_t> inside;
  for (std::size_t k = 0; k < route.points.size(); ++k) {
    if (extent.Holds(route.points[k])) inside.push_back(k);
  }
  if (inside.size() < 40) return -1;
  if (!later) {
    const auto at = static_cast<double>(inside[random.Below(inside.size() - 20)]);
    return std::max(0.0, at - 0.6 * speed_mps * kWarmUpS);
  }
  return inside.front() == 0 ? -1
                             : std::max(0.0, static_cast<double>(inside.front()) - 2 * speed_mps);
}

void AddWalkers(const ClipPlan& plan, const Land& land, Traffic& traffic) {
  Random random(plan.seed, "walkers");
  const int count = random.Poisson(plan.people_per_km * land.street_km);
  for (int i = 0; i < count && !land.streets.empty(); ++i) {
    const Street& street = land.streets[random.Below(land.streets.size())];
    const std::size_t k = random.Below(street.points.size() - 1);
    const Eigen::Vector2d span = street.points[k + 1] - street.points[k];
    const Eigen::Vector2d along = span.normalized();
    Walker walker;
    walker.direction = random.Below(2) == 0 ? along : Eigen::Vector2d(-along);
    walker.from = street.points[k] + random.Uniform() * span +
                  (0.5 * street.width_m + random.Uniform(0.4, 1.8)) * RightOf(walker.direction);
    if (!land.extent.Holds(walker.from)) continue;
    walker.speed_mps = random.Uniform(0.9, 1.7);
    walker.length_m = random.Uniform(15, 90);
    walker.phase_m = random.Uniform(0, 2 * walker.length_m);
    const double shade = random.Uniform(40, 200);
    walker.colour =
        simulate::FromRgb(shade, shade * random.Uniform(0.7, 1), shade * random.Uniform(0.6, 1));
    traffic.walkers.push_back(walker);
  }
}

}  // namespace

Eigen::Vector2d Route::At(double along_m) const {
  if (points.size() == 1) return points.front();
  const double at = std::clamp(along_m, 0.0, length_m());
  const auto k = std::min(static_cast<std::size_t>(at), points.size() - 2);
  const double f = along_m - static_cast<double>(k);  // straight on past the ends
  return points[k] + f * (points[k + 1] - points[k]);
}

Route MakeRoute(const std::vector<Eigen::Vector2d>& corners, double radius_m, double speed_mps) {
  // Quadratic curves about the corners, then points of equal distance.
  std::vector<Eigen::Vector2d> fine;
  for (std::size_t k = 0; k < corners.size(); ++k) {
    if (k == 0 || k + 1 == corners.size()) {
      fine.push_back(corners[k]);
      continue;
    }
    const Eigen::Vector2d in = corners[k] - corners[k - 1], out = corners[k + 1] - corners[k];
    const double cut = std::min({radius_m, 0.48 * in.norm(), 0.48 * out.norm()});
    const Eigen::Vector2d a = corners[k] - cut * in.normalized(),
                          c = corners[k] + cut * out.normalized();
    for (int i = 0; i <= 12; ++i) {
      const double t = i / 12.0;
      fine.push_back((1 - t) * (1 - t) * a + 2 * t * (1 - t) * corners[k] + t * t * c);
    }
  }
  Route route;
  if (fine.empty()) return route;
  route.points.push_back(fine.front());
  double left = 1;
  for (std::size_t k = 1; k < fine.size(); ++k) {
    Eigen::Vector2d from = fine[k - 1];
    double length = (fine[k] - from).norm();
    while (length >= left) {
      from += (fine[k] - from) / length * left;
      route.points.push_back(from);
      length = (fine[k] - from).norm();
      left = 1;
    }
    left -= length;
  }
  const std::size_t n = route.points.size();
  route.limit_mps.assign(n, speed_mps);
  for (std::size_t k = 2; k + 2 < n; ++k) {
    const Eigen::Vector2d a = (route.points[k] - route.points[k - 2]).normalized(),
                          b = (route.points[k + 2] - route.points[k]).normalized();
    const double bend = std::abs(std::atan2(a.x() * b.y() - a.y() * b.x(), a.dot(b))) / 2;  // rad/m
    if (bend > 1e-3)
      route.limit_mps[k] = std::max(2.5, std::min(speed_mps, std::sqrt(kLateralMps2 / bend)));
  }
  for (std::size_t k = n; k-- > 1;) {
    const double v = route.limit_mps[k];
    route.limit_mps[k - 1] = std::min(route.limit_mps[k - 1], std::sqrt(v * v + 2 * kBrakeMps2));
  }
  return route;
}

std::optional<simulate::MoverState> Vehicle::At(double t_s) const {
  const double x = (t_s - first_s) / kStepS;
  if (x < 0 || along_m.size() < 2 || x > static_cast<double>(along_m.size() - 1))
    return std::nullopt;
  const std::size_t last = along_m.size() - 1;
  const auto k = std::min(static_cast<std::size_t>(x), last - 1);
  const double f = x - static_cast<double>(k);
  const auto at = [&](std::size_t i) { return static_cast<double>(along_m[i]); };
  // Cubic through the samples (Catmull-Rom), so that the speed has no steps.
  const double p1 = at(k), p2 = at(k + 1);
  const double p0 = k > 0 ? at(k - 1) : 2 * p1 - p2, p3 = k + 2 <= last ? at(k + 2) : 2 * p2 - p1;
  const double m1 = 0.5 * (p2 - p0), m2 = 0.5 * (p3 - p1);
  const double along =
      p1 + f * (m1 + f * (3 * (p2 - p1) - 2 * m1 - m2 + f * (2 * (p1 - p2) + m1 + m2)));
  const double speed =
      (m1 + f * (2 * (3 * (p2 - p1) - 2 * m1 - m2) + 3 * f * (2 * (p1 - p2) + m1 + m2))) / kStepS;
  // Both axles on the way: the body turns as a vehicle does.
  const double axle = 0.3 * body.length_m;
  const Eigen::Vector2d front = route.At(along + axle), rear = route.At(along - axle);
  simulate::MoverState state;
  state.direction = (front - rear).normalized();
  state.position = 0.5 * (front + rear);
  const Eigen::Vector2d next =
      0.5 * (route.At(along + axle + 0.25) + route.At(along - axle + 0.25));
  const Eigen::Vector2d before =
      0.5 * (route.At(along + axle - 0.25) + route.At(along - axle - 0.25));
  state.velocity_mps = std::max(0.0, speed) * (next - before) / 0.5;
  return state;
}

simulate::MoverState Walker::At(double t_s) const {
  const double s = std::fmod(phase_m + speed_mps * (t_s + 1000), 2 * length_m);
  const bool back = s > length_m;
  simulate::MoverState state;
  state.position = from + direction * (back ? 2 * length_m - s : s);
  state.direction = back ? Eigen::Vector2d(-direction) : direction;
  state.velocity_mps = speed_mps * state.direction;
  return state;
}

Traffic MakeTraffic(const ClipPlan& plan, const Land& land) {
  Traffic traffic;
  if (plan.is_day()) {  // looks lie too far apart for anybody to be seen twice
    AddWalkers(plan, land, traffic);
    return traffic;
  }
  Random random(plan.seed, "traffic");
  const bool town = !land.grid.x_m.empty();
  // Those that come in later keep the streets as full as at the beginning.
  const double across_s =
      (land.extent.high - land.extent.low).mean() / std::max(1.0, plan.vehicle_speed_mps);
  const double later_share = plan.duration_s / (plan.duration_s + 1.5 * across_s);
  const int count = random.Poisson(plan.vehicles_per_km * land.street_km / (1 - later_share));
  std::vector<Vehicle> vehicles;
  std::vector<Driver> drivers;
  for (int i = 0; i < count; ++i) {
    Vehicle vehicle;
    vehicle.off_road = !town && random.Uniform() < plan.off_road_share;
    vehicle.body = simulate::MakeVehicle(KindOfTraffic(vehicle.off_road, town, random), random);
    Driver driver;
    driver.wants_mps = Jerky(random, plan.vehicle_speed_mps * (vehicle.off_road ? 0.7 : 1), 2, 45);
    driver.accelerates_mps2 =
        vehicle.body.length_m > 6 ? random.Uniform(0.7, 1.2) : random.Uniform(1.3, 2.4);
    driver.headway_s = random.Uniform(1.0, 1.8);
    const bool later = random.Uniform() < later_share;
    const double born_share = random.Uniform();
    const bool pauses = random.Uniform() < plan.pause_share;
    const double pause_share = random.Uniform(), pause_s = random.Uniform(3, 15);
    driver.along_m = -1;
    for (int attempt = 0; attempt < 40 && driver.along_m < 0; ++attempt) {
      vehicle.route = town               ? TownRoute(land, driver.wants_mps, random)
                      : vehicle.off_road ? OpenLandRoute(land, driver.wants_mps, random)
                                         : RoadRoute(land, driver.wants_mps, random);
      driver.along_m = StartOn(vehicle.route, land.extent, later, driver.wants_mps, random);
    }
    if (driver.along_m < 0) continue;
    driver.born_s = later ? born_share * plan.duration_s : -kWarmUpS;
    if (pauses) {
      driver.pause_at_m =
          driver.along_m + driver.wants_mps * (kWarmUpS + pause_share * plan.duration_s) * 0.7;
      driver.pause_s = pause_s;
      if (driver.pause_at_m > vehicle.route.length_m()) driver.pause_at_m = -1;
    }
    driver.speed_mps = 0.7 * driver.wants_mps;
    bool clear = true;  // nobody begins inside somebody else
    for (std::size_t k = 0; k < vehicles.size() && clear; ++k) {
      clear =
          drivers[k].born_s != driver.born_s ||
          (vehicles[k].route.At(drivers[k].along_m) - vehicle.route.At(driver.along_m)).norm() > 14;
    }
    if (!clear) continue;
    vehicle.id = static_cast<int>(vehicles.size()) + 1;
    vehicle.first_s = std::max(0.0, std::ceil(driver.born_s / Vehicle::kStepS) * Vehicle::kStepS);
    vehicles.push_back(std::move(vehicle));
    drivers.push_back(driver);
  }
  const int steps = static_cast<int>(std::ceil((plan.duration_s + 0.5) / Vehicle::kStepS));
  for (int k = -static_cast<int>(kWarmUpS / Vehicle::kStepS); k <= steps; ++k) {
    const double t_s = k * Vehicle::kStepS;
    if (k >= 0) {
      for (std::size_t i = 0; i < vehicles.size(); ++i) {
        if (drivers[i].gone || t_s + 1e-9 < vehicles[i].first_s) continue;
        vehicles[i].along_m.push_back(static_cast<float>(drivers[i].along_m));
      }
    }
    Step(vehicles, drivers, land.extent, t_s);
  }
  std::erase_if(vehicles, [](const Vehicle& v) { return v.along_m.size() < 2; });
  traffic.vehicles = std::move(vehicles);
  AddWalkers(plan, land, traffic);
  return traffic;
}

}  // namespace trucewatch::clip
