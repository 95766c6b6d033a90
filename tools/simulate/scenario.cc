// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/scenario.h"

#include <cmath>
#include <filesystem>
#include <set>

#include "core/config/mission_config.h"
#include "core/config/text_config.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;

std::string Item(const char* name, int i) { return fmt::format("{}[{}]", name, i); }

void CheckPoint(const std::string& path, const config::PointEn& point, double extent_m,
                ConfigProblems& problems) {
  problems.Range(path + ".east_m", point.east_m(), -extent_m, extent_m);
  problems.Range(path + ".north_m", point.north_m(), -extent_m, extent_m);
}

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

void CheckDrone(const config::Scenario& s, const std::set<std::string>& convoys,
                ConfigProblems& problems) {
  const auto& drone = s.drone();
  const std::string path = "drone";
  problems.Required("drone.source_id", drone.source_id());
  problems.Required("drone.platform", drone.platform());
  if (drone.mission_id().find("EXERCISE") == std::string::npos) {
    problems.Add("drone.mission_id", "must say EXERCISE: what is simulated is marked everywhere");
  }
  problems.Range("drone.width_px", drone.width_px(), 64, 3840);
  problems.Range("drone.height_px", drone.height_px(), 64, 2160);
  if (drone.width_px() % 2 != 0) problems.Add("drone.width_px", "must be even");
  if (drone.height_px() % 2 != 0) problems.Add("drone.height_px", "must be even");
  problems.Range("drone.frames_per_second", drone.frames_per_second(), 1, 60);
  problems.Range("drone.crf", drone.crf(), 15, 40);
  problems.Range("drone.horizontal_fov_deg", drone.horizontal_fov_deg(), 0.5, 90);
  CheckPoint("drone.orbit_centre", drone.orbit_centre(), 2 * s.half_extent_m(), problems);
  problems.Range("drone.orbit_radius_m", drone.orbit_radius_m(), 50, 20000);
  problems.Range("drone.orbit_start_deg", drone.orbit_start_deg(), 0, 360);
  problems.Range("drone.height_above_ground_m", drone.height_above_ground_m(), 50, 12000);
  problems.Range("drone.speed_mps", drone.speed_mps(), 5, 250);
  problems.Range("drone.slew_s", drone.slew_s(), 0.1, 60);
  problems.Range("drone.position_bias_m", drone.position_bias_m(), 0, 100);
  problems.Range("drone.position_noise_m", drone.position_noise_m(), 0, 100);
  problems.Range("drone.angle_bias_deg", drone.angle_bias_deg(), 0, 5);
  problems.Range("drone.angle_noise_deg", drone.angle_noise_deg(), 0, 5);
  if (drone.stare_size() == 0 || drone.stare(0).time_s() != 0) {
    problems.Add("drone.stare", "the first must have time_s: 0");
  }
  for (int i = 0; i < drone.stare_size(); ++i) {
    const auto& stare = drone.stare(i);
    const std::string item = "drone." + Item("stare", i);
    if (i > 0 && stare.time_s() < drone.stare(i - 1).time_s() + drone.slew_s()) {
      problems.Add(item + ".time_s", "must come at least slew_s after the one before");
    }
    if (!stare.follow().empty() && !convoys.contains(stare.follow())) {
      problems.Add(item + ".follow", "no convoy has the id \"" + stare.follow() + "\"");
    }
    CheckPoint(item + ".point", stare.point(), s.half_extent_m(), problems);
  }
}

void CheckRadar(const config::Scenario& s, ConfigProblems& problems) {
  const auto& radar = s.radar();
  problems.Required("radar.source_id", radar.source_id());
  if (radar.platform().empty() || radar.platform().size() > 10) {
    problems.Add("radar.platform", "must have 1 to 10 characters (STANAG 4607 field P8)");
  }
  CheckPoint("radar.position", radar.position(), 100'000, problems);
  problems.Range("radar.height_above_ground_m", radar.height_above_ground_m(), 1, 20000);
  problems.Range("radar.scan_period_s", radar.scan_period_s(), 0.1, 600);
  problems.Range("radar.boresight_deg", radar.boresight_deg(), 0, 360);
  problems.Range("radar.sector_half_deg", radar.sector_half_deg(), 1, 89);
  problems.Range("radar.min_range_m", radar.min_range_m(), 10, 200'000);
  problems.Range("radar.max_range_m", radar.max_range_m(), radar.min_range_m() + 100, 200'000);
  problems.Range("radar.sigma_range_m", radar.sigma_range_m(), 0.01, 600);
  problems.Range("radar.sigma_azimuth_deg", radar.sigma_azimuth_deg(), 0.001, 10);
  problems.Range("radar.sigma_range_rate_mps", radar.sigma_range_rate_mps(), 0.01, 50);
  problems.Range("radar.detection_probability", radar.detection_probability(), 0, 1);
  problems.Range("radar.min_detectable_speed_mps", radar.min_detectable_speed_mps(), 0, 25);
  problems.Range("radar.false_alarms_per_km2", radar.false_alarms_per_km2(), 0, 1);
}

Result<void> Check(const config::Scenario& s, const std::string& path, const FieldLines& lines) {
  ConfigProblems problems(path, lines);
  problems.Range("duration_s", s.duration_s(), 1, 3600);
  problems.Range("half_extent_m", s.half_extent_m(), 100, 50'000);
  problems.Range("look.sun_azimuth_deg", s.look().sun_azimuth_deg(), 0, 360);
  problems.Range("look.sun_elevation_deg", s.look().sun_elevation_deg(), 5, 85);
  problems.Range("look.texel_m", s.look().texel_m(), 0.1, 10);
  if (s.mission().status() != config::EXERCISE) {
    problems.Add("mission.status", "must be EXERCISE: what is simulated is marked everywhere");
  }
  if (!ParseUtc(s.mission().start_utc())) {
    problems.Add("mission.start_utc", "must be a UTC time such as 2026-03-01T12:00:00Z");
  }
  problems.Range("mission.origin_lat_deg", s.mission().origin_lat_deg(), -80, 80);
  problems.Range("mission.origin_lon_deg", s.mission().origin_lon_deg(), -180, 180);
  problems.Range("mission.origin_height_hae_m", s.mission().origin_height_hae_m(), -400, 8000);
  const auto roads = CheckRoads(s, problems);
  const auto convoys = CheckMovers(s, roads, problems);
  CheckDrone(s, convoys, problems);
  CheckRadar(s, problems);
  for (int i = 0; i < s.expected_size(); ++i) {
    const std::string item = Item("expected", i);
    if (s.expected(i).expect() == config::ExpectedEvent::EXPECT_UNSPECIFIED) {
      problems.Add(item + ".expect", "must be VERIFIED or NOTIFIED");
    }
    if (!convoys.contains(s.expected(i).convoy())) {
      problems.Add(item + ".convoy", "no convoy has the id \"" + s.expected(i).convoy() + "\"");
    }
  }
  return problems.ToResult();
}

}  // namespace

Result<Scenario> LoadScenario(const std::string& path, std::optional<std::uint64_t> seed) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  Scenario scenario;
  FieldLines lines;
  TW_RETURN_IF_ERROR(ParseTextConfig(text, path, &scenario.config, &lines));
  TW_RETURN_IF_ERROR(Check(scenario.config, path, lines));
  if (!scenario.config.agreement_file().empty()) {
    const auto agreement =
        std::filesystem::path(path).parent_path() / scenario.config.agreement_file();
    TW_ASSIGN_OR_RETURN(scenario.agreement_text, ReadTextFile(agreement.string()));
  }
  scenario.seed = seed.value_or(scenario.config.seed());
  scenario.start = *ParseUtc(scenario.config.mission().start_utc());
  const auto& mission = scenario.config.mission();
  scenario.origin = Geodetic::FromDegrees(mission.origin_lat_deg(), mission.origin_lon_deg(),
                                          mission.origin_height_hae_m());
  return scenario;
}

}  // namespace trucewatch::simulate
