// SPDX-License-Identifier: Apache-2.0
#include "tools/month/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/geo/geodetic.h"
#include "tools/simulate/random.h"

namespace trucewatch::tools::month {
namespace {

using Eigen::Vector2d;
using simulate::Random;

const LocalFrame& Frame() {
  static const LocalFrame frame(Geodetic::FromDegrees(30, -40, 0));
  return frame;
}

double RoadOf(Random& random) { return kRoadsM[random.Below(std::size(kRoadsM))]; }

// A straight way along a road from one edge to the other, in either direction, at one speed.
std::vector<Waypoint> AlongRoad(double road_m, double from_n, double to_n, double start_s,
                                double speed) {
  const double time_s = std::abs(to_n - from_n) / speed;
  return {{start_s, {road_m, from_n}}, {start_s + time_s, {road_m, to_n}}};
}

std::vector<ObjectClass> Classes(Random& random, int count, double trucks, double tracked) {
  std::vector<ObjectClass> out;
  for (int i = 0; i < count; ++i) {
    const double u = random.Uniform();
    out.push_back(u < tracked            ? ObjectClass::kTrackedVehicle
                  : u < tracked + trucks ? ObjectClass::kTruck
                                         : ObjectClass::kLightVehicle);
  }
  return out;
}

// Times of a Poisson process over the mission.
std::vector<double> Times(Random& random, double days, double a_day) {
  std::vector<double> out;
  for (double t = 0;;) {
    t += -std::log(1.0 - random.Uniform()) * kDayS / a_day;
    if (t >= days * kDayS - 3600.0) return out;
    out.push_back(t);
  }
}

class Maker {
 public:
  Maker(std::uint64_t seed, double days) : seed_(seed), days_(days) {}

  World Make() {
    Notified();
    Civil();
    Convoys();
    BesideTheLine();
    Aid();
    Heavy();
    Gatherings();
    SiteMoves();
    std::stable_sort(
        world_.movements.begin(), world_.movements.end(),
        [](const Movement& a, const Movement& b) { return a.start_s() < b.start_s(); });
    for (std::size_t i = 0; i < world_.movements.size(); ++i)
      world_.movements[i].id = static_cast<int>(i);
    world_.days = days_;
    return std::move(world_);
  }

 private:
  Movement& Add(Purpose purpose, int count, std::vector<ObjectClass> classes,
                std::vector<Waypoint> path) {
    Movement movement;
    movement.purpose = purpose;
    movement.count = count;
    movement.classes = std::move(classes);
    movement.path = std::move(path);
    world_.movements.push_back(std::move(movement));
    return world_.movements.back();
  }

  void Civil() {
    Random random(seed_, "civil");
    for (const double road : kRoadsM) {
      for (const double t : Times(random, days_, 100)) {
        const double way = random.Uniform() < 0.5 ? 1 : -1;
        const int count = random.Uniform() < 0.06 ? 2 + static_cast<int>(random.Below(3)) : 1;
        Add(Purpose::kCivil, count, Classes(random, count, 0.25, 0),
            AlongRoad(road, -way * kEdgeM, way * kEdgeM, t, random.Uniform(10, 18)));
      }
    }
  }

  // Through the buffer zone, or into it, a halt, and back.
  void Convoys() {
    Random random(seed_, "convoys");
    for (const double t : Times(random, days_, 10)) {
      const int count = 5 + static_cast<int>(random.Below(10));
      double road = RoadOf(random);
      // There it would be an aid convoy, or taken for the one that was notified: nobody could tell.
      if (road == kAidRoadM || (road == kNotifiedRoadM && InWindow(t))) road = 3'000;
      const double way = random.Uniform() < 0.5 ? 1 : -1;
      const double speed = random.Uniform(7, 14);
      std::vector<Waypoint> path;
      if (random.Uniform() < 0.7) {
        path = AlongRoad(road, -way * kEdgeM, way * kEdgeM, t, speed);
      } else {
        const double turn_n = random.Uniform(-600, 600);
        path = AlongRoad(road, -way * kEdgeM, turn_n, t, speed);
        const double halt_s = random.Uniform(60, 900);
        path.push_back({path.back().time_s + halt_s, path.back().en_m});
        const double back_s = path.back().time_s + std::abs(-way * kEdgeM - turn_n) / speed;
        path.push_back({back_s, {road, -way * kEdgeM}});
      }
      Add(Purpose::kConvoy, count, Classes(random, count, 0.6, 0.1), std::move(path)).spacing_m =
          random.Uniform(30, 60);
    }
  }

  // As large as any convoy, along the zone's edge and never inside.
  void BesideTheLine() {
    Random random(seed_, "beside");
    for (const double t : Times(random, days_, 4)) {
      const int count = 5 + static_cast<int>(random.Below(6));
      const double side = random.Uniform() < 0.5 ? 1 : -1;
      const double north_m = side * (kBufferM + random.Uniform(60, 500));
      const double way = random.Uniform() < 0.5 ? 1 : -1;
      const double east_m = random.Uniform(-12'000, 12'000);
      const double speed = random.Uniform(8, 14);
      Add(Purpose::kBesideTheLine, count, Classes(random, count, 0.6, 0.0),
          {{t, {east_m - way * 6'000, north_m}},
           {t + 12'000 / speed, {east_m + way * 6'000, north_m}}});
    }
  }

  void Notified() {
    Random random(seed_, "notified");
    int number = 0;
    for (const double t : Times(random, days_, 0.7)) {
      const int count = 5 + static_cast<int>(random.Below(4));
      auto path = AlongRoad(kNotifiedRoadM, -kEdgeM, kEdgeM, t, random.Uniform(8, 12));
      Movement& movement =
          Add(Purpose::kNotified, count, Classes(random, count, 0.8, 0), std::move(path));
      movement.notified = fmt::format("N{}", ++number);
    }
  }

  // Of a notified movement, as the agreement has it, and the time it takes to cross.
  bool InWindow(double time_s) const {
    return std::any_of(world_.movements.begin(), world_.movements.end(), [&](const Movement& m) {
      return !m.notified.empty() && time_s > m.start_s() - 4'000 && time_s < m.end_s() + 900;
    });
  }

  void Aid() {
    Random random(seed_, "aid");
    for (const double t : Times(random, days_, 4)) {
      const int count = 4 + static_cast<int>(random.Below(5));
      const double way = random.Uniform() < 0.5 ? 1 : -1;
      Add(Purpose::kAid, count, Classes(random, count, 0.9, 0),
          AlongRoad(kAidRoadM, -way * kEdgeM, way * kEdgeM, t, random.Uniform(9, 14)));
    }
  }

  // Tracked vehicles nearer to the line than they may be.
  void Heavy() {
    Random random(seed_, "heavy");
    for (const double t : Times(random, days_, 4)) {
      const int count = 1 + static_cast<int>(random.Below(3));
      const double side = random.Uniform() < 0.5 ? 1 : -1;
      const double road = RoadOf(random);
      const double turn_n = side * random.Uniform(1'500, 5'000);
      const double speed = random.Uniform(5, 9);
      auto path = AlongRoad(road, side * kEdgeM, turn_n, t, speed);
      path.push_back({path.back().time_s + random.Uniform(30, 120), path.back().en_m});
      path.push_back(
          {path.back().time_s + (kEdgeM - std::abs(turn_n)) / speed, {road, side * kEdgeM}});
      Add(Purpose::kHeavy, count,
          std::vector<ObjectClass>(static_cast<std::size_t>(count), ObjectClass::kTrackedVehicle),
          std::move(path));
    }
  }

  void Gatherings() {
    Random random(seed_, "gatherings");
    for (const double t : Times(random, days_, 7)) {
      const bool large = random.Uniform() < 0.45;
      const int count =
          large ? 22 + static_cast<int>(random.Below(40)) : 6 + static_cast<int>(random.Below(12));
      const Vector2d place(random.Uniform(-17'000, 17'000), random.Uniform(-850, 850));
      Add(Purpose::kGathering, count, {ObjectClass::kPersonGroup},
          {{t, place}, {t + random.Uniform(1'200, 5'400), place}});
    }
  }

  void SiteMoves() {
    Random random(seed_, "sites");
    for (std::size_t s = 0; s < Sites().size(); ++s) {
      for (const double t : Times(random, days_, 0.35)) {
        SiteMove move;
        move.site = static_cast<int>(s);
        move.time_s = t;
        // Some are one vehicle fetched for repair; the clause begins with three.
        const int count = random.Uniform() < 0.4 ? 1 : 3 + static_cast<int>(random.Below(6));
        (random.Uniform() < 0.7 ? move.left : move.came) = count;
        world_.site_moves.push_back(move);
      }
    }
    std::stable_sort(world_.site_moves.begin(), world_.site_moves.end(),
                     [](const SiteMove& a, const SiteMove& b) { return a.time_s < b.time_s; });
  }

  std::uint64_t seed_;
  double days_;
  World world_;
};

std::string Points(const char* name, const std::vector<Vector2d>& places) {
  std::string out;
  for (const Vector2d& en : places) {
    const Geodetic place = Place(en);
    out += fmt::format("  {} {{ lat_deg: {:.8f} lon_deg: {:.8f} }}\n", name, place.latitude.deg(),
                       place.longitude.deg());
  }
  return out;
}

std::string ZoneText(const std::string& id, const std::string& name, const char* side, double west,
                     double east, double south, double north) {
  return fmt::format(
      "zone {{\n  id: \"{}\"\n  name: \"{}\"\n  side: {}\n{}}}\n", id, name, side,
      Points("vertex", {{west, south}, {east, south}, {east, north}, {west, north}}));
}

std::string RuleText(const std::string& id, const std::string& clause, const char* kind,
                     const std::string& zone, const char* object_class, int count,
                     double candidate_s, double verified_s, const std::string& more = "") {
  return fmt::format(
      "rule {{\n  id: \"{}\"\n  clause: \"{}\"\n  kind: {}\n  zone: \"{}\"\n  object_class: {}\n  "
      "min_count: {}\n"
      "  candidate {{ min_probability: 0.8 min_duration_s: {} }}\n  verified {{ min_probability: "
      "0.95 min_duration_s: {} }}\n{}}}\n",
      id, clause, kind, zone, object_class, count, candidate_s, verified_s, more);
}

}  // namespace

Instant MissionStart() { return *ParseUtc("2026-03-01T00:00:00Z"); }
Instant At(double seconds) { return MissionStart() + Duration::FromSeconds(seconds); }
Geodetic Place(const Vector2d& en_m) {
  Geodetic place = Frame().GeodeticFromEnu({en_m.x(), en_m.y(), 0});
  place.height_hae_m = 0;
  return place;
}

double Movement::radius_m() const { return 4.0 + 1.6 * std::sqrt(static_cast<double>(count)); }

State StateOf(const Movement& movement, int k, double time_s) {
  // Way along the path of the first vehicle, then back by this one's place in the column.
  const auto& path = movement.path;
  double way = 0;
  double speed = 0;
  for (std::size_t i = 0; i + 1 < path.size() && time_s > path[i].time_s; ++i) {
    const double length = (path[i + 1].en_m - path[i].en_m).norm();
    const double part =
        std::min(1.0, (time_s - path[i].time_s) / (path[i + 1].time_s - path[i].time_s));
    way += part * length;
    speed = part < 1.0 ? length / (path[i + 1].time_s - path[i].time_s) : 0.0;
  }
  const double mine = way - k * movement.spacing_m;
  State state;
  if (mine <= 0) {
    // Not yet on the road: it waits behind the edge, where nobody looks.
    state.en_m = path.front().en_m;
    if (path.size() < 2 || (path[1].en_m - path[0].en_m).norm() < 1e-9) return state;
    state.en_m += mine * (path[1].en_m - path[0].en_m).normalized();
    if (speed > 0) state.velocity_mps = speed * (path[1].en_m - path[0].en_m).normalized();
    return state;
  }
  double left = mine;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    const Vector2d leg = path[i + 1].en_m - path[i].en_m;
    const double length = leg.norm();
    if (length < 1e-9) continue;
    if (left <= length) {
      state.en_m = path[i].en_m + left / length * leg;
      state.velocity_mps = speed / length * leg;
      return state;
    }
    left -= length;
  }
  state.en_m = path.back().en_m;
  return state;
}

const std::vector<Site>& Sites() {
  static const std::vector<Site> sites = {{"site_a1", {-12'000, 12'000}},
                                          {"site_a2", {10'000, 14'000}},
                                          {"site_b1", {-8'000, -13'000}},
                                          {"site_b2", {13'000, -12'000}}};
  return sites;
}

World MakeWorld(std::uint64_t seed, double days) { return Maker(seed, days).Make(); }

std::string AgreementText(const World& world) {
  std::string text =
      "# Thirty days on the exercise plain; made by the simulator, with the notifications of its "
      "world.\n"
      "title: \"Ceasefire of thirty days (exercise)\"\nedition: \"1, 2026-02-20\"\n"
      "party { side: A name: \"North\" }\nparty { side: B name: \"South\" }\n"
      "phase { id: \"truce\" start_utc: \"2026-02-28T00:00:00Z\" end_utc: \"2026-05-01T00:00:00Z\" "
      "}\n"
      "map_sigma_m: 5\nmin_group_size: 4\n"
      "class_share { object_class: LIGHT_VEHICLE share: 0.66 }\n"
      "class_share { object_class: TRUCK share: 0.32 }\n"
      "class_share { object_class: TRACKED_VEHICLE share: 0.02 }\n";
  text +=
      ZoneText("buffer", "Buffer zone", "NEITHER", -kHalfWidthM, kHalfWidthM, -kBufferM, kBufferM);
  text += ZoneText("area_a", "Area of side North", "A", -kHalfWidthM, kHalfWidthM, kBufferM,
                   kWithdrawalM);
  text += ZoneText("area_b", "Area of side South", "B", -kHalfWidthM, kHalfWidthM, -kWithdrawalM,
                   -kBufferM);
  for (const Site& site : Sites())
    text += ZoneText(site.id, "Storage site " + site.id, site.id[5] == 'a' ? "A" : "B",
                     site.en_m.x() - kSiteHalfM, site.en_m.x() + kSiteHalfM,
                     site.en_m.y() - kSiteHalfM, site.en_m.y() + kSiteHalfM);
  for (const Movement& movement : world.movements) {
    if (movement.notified.empty()) continue;
    text += fmt::format(
        "notified_movement {{\n  id: \"{}\"\n  reference: \"letter {}\"\n  side: B\n  "
        "window_start_utc: \"{}\"\n"
        "  window_end_utc: \"{}\"\n{}  width_m: 400\n  min_count: {}\n  max_count: {}\n  "
        "object_class: LIGHT_VEHICLE\n"
        "  object_class: TRUCK\n}}\n",
        movement.notified, movement.notified, FormatUtc(At(std::floor(movement.start_s()) - 300)),
        FormatUtc(At(std::floor(movement.end_s()) + 900)),
        Points("route", {{kNotifiedRoadM, -kEdgeM}, {kNotifiedRoadM, kEdgeM}}),
        std::max(3, movement.count - 3), movement.count + 3);
  }
  text += fmt::format(
      "permitted_corridor {{\n  id: \"aid_road\"\n  clause: \"Clause 6\"\n{}  width_m: 300\n  "
      "max_count: 14\n"
      "  object_class: LIGHT_VEHICLE\n  object_class: TRUCK\n}}\n",
      Points("route", {{kAidRoadM, -kEdgeM}, {kAidRoadM, kEdgeM}}));
  text += RuleText(
      "no_convoys",
      "Clause 5: Neither side shall move groups of five or more vehicles in the buffer zone.",
      "GROUP_IN_ZONE", "buffer", "ANY_VEHICLE", 5, 3, 10);
  for (const char* side : {"a", "b"})
    text += RuleText(fmt::format("heavy_{}", side),
                     "Clause 8: Tracked vehicles stay behind the withdrawal line.",
                     "VEHICLE_IN_ZONE", fmt::format("area_{}", side), "TRACKED_VEHICLE", 1, 10, 30);
  text += RuleText("gatherings",
                   "Clause 10: Gatherings of twenty or more people are made known to both sides.",
                   "CONCENTRATION", "buffer", "PEOPLE", 20, 10, 30, "  radius_m: 60\n");
  for (const Site& site : Sites())
    text += RuleText("moved_" + site.id,
                     "Clause 9: Vehicles neither leave the storage sites nor come to them.",
                     "SITE_CHANGED", site.id, "ANY_VEHICLE", 3, 0, 0);
  text +=
      "corroboration {\n  breaking_ancestor: SENSOR\n  breaking_ancestor: PLATFORM\n  "
      "breaking_ancestor: STATION\n"
      "  breaking_ancestor: CLOCK\n  breaking_ancestor: GEOREFERENCE\n  breaking_ancestor: MODEL\n"
      "  breaking_ancestor: DERIVED_FROM\n  min_updates: 3\n  recent_s: 10\n  human_radius_m: 400\n"
      "  human_recent_s: 86400\n  member_share_ratio: 0.5\n}\n"
      "event_identity {\n  distance_m: 500\n  velocity_mps: 5\n  acceleration_mps2: 0.2\n  "
      "reopen_s: 300\n}\n"
      "notification {\n  min_probability: 0.7\n  recognise_s: 5\n  leave_s: 10\n}\n";
  return text;
}

}  // namespace trucewatch::tools::month
