// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/scenario.h"
#include "tools/simulate/scenario_check.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;

// Ids must be there and differ; what `kind` names them is for the message.
void CheckId(const std::string& path, const std::string& id, std::set<std::string>& seen,
             ConfigProblems& problems) {
  if (id.empty()) problems.Add(path + ".id", "is required");
  if (!seen.insert(id).second) problems.Add(path + ".id", "\"" + id + "\" is used twice");
}

void CheckKinds(const std::string& path, const google::protobuf::RepeatedField<int>& kinds,
                ConfigProblems& problems) {
  if (kinds.empty()) problems.Add(path + ".kind", "needs at least one vehicle kind");
  for (const int kind : kinds) {
    if (kind == config::Vehicle::KIND_UNSPECIFIED) problems.Add(path + ".kind", "is unspecified");
  }
}

void CheckSpeeds(const std::string& path, double low, double high, ConfigProblems& problems) {
  problems.Range(path + ".min_speed_mps", low, 0.5, 60);
  problems.Range(path + ".max_speed_mps", high, low, 60);
}

std::set<std::string> CheckRoads(const config::Scenario& s, ConfigProblems& problems) {
  std::set<std::string> ids;
  for (int i = 0; i < s.road_size(); ++i) {
    const auto& road = s.road(i);
    const std::string path = Item("road", i);
    CheckId(path, road.id(), ids, problems);
    problems.Range(path + ".width_m", road.width_m(), 2, 40);
    if (road.point_size() < 2) problems.Add(path, "needs at least two points");
    for (int k = 0; k < road.point_size(); ++k) {
      CheckPoint(path + "." + Item("point", k), road.point(k), 2 * s.half_extent_m(), problems);
      if (k > 0 && (ToVector(road.point(k)) - ToVector(road.point(k - 1))).norm() < 1) {
        problems.Add(path + "." + Item("point", k), "is less than 1 m from the one before");
      }
    }
  }
  return ids;
}

// Answers with the ids of the convoys.
std::set<std::string> CheckMovers(const config::Scenario& s, const std::set<std::string>& roads,
                                  ConfigProblems& problems) {
  std::set<std::string> convoys;
  const auto need_road = [&](const std::string& path, const std::string& road) {
    if (!roads.contains(road)) problems.Add(path, "no road has the id \"" + road + "\"");
  };
  for (int i = 0; i < s.convoy_size(); ++i) {
    const auto& convoy = s.convoy(i);
    const std::string path = Item("convoy", i);
    CheckId(path, convoy.id(), convoys, problems);
    need_road(path + ".road", convoy.road());
    problems.Range(path + ".count", convoy.count(), 1, 100);
    problems.Range(path + ".spacing_m", convoy.spacing_m(), 12, 1000);
    problems.Range(path + ".spacing_jitter_m", convoy.spacing_jitter_m(), 0,
                   0.25 * convoy.spacing_m());
    CheckSpeeds(path, convoy.min_speed_mps(), convoy.max_speed_mps(), problems);
    CheckPoint(path + ".pass", convoy.pass(), 2 * s.half_extent_m(), problems);
    problems.Range(path + ".pass_time_s", convoy.pass_time_s(), -7200, 7200);
    problems.Range(path + ".pass_jitter_s", convoy.pass_jitter_s(), 0, 600);
    CheckKinds(path, convoy.kind(), problems);
  }
  for (int i = 0; i < s.civilian_size(); ++i) {
    const auto& traffic = s.civilian(i);
    const std::string path = Item("civilian", i);
    for (const auto& road : traffic.road()) need_road(path + ".road", road);
    problems.Range(path + ".vehicles_per_hour", traffic.vehicles_per_hour(), 0, 2000);
    problems.Range(path + ".min_headway_m", traffic.min_headway_m(), 15, 5000);
    CheckSpeeds(path, traffic.min_speed_mps(), traffic.max_speed_mps(), problems);
    CheckKinds(path, traffic.kind(), problems);
  }
  for (int i = 0; i < s.walking_size(); ++i) {
    const auto& walking = s.walking(i);
    const std::string path = Item("walking", i);
    CheckPoint(path + ".start", walking.start(), s.half_extent_m(), problems);
    problems.Range(path + ".heading_deg", walking.heading_deg(), 0, 360);
    problems.Range(path + ".speed_mps", walking.speed_mps(), 0, 3);
    problems.Range(path + ".min_count", walking.min_count(), 2, 200);
    problems.Range(path + ".max_count", walking.max_count(), walking.min_count(), 200);
  }
  for (int i = 0; i < s.village_size(); ++i) {
    const std::string path = Item("village", i);
    CheckPoint(path + ".centre", s.village(i).centre(), s.half_extent_m(), problems);
    problems.Range(path + ".radius_m", s.village(i).radius_m(), 20, 2000);
    problems.Range(path + ".buildings", s.village(i).buildings(), 0, 2000);
  }
  return convoys;
}

// Gatherings and storage sites; their ids join those of the convoys.
void CheckStandingThings(const config::Scenario& s, std::set<std::string>& groups,
                         ConfigProblems& problems) {
  for (int i = 0; i < s.gathering_size(); ++i) {
    const auto& gathering = s.gathering(i);
    const std::string path = Item("gathering", i);
    CheckId(path, gathering.id(), groups, problems);
    CheckPoint(path + ".centre", gathering.centre(), s.half_extent_m(), problems);
    problems.Range(path + ".radius_m", gathering.radius_m(), 3, 100);
    problems.Range(path + ".min_count", gathering.min_count(), 2, 500);
    problems.Range(path + ".max_count", gathering.max_count(), gathering.min_count(), 500);
    problems.Range(path + ".start_s", gathering.start_s(), -3600, 3600);
    problems.Range(path + ".spread_s", gathering.spread_s(), 0, 3600);
    problems.Range(path + ".approach_m", gathering.approach_m(), gathering.radius_m() + 1, 500);
    problems.Range(path + ".min_speed_mps", gathering.min_speed_mps(), 0.3, 3);
    problems.Range(path + ".max_speed_mps", gathering.max_speed_mps(), gathering.min_speed_mps(),
                   3);
  }
  for (int i = 0; i < s.storage_site_size(); ++i) {
    const auto& site = s.storage_site(i);
    const std::string path = Item("storage_site", i);
    CheckId(path, site.id(), groups, problems);
    CheckPoint(path + ".centre", site.centre(), s.half_extent_m(), problems);
    problems.Range(path + ".row_heading_deg", site.row_heading_deg(), 0, 360);
    problems.Range(path + ".rows", site.rows(), 1, 20);
    problems.Range(path + ".vehicles_per_row", site.vehicles_per_row(), 1, 50);
    problems.Range(path + ".vehicle_spacing_m", site.vehicle_spacing_m(), 4, 100);
    problems.Range(path + ".row_spacing_m", site.row_spacing_m(), 8, 200);
    problems.Range(path + ".leaving", site.leaving(), 0, site.rows() * site.vehicles_per_row());
    problems.Range(path + ".left_s", site.left_s(), -86'400, 86'400);
    CheckKinds(path, site.kind(), problems);
  }
}

}  // namespace

void CheckPoint(const std::string& path, const config::PointEn& point, double extent_m,
                ConfigProblems& problems) {
  problems.Range(path + ".east_m", point.east_m(), -extent_m, extent_m);
  problems.Range(path + ".north_m", point.north_m(), -extent_m, extent_m);
}

std::set<std::string> CheckThings(const config::Scenario& s, std::set<std::string>& groups,
                                  ConfigProblems& problems) {
  const auto roads = CheckRoads(s, problems);
  const auto convoys = CheckMovers(s, roads, problems);
  groups = convoys;
  CheckStandingThings(s, groups, problems);
  return convoys;
}

}  // namespace trucewatch::simulate
