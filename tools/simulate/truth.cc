// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/truth.h"

#include <google/protobuf/text_format.h>

#include <cmath>

#include "tools/simulate/flight.h"

namespace trucewatch::simulate {
namespace {

namespace config = v1::config;

Instant At(const Scenario& scenario, double t_s) {
  return scenario.start + Duration::FromSeconds(t_s);
}

// Ids and names of ours hold no control characters; quotes and backslashes are escaped.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

const config::Convoy* ConvoyOf(const Scenario& scenario, const std::string& id) {
  for (const auto& convoy : scenario.config.convoy()) {
    if (convoy.id() == id) return &convoy;
  }
  return nullptr;
}

}  // namespace

std::string TruthCsv(const Scenario& scenario, const World& world) {
  const LocalFrame frame(scenario.origin);
  std::string csv =
      "time_us,object_id,kind,group,lat_deg,lon_deg,velocity_east_mps,velocity_north_mps,length_m,"
      "width_m\n";
  for (int second = 0; second <= static_cast<int>(scenario.duration_s()); ++second) {
    for (const Mover& mover : world.movers) {
      const auto state = world.StateOf(mover, second);
      if (!state) continue;
      const Geodetic place = GroundPlace(frame, state->position);
      csv += fmt::format("{},{},{},{},{:.8f},{:.8f},{:.3f},{:.3f},{:.2f},{:.2f}\n",
                         At(scenario, second).micros(), mover.id, MoverKindName(mover.kind),
                         mover.group, place.latitude.deg(), place.longitude.deg(),
                         state->velocity_mps.x(), state->velocity_mps.y(), mover.length_m,
                         mover.width_m);
    }
  }
  return csv;
}

std::optional<ZoneStay> StayOf(const Scenario& scenario, const World& world,
                               const config::ExpectedEvent& expected) {
  std::optional<ZoneStay> stay;
  const Eigen::Vector2d low = ToVector(expected.zone_min());
  const Eigen::Vector2d high = ToVector(expected.zone_max());
  const config::Convoy* convoy = ConvoyOf(scenario, expected.convoy());
  for (int tick = 0; tick <= static_cast<int>(scenario.duration_s() * 10); ++tick) {
    const double t_s = 0.1 * tick;
    int inside = 0;
    for (const Mover& mover : world.movers) {
      if (mover.group != expected.convoy()) continue;
      const auto state = world.StateOf(mover, t_s);
      if (!state || (state->position.array() < low.array()).any() ||
          (state->position.array() > high.array()).any()) {
        continue;
      }
      ++inside;
      if (!stay) stay = ZoneStay{.first_s = t_s, .entry = state->position};
    }
    if (inside == 0) continue;
    stay->last_s = t_s;
    stay->count_max = std::max(stay->count_max, inside);
    if (convoy != nullptr && inside == static_cast<int>(convoy->count())) {
      if (stay->full_first_s < 0) stay->full_first_s = t_s;
      stay->full_last_s = t_s;
    }
  }
  return stay;
}

std::string TruthJson(const Scenario& scenario, const World& world) {
  const LocalFrame frame(scenario.origin);
  std::string json = fmt::format(
      "{{\n  \"scenario\": {},\n  \"seed\": {},\n  \"status\": \"EXERCISE\",\n"
      "  \"start_utc\": \"{}\",\n  \"end_utc\": \"{}\",\n  \"expected\": [",
      Quoted(scenario.config.mission().name()), scenario.seed, FormatUtc(scenario.start),
      FormatUtc(At(scenario, scenario.duration_s())));
  const char* separator = "\n";
  for (const auto& expected : scenario.config.expected()) {
    const auto stay = StayOf(scenario, world, expected);
    // A convoy that never came into the zone gives nothing to expect.
    const std::string expect =
        stay ? config::ExpectedEvent::Expect_Name(expected.expect()) : "NONE";
    const config::Convoy* convoy = ConvoyOf(scenario, expected.convoy());
    json += fmt::format(
        "{}    {{\"expect\": \"{}\", \"rule\": {}, \"zone\": {}, \"group\": {}, "
        "\"notification\": {}, \"count\": {}",
        separator, expect, Quoted(expected.rule()), Quoted(expected.zone()),
        Quoted(expected.convoy()), Quoted(convoy != nullptr ? convoy->notification() : ""),
        stay ? stay->count_max : 0);
    if (stay) {
      const Geodetic entry = GroundPlace(frame, stay->entry);
      json += fmt::format(
          ", \"time_first_utc\": \"{}\", \"time_last_utc\": \"{}\", \"entry_lat_deg\": {:.7f}, "
          "\"entry_lon_deg\": {:.7f}",
          FormatUtc(At(scenario, stay->first_s)), FormatUtc(At(scenario, stay->last_s)),
          entry.latitude.deg(), entry.longitude.deg());
    }
    json += "}";
    separator = ",\n";
  }
  return json + "\n  ]\n}\n";
}

std::string MissionText(const Scenario& scenario) {
  config::MissionConfig mission = scenario.config.mission();
  const auto& drone = scenario.config.drone();
  const auto& radar = scenario.config.radar();
  auto& video = *mission.add_source();
  video.set_id(drone.source_id());
  video.set_file(drone.source_id() + ".ts");
  video.set_format(config::SourceConfig::MPEGTS_KLV);
  // The two share no ancestor: what the drone says does not rest on anything the radar says.
  for (const auto& [source, platform] :
       {std::pair(&video, drone.platform()), std::pair(mission.add_source(), radar.platform())}) {
    source->set_platform(platform);
    source->set_station(platform + "-station");
    source->set_clock(platform + "-gnss");
    source->set_georeference(platform + "-navigation");
  }
  auto& gmti = *mission.mutable_source(mission.source_size() - 1);
  gmti.set_id(radar.source_id());
  gmti.set_file(radar.source_id() + ".4607");
  gmti.set_format(config::SourceConfig::STANAG4607);
  gmti.set_detection_probability(radar.detection_probability());
  gmti.set_false_alarms_per_km2(radar.false_alarms_per_km2());
  const double angle_sigma = std::hypot(drone.angle_bias_deg(), drone.angle_noise_deg());
  video.set_position_sigma_m(std::hypot(drone.position_bias_m(), drone.position_noise_m()));
  video.set_platform_angle_sigma_deg(angle_sigma);
  video.set_sensor_angle_sigma_deg(angle_sigma);
  if (!scenario.config.agreement_file().empty()) {
    mission.mutable_verify()->set_agreement_file("agreement.txtpb");
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(mission, &text);
  return fmt::format(
      "# SPDX-License-Identifier: Apache-2.0\n"
      "# EXERCISE: simulated from scenario \"{}\", seed {}.\n{}",
      scenario.config.mission().name(), scenario.seed, text);
}

}  // namespace trucewatch::simulate
