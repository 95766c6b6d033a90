// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/mission_layout.h"

#include <google/protobuf/text_format.h>

#include <cmath>

#include "tools/simulate/ground_radar_recording.h"
#include "tools/simulate/human_recording.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;

// Sources share no clock and no georeference: what one says does not rest on anything another says.
config::SourceConfig& AddSource(config::MissionConfig& mission, const std::string& id,
                                config::SourceConfig::Format format, const std::string& file,
                                const std::string& platform, const std::string& station) {
  config::SourceConfig& source = *mission.add_source();
  source.set_id(id);
  source.set_file(file);
  source.set_format(format);
  source.set_platform(platform);
  source.set_station(station);
  source.set_clock(platform + "-gnss");
  source.set_georeference(platform + "-navigation");
  return source;
}

void AddDrone(const Scenario& scenario, int index, config::MissionConfig& mission) {
  const auto& drone = scenario.config.drone(index);
  auto& source = AddSource(mission, drone.source_id(), config::SourceConfig::MPEGTS_KLV,
                           VideoFile(scenario, index), drone.platform(), drone.station());
  const double angle_sigma = std::hypot(drone.angle_bias_deg(), drone.angle_noise_deg());
  source.set_position_sigma_m(std::hypot(drone.position_bias_m(), drone.position_noise_m()));
  source.set_platform_angle_sigma_deg(angle_sigma);
  source.set_sensor_angle_sigma_deg(angle_sigma);
}

void AddGroundRadar(const Scenario& scenario, config::MissionConfig& mission) {
  const auto& radar = scenario.config.ground_radar();
  auto& source = AddSource(mission, radar.source_id(), config::SourceConfig::ASTERIX,
                           GroundRadarFile(scenario), radar.platform(), radar.station());
  source.set_detection_probability(radar.detection_probability());
  source.set_false_alarms_per_km2(radar.false_alarms_per_km2());
  const Geodetic place = GroundRadarPlace(scenario);
  auto& site = *source.mutable_radar_site();
  // Seven decimals: a centimetre.
  const auto rounded = [](double degrees) { return std::round(degrees * 1e7) / 1e7; };
  site.set_lat_deg(rounded(place.latitude.deg()));
  site.set_lon_deg(rounded(place.longitude.deg()));
  site.set_height_hae_m(place.height_hae_m);
  site.set_sector_half_deg(180);
  site.set_min_range_m(radar.min_range_m());
  site.set_max_range_m(radar.max_range_m());
  site.set_sigma_range_m(radar.sigma_range_m());
  site.set_sigma_azimuth_deg(radar.sigma_azimuth_deg());
  site.set_sigma_speed_mps(radar.sigma_speed_mps());
  site.set_min_detectable_speed_mps(radar.min_detectable_speed_mps());
  site.set_scan_period_s(radar.scan_period_s());
}

}  // namespace

std::string VideoFile(const Scenario& scenario, int drone) {
  return scenario.config.drone(drone).source_id() + ".ts";
}
std::string GmtiFile(const Scenario& scenario) {
  return scenario.config.radar().source_id() + ".4607";
}
std::string GroundRadarFile(const Scenario& scenario) {
  return scenario.config.ground_radar().source_id() + ".pcap";
}

config::MissionConfig FileMission(const Scenario& scenario) {
  const config::Scenario& s = scenario.config;
  config::MissionConfig mission = s.mission();
  for (int i = 0; i < s.drone_size(); ++i) AddDrone(scenario, i, mission);
  auto& gmti = AddSource(mission, s.radar().source_id(), config::SourceConfig::STANAG4607,
                         GmtiFile(scenario), s.radar().platform(), s.radar().station());
  gmti.set_detection_probability(s.radar().detection_probability());
  gmti.set_false_alarms_per_km2(s.radar().false_alarms_per_km2());
  if (s.has_ground_radar()) AddGroundRadar(scenario, mission);
  if (s.has_satellite()) {
    auto& source = AddSource(mission, s.satellite().source_id(), config::SourceConfig::SATELLITE,
                             std::string(kSatelliteFolder) + "/catalog.json",
                             s.satellite().platform(), s.satellite().station());
    source.set_position_sigma_m(s.satellite().georeference_sigma_m());
    source.set_detection_probability(s.satellite().detection_probability());
  }
  if (s.has_human()) {
    auto& source = AddSource(mission, s.human().source_id(), config::SourceConfig::HUMAN,
                             kHumanFolder, s.human().platform(), s.human().station());
    for (const std::string& vkey : AuthorVkeys(scenario)) source.add_signer_vkey(vkey);
  }
  if (!s.agreement_file().empty()) {
    mission.mutable_verify()->set_agreement_file(kAgreementFile);
  }
  return mission;
}

std::string ConfigText(const Scenario& scenario, const google::protobuf::Message& config) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(config, &text);
  return fmt::format(
      "# SPDX-License-Identifier: Apache-2.0\n"
      "# EXERCISE: simulated from scenario \"{}\", seed {}.\n{}",
      scenario.config.mission().name(), scenario.seed, text);
}

}  // namespace trucewatch::simulate
