// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "tools/simulate/scenario.h"
#include "tools/simulate/scenario_check.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;

// What becomes the name of a file or a key.
bool IsFileName(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

void CheckDrone(const config::Scenario& s, int index, const std::set<std::string>& convoys,
                ConfigProblems& problems) {
  const auto& drone = s.drone(index);
  const std::string path = Item("drone", index);
  problems.Required(path + ".source_id", drone.source_id());
  problems.Required(path + ".platform", drone.platform());
  problems.Required(path + ".station", drone.station());
  if (drone.mission_id().find("EXERCISE") == std::string::npos) {
    problems.Add(path + ".mission_id", "must say EXERCISE: what is simulated is marked everywhere");
  }
  problems.Range(path + ".width_px", drone.width_px(), 64, 3840);
  problems.Range(path + ".height_px", drone.height_px(), 64, 2160);
  if (drone.width_px() % 2 != 0) problems.Add(path + ".width_px", "must be even");
  if (drone.height_px() % 2 != 0) problems.Add(path + ".height_px", "must be even");
  problems.Range(path + ".frames_per_second", drone.frames_per_second(), 1, 60);
  problems.Range(path + ".crf", drone.crf(), 15, 40);
  problems.Range(path + ".horizontal_fov_deg", drone.horizontal_fov_deg(), 0.5, 90);
  CheckPoint(path + ".orbit_centre", drone.orbit_centre(), 2 * s.half_extent_m(), problems);
  problems.Range(path + ".orbit_radius_m", drone.orbit_radius_m(), 0, 20000);
  problems.Range(path + ".orbit_start_deg", drone.orbit_start_deg(), 0, 360);
  problems.Range(path + ".height_above_ground_m", drone.height_above_ground_m(), 20, 12000);
  problems.Range(path + ".speed_mps", drone.speed_mps(), 0, 250);
  problems.Range(path + ".operator_wander_m", drone.operator_wander_m(), 0, 50);
  if (drone.texel_m() != 0) problems.Range(path + ".texel_m", drone.texel_m(), 0.02, 10);
  problems.Range(path + ".slew_s", drone.slew_s(), 0.1, 60);
  problems.Range(path + ".position_bias_m", drone.position_bias_m(), 0, 100);
  problems.Range(path + ".position_noise_m", drone.position_noise_m(), 0, 100);
  problems.Range(path + ".angle_bias_deg", drone.angle_bias_deg(), 0, 5);
  problems.Range(path + ".angle_noise_deg", drone.angle_noise_deg(), 0, 5);
  if (drone.stare_size() == 0 || drone.stare(0).time_s() != 0) {
    problems.Add(path + ".stare", "the first must have time_s: 0");
  }
  for (int i = 0; i < drone.stare_size(); ++i) {
    const auto& stare = drone.stare(i);
    const std::string item = path + "." + Item("stare", i);
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
  problems.Required("radar.station", radar.station());
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
  problems.Range("radar.class_right_probability", radar.class_right_probability(), 0, 1);
  for (int i = 0; i < radar.outage_size(); ++i) {
    const std::string item = "radar." + Item("outage", i);
    problems.Range(item + ".start_s", radar.outage(i).start_s(), 0, s.duration_s());
    problems.Range(item + ".end_s", radar.outage(i).end_s(), radar.outage(i).start_s(),
                   s.duration_s());
  }
}

void CheckGroundRadar(const config::Scenario& s, ConfigProblems& problems) {
  const auto& radar = s.ground_radar();
  const auto range = [&](const char* field, double value, double low, double high) {
    problems.Range(std::string("ground_radar.") + field, value, low, high);
  };
  problems.Required("ground_radar.source_id", radar.source_id());
  problems.Required("ground_radar.platform", radar.platform());
  problems.Required("ground_radar.station", radar.station());
  if (radar.category() == config::GroundRadarConfig::CATEGORY_UNSPECIFIED) {
    problems.Add("ground_radar.category", "must be CAT010 or CAT048");
  }
  CheckPoint("ground_radar.position", radar.position(), 2 * s.half_extent_m(), problems);
  range("height_above_ground_m", radar.height_above_ground_m(), 1, 500);
  range("scan_period_s", radar.scan_period_s(), 0.25, 60);
  range("min_range_m", radar.min_range_m(), 0, 50'000);
  range("max_range_m", radar.max_range_m(), radar.min_range_m() + 10, 60'000);
  range("sigma_range_m", radar.sigma_range_m(), 0.1, 500);
  range("sigma_azimuth_deg", radar.sigma_azimuth_deg(), 0.01, 10);
  range("sigma_speed_mps", radar.sigma_speed_mps(), 0.01, 20);
  range("detection_probability", radar.detection_probability(), 0, 1);
  range("min_detectable_speed_mps", radar.min_detectable_speed_mps(), 0, 25);
  range("false_alarms_per_km2", radar.false_alarms_per_km2(), 0, 10);
  range("sac", radar.sac(), 0, 255);
  range("sic", radar.sic(), 0, 255);
  if (!ParseUdp(radar.udp())) {
    problems.Add("ground_radar.udp", "must be an IPv4 address and a port: \"239.1.1.1:8600\"");
  }
}

void CheckSatellite(const config::Scenario& s, ConfigProblems& problems) {
  const auto& satellite = s.satellite();
  problems.Required("satellite.source_id", satellite.source_id());
  problems.Required("satellite.platform", satellite.platform());
  problems.Required("satellite.station", satellite.station());
  CheckPoint("satellite.centre", satellite.centre(), s.half_extent_m(), problems);
  problems.Range("satellite.width_m", satellite.width_m(), 50, 5000);
  problems.Range("satellite.height_m", satellite.height_m(), 50, 5000);
  problems.Range("satellite.resolution_m", satellite.resolution_m(), 0.2, 30);
  problems.Range("satellite.georeference_sigma_m", satellite.georeference_sigma_m(), 0, 50);
  problems.Range("satellite.noise", satellite.noise(), 0, 40);
  problems.Range("satellite.detection_probability", satellite.detection_probability(), 0, 1);
  std::set<std::string> ids;
  for (int i = 0; i < satellite.pass_size(); ++i) {
    const auto& pass = satellite.pass(i);
    const std::string item = "satellite." + Item("pass", i);
    if (pass.id().rfind("EXERCISE", 0) != 0 || !IsFileName(pass.id()) ||
        !ids.insert(pass.id()).second) {
      problems.Add(item + ".id",
                   "must start with EXERCISE, be letters, digits, '-', '_', and differ");
    }
    problems.Range(item + ".acquired_s", pass.acquired_s(), -86'400, s.duration_s());
    problems.Range(item + ".delivered_s", pass.delivered_s(), std::max(0.0, pass.acquired_s()),
                   s.duration_s());
    problems.Range(item + ".sun_azimuth_deg", pass.sun_azimuth_deg(), 0, 360);
    problems.Range(item + ".sun_elevation_deg", pass.sun_elevation_deg(), 5, 85);
    problems.Range(item + ".gain", pass.gain(), 0.5, 2);
  }
}

void CheckHuman(const config::Scenario& s, const std::set<std::string>& convoys,
                ConfigProblems& problems) {
  const auto& human = s.human();
  problems.Required("human.source_id", human.source_id());
  problems.Required("human.platform", human.platform());
  problems.Required("human.station", human.station());
  std::set<std::string> ids;
  for (int i = 0; i < human.note_size(); ++i) {
    const auto& note = human.note(i);
    const std::string item = "human." + Item("note", i);
    if (!IsFileName(note.record_id()) || !ids.insert(note.record_id()).second) {
      problems.Add(item + ".record_id", "must be letters, digits, '-', '_', and differ");
    }
    if (!IsFileName(note.author())) problems.Add(item + ".author", "is no name of a key");
    if (!note.follow().empty() && !convoys.contains(note.follow())) {
      problems.Add(item + ".follow", "no convoy has the id \"" + note.follow() + "\"");
    }
    CheckPoint(item + ".place", note.place(), 2 * s.half_extent_m(), problems);
    problems.Range(item + ".place_error_m", note.place_error_m(), 0, 1000);
    problems.Range(item + ".reported_s", note.reported_s(), 0, s.duration_s());
  }
}

void CheckHub(const config::Scenario& s, ConfigProblems& problems) {
  problems.Required("hub.station_endpoint", s.hub().station_endpoint());
  problems.Required("hub.subscriber_endpoint", s.hub().subscriber_endpoint());
  problems.Range("hub.late_after_s", s.hub().late_after_s(), 0.1, 86'400);
  std::set<std::string> ids;
  for (int i = 0; i < s.hub().station_size(); ++i) {
    const auto& station = s.hub().station(i);
    if (!IsFileName(station.id()) || !ids.insert(station.id()).second) {
      problems.Add("hub." + Item("station", i) + ".id", "must be a name of its own");
    }
  }
  const auto need = [&](const char* field, const std::string& station) {
    if (ids.contains(station)) return;
    problems.Add(field, "'" + station + "' is no station of the hub");
  };
  for (const auto& drone : s.drone()) need("drone.station", drone.station());
  need("radar.station", s.radar().station());
  if (s.has_ground_radar()) need("ground_radar.station", s.ground_radar().station());
  if (s.has_satellite()) need("satellite.station", s.satellite().station());
  if (s.has_human()) need("human.station", s.human().station());
  for (const auto& subscriber : s.hub().subscriber()) {
    if (!IsFileName(subscriber)) problems.Add("hub.subscriber", "'" + subscriber + "' is no name");
  }
}

}  // namespace

void CheckSensors(const config::Scenario& s, const std::set<std::string>& convoys,
                  ConfigProblems& problems) {
  if (s.drone().empty()) problems.Add("drone", "is missing; one at least");
  std::set<std::string> ids{s.radar().source_id(), s.ground_radar().source_id(),
                            s.satellite().source_id(), s.human().source_id()};
  for (int i = 0; i < s.drone_size(); ++i) {
    CheckDrone(s, i, convoys, problems);
    if (!ids.insert(s.drone(i).source_id()).second) {
      problems.Add(Item("drone", i) + ".source_id", "is another source's");
    }
  }
  CheckRadar(s, problems);
  if (s.has_ground_radar()) CheckGroundRadar(s, problems);
  if (s.has_satellite()) CheckSatellite(s, problems);
  if (s.has_human()) CheckHuman(s, convoys, problems);
  if (s.has_hub()) CheckHub(s, problems);
}

}  // namespace trucewatch::simulate
