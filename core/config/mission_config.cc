// SPDX-License-Identifier: Apache-2.0
#include "core/config/mission_config.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/check.h"

namespace trucewatch {
namespace {

using v1::config::MissionConfig;
using v1::config::SourceConfig;

// Half a tile of a derived raster: what has to be read around a tile stays below four tiles.
constexpr double kMaxMaskedAroundPx = 256;

bool IsName(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

void ValidateRadarSite(const v1::config::RadarSite& site, const std::string& at,
                       ConfigProblems* problems) {
  problems->Range(at + ".lat_deg", site.lat_deg(), -90, 90);
  problems->Range(at + ".lon_deg", site.lon_deg(), -180, 180);
  problems->Range(at + ".height_hae_m", site.height_hae_m(), -500, 9000);
  problems->Range(at + ".boresight_deg", site.boresight_deg(), -360, 360);
  problems->Range(at + ".sector_half_deg", site.sector_half_deg(), 1, 180);
  problems->Range(at + ".min_range_m", site.min_range_m(), 0, 100'000);
  problems->Range(at + ".max_range_m", site.max_range_m(), site.min_range_m() + 1, 500'000);
  problems->Range(at + ".sigma_range_m", site.sigma_range_m(), 0.1, 5000);
  problems->Range(at + ".sigma_azimuth_deg", site.sigma_azimuth_deg(), 0.001, 20);
  problems->Range(at + ".sigma_speed_mps", site.sigma_speed_mps(), 0.01, 50);
  problems->Range(at + ".min_detectable_speed_mps", site.min_detectable_speed_mps(), 0, 50);
  problems->Range(at + ".scan_period_s", site.scan_period_s(), 0.05, 120);
}

void ValidateDjiSidecar(const SourceConfig& source, bool from_hub, const std::string& at,
                        ConfigProblems* problems) {
  const bool video = source.format() == SourceConfig::MPEGTS_KLV;
  if (source.use_vmti() && !video) problems->Add(at + ".use_vmti", "is for MPEGTS_KLV only");
  if (source.dji_srt_file().empty()) return;
  if (!video || from_hub) {
    problems->Add(at + ".dji_srt_file", "is for recorded MPEGTS_KLV files of this machine only");
  }
  if (!source.has_dji_utc_offset_h()) {
    problems->Add(at + ".dji_utc_offset_h",
                  "is missing; the times of a DJI sidecar have no zone: expected their hours ahead "
                  "of UTC");
  }
  problems->Range(at + ".dji_utc_offset_h", source.dji_utc_offset_h(), -12, 14);
  problems->Range(at + ".dji_takeoff_height_hae_m", source.dji_takeoff_height_hae_m(), -500, 9000);
  problems->Range(at + ".dji_horizontal_fov_deg", source.dji_horizontal_fov_deg(), 0, 170);
}

void ValidateSatelliteSource(const SourceConfig& source, bool from_hub, const std::string& at,
                             ConfigProblems* problems) {
  if (!source.has_satellite()) return;
  const auto& satellite = source.satellite();
  if (source.format() != SourceConfig::SATELLITE) problems->Add(at, "is for SATELLITE only");
  if (!satellite.time_utc().empty()) {
    const auto time = ParseUtc(satellite.time_utc());
    if (!time) problems->Add(at + ".time_utc", time.error().message);
  }
  if (from_hub && !satellite.rpc_file().empty()) {
    problems->Add(at + ".rpc_file", "is set, but with a hub the sources' files are the stations'");
  }
  for (int i = 0; i < satellite.local_prefix_size(); ++i) {
    const std::string at_prefix = fmt::format("{}.local_prefix[{}]", at, i);
    if (from_hub) {
      problems->Add(at_prefix, "is set, but with a hub the sources' files are the stations'");
    } else {
      // An empty one would let links lead anywhere.
      problems->Required(at_prefix, satellite.local_prefix(i));
    }
  }
  problems->Range(at + ".border_margin_px", satellite.border_margin_px(), 0, kMaxMaskedAroundPx);
  problems->Range(at + ".cloud_dilation_px", satellite.cloud_dilation_px(), 0, kMaxMaskedAroundPx);
}

// A human record counts only when signed, and who may sign is said in one place.
void ValidateSigners(const SourceConfig& source, bool has_keys, const std::string& at,
                     ConfigProblems* problems) {
  if (source.format() != SourceConfig::HUMAN) return;
  if (has_keys && !source.signer_vkey().empty()) {
    problems->Add(at + ".signer_vkey", "is set, but with keys the key set says who may sign");
  }
  if (!has_keys && source.signer_vkey().empty()) {
    problems->Add(at + ".signer_vkey", "is missing; human records count only when signed");
  }
}

void ValidateSource(const SourceConfig& source, bool from_hub, const std::string& at,
                    ConfigProblems* problems) {
  if (!IsName(source.id())) {
    problems->Add(
        at + ".id",
        fmt::format("'{}' is no name; expected 1 to 64 letters, digits, '-', '_'", source.id()));
  }
  if (from_hub) {
    if (!source.file().empty()) {
      problems->Add(at + ".file", "is set, but with a hub the sources' files are the stations'");
    }
  } else {
    problems->Required(at + ".file", source.file());
  }
  if (source.format() == SourceConfig::FORMAT_UNSPECIFIED) {
    problems->Add(at + ".format",
                  "is missing; expected MPEGTS_KLV, STANAG4607, ASTERIX, SATELLITE or HUMAN");
  }
  if (source.format() == SourceConfig::ASTERIX) {
    ValidateRadarSite(source.radar_site(), at + ".radar_site", problems);
  }
  // An empty ancestor is shared with nobody: leaving one out would make sources look independent.
  problems->Required(at + ".platform", source.platform());
  problems->Required(at + ".station", source.station());
  problems->Required(at + ".clock", source.clock());
  problems->Required(at + ".georeference", source.georeference());
  ValidateDjiSidecar(source, from_hub, at, problems);
  ValidateSatelliteSource(source, from_hub, at + ".satellite", problems);
  problems->Range(at + ".position_sigma_m", source.position_sigma_m(), 0, 1000);
  problems->Range(at + ".platform_angle_sigma_deg", source.platform_angle_sigma_deg(), 0, 30);
  problems->Range(at + ".sensor_angle_sigma_deg", source.sensor_angle_sigma_deg(), 0, 30);
  problems->Range(at + ".detection_probability", source.detection_probability(), 0, 1);
  problems->Range(at + ".false_alarms_per_km2", source.false_alarms_per_km2(), 0, 1000);
  problems->Range(at + ".speed", source.speed(), 0, 1000);
}

void ValidateDetect(const v1::config::DetectConfig& detect, ConfigProblems* problems) {
  problems->Range("detect.threads", detect.threads(), 1, 64);
  problems->Range("detect.working_gsd_m", detect.working_gsd_m(), 0.05, 10);
  problems->Range("detect.min_speed_mps", detect.min_speed_mps(), 0.1, 50);
  problems->Range("detect.max_speed_mps", detect.max_speed_mps(), detect.min_speed_mps(), 120);
  problems->Range("detect.min_size_m", detect.min_size_m(), 1.5, 20);
  problems->Range("detect.max_size_m", detect.max_size_m(), detect.min_size_m(), 100);
  problems->Range("detect.least_probability", detect.least_probability(), 0, 0.999);
  problems->Range("detect.observation_period_s", detect.observation_period_s(), 0.05, 60);
  problems->Range("detect.detection_probability", detect.detection_probability(), 0.01, 0.999);
  problems->Range("detect.false_alarms_per_km2", detect.false_alarms_per_km2(), 1e-6, 1000);
  if (detect.has_limits()) {
    problems->Range("detect.limits.cpu_s", detect.limits().cpu_s(), 1, 3600);
    problems->Range("detect.limits.memory_mib", detect.limits().memory_mib(), 256, 65536);
  }
  if (detect.has_overload()) {
    problems->Range("detect.overload.max_lag_s", detect.overload().max_lag_s(), 2, 3600);
    problems->Range("detect.overload.max_skip", detect.overload().max_skip(), 2, 64);
  }
}

void ValidateFusion(const v1::config::FusionConfig& fusion, ConfigProblems* problems) {
  problems->Range("fusion.hold_s", fusion.hold_s(), 0, 600);
  if (fusion.has_settled_lag_s()) {
    problems->Range("fusion.settled_lag_s", fusion.settled_lag_s(), fusion.hold_s(), 3600);
  }
  problems->Range("fusion.picture_period_s", fusion.picture_period_s(), 0.1, 60);
  problems->Range("fusion.group_distance_m", fusion.group_distance_m(), 1, 5000);
  problems->Range("fusion.group_speed_mps", fusion.group_speed_mps(), 0.1, 50);
  problems->Range("fusion.group_min_count", fusion.group_min_count(), 2, 1000);
  problems->Range("fusion.confirm_existence", fusion.confirm_existence(), 0.5, 0.9999);
  problems->Range("fusion.delete_existence", fusion.delete_existence(), 1e-6,
                  fusion.confirm_existence());
}

void ValidateHub(const MissionConfig& config, ConfigProblems* problems) {
  const auto& hub = config.hub();
  problems->Required("hub.station_endpoint", hub.station_endpoint());
  problems->Required("hub.key_file", hub.key_file());
  problems->Range("hub.late_after_s", hub.late_after_s(), 0.1, 86'400);
  std::set<std::string> stations;
  for (int i = 0; i < hub.station_size(); ++i) {
    const std::string at = fmt::format("hub.station[{}]", i);
    const auto& station = hub.station(i);
    if (!IsName(station.id()) || !stations.insert(station.id()).second) {
      problems->Add(at + ".id", fmt::format("'{}' is no name, or used twice", station.id()));
    }
    if (station.curve_public().size() != 40) {
      problems->Add(at + ".curve_public", "expected 40 characters of Z85");
    }
    if (config.has_keys()) {
      if (!station.sign_public().empty())
        problems->Add(at + ".sign_public", "is set, but with keys the key set says it");
    } else if (station.sign_public().size() != 64) {
      problems->Add(at + ".sign_public", "expected 64 hexadecimal digits");
    }
  }
  using Peer = v1::config::SubscriberPeer;
  std::set<std::string> subscribers;
  for (int i = 0; i < hub.subscriber_size(); ++i) {
    const std::string at = fmt::format("hub.subscriber[{}]", i);
    const Peer& peer = hub.subscriber(i);
    if (peer.curve_public().size() != 40) {
      problems->Add(at + ".curve_public", "expected 40 characters of Z85");
    }
    // Who may read what goes by this name.
    if (!subscribers.insert(peer.id()).second) {
      problems->Add(at + ".id", fmt::format("'{}' is used twice", peer.id()));
    }
    if (!Peer::Audience_IsValid(peer.audience()) || peer.audience() == Peer::AUDIENCE_UNSPECIFIED) {
      problems->Add(at + ".audience", "is missing; expected OFFICERS, PARTY_A, PARTY_B or PUBLIC");
    } else if (peer.audience() != Peer::OFFICERS && !config.evidence().has_release()) {
      problems->Add(at + ".audience",
                    "is not OFFICERS, but nothing is released while the mission runs; expected "
                    "evidence { release { } }");
    }
  }
  for (int i = 0; i < config.source_size(); ++i) {
    if (stations.count(config.source(i).station()) == 0) {
      problems->Add(fmt::format("source[{}].station", i),
                    fmt::format("'{}' is no station of the hub", config.source(i).station()));
    }
  }
}

}  // namespace

std::string MissionFile::Resolve(const std::string& file) const {
  if (file.empty() || std::filesystem::path(file).is_absolute()) return file;
  return (std::filesystem::path(directory) / file).string();
}

Instant MissionFile::start() const {
  const auto start = ParseUtc(config.start_utc());
  TW_CHECK(start.has_value());
  return *start;
}

Geodetic MissionFile::origin() const {
  return Geodetic::FromDegrees(config.origin_lat_deg(), config.origin_lon_deg(),
                               config.origin_height_hae_m());
}

Result<void> ValidateMissionConfig(const MissionConfig& config, const std::string& file_name,
                                   const FieldLines& lines) {
  ConfigProblems problems(file_name, lines);
  if (!IsName(config.name())) {
    problems.Add("name", fmt::format("'{}' is no name; expected 1 to 64 letters, digits, '-', '_'",
                                     config.name()));
  }
  if (config.status() != v1::config::EXERCISE && config.status() != v1::config::OPERATIONAL) {
    problems.Add("status", "is missing; expected EXERCISE or OPERATIONAL");
  }
  const auto start = ParseUtc(config.start_utc());
  if (!start) problems.Add("start_utc", start.error().message);
  problems.Range("origin_lat_deg", config.origin_lat_deg(), -90, 90);
  problems.Range("origin_lon_deg", config.origin_lon_deg(), -180, 180);
  problems.Range("origin_height_hae_m", config.origin_height_hae_m(), -500, 9000);
  problems.Range("terrain.sigma_m", config.terrain().sigma_m(), 0, 500);
  problems.Range("terrain.geoid_undulation_m", config.terrain().geoid_undulation_m(), -120, 100);
  if (config.source().empty()) problems.Add("source", "is missing; a mission needs one at least");
  std::set<std::string> ids;
  for (int i = 0; i < config.source_size(); ++i) {
    const std::string at = fmt::format("source[{}]", i);
    ValidateSource(config.source(i), config.has_hub(), at, &problems);
    ValidateSigners(config.source(i), config.has_keys(), at, &problems);
    if (!ids.insert(config.source(i).id()).second) {
      problems.Add(at + ".id",
                   fmt::format("'{}' is used twice; ids must differ", config.source(i).id()));
    }
  }
  ValidateDetect(config.detect(), &problems);
  ValidateFusion(config.fusion(), &problems);
  const std::string& reference = config.fusion().reference_source();
  if (!reference.empty() && !ids.contains(reference)) {
    problems.Add("fusion.reference_source", fmt::format("'{}' is no source", reference));
  }
  if (config.has_hub()) ValidateHub(config, &problems);
  if (config.has_keys()) {
    if (config.keys().file().empty())
      problems.Add("keys.file", "is missing; expected the signed key set");
    const std::string& digest = config.keys().first_sha256();
    if (digest.size() != 64 || digest.find_first_not_of("0123456789abcdef") != digest.npos)
      problems.Add("keys.first_sha256",
                   "expected 64 hexadecimal digits, as `trucewatch keyset check` prints them");
  }
  if (config.detect().has_people()) {
    const auto& people = config.detect().people();
    problems.Range("detect.people.max_gsd_m", people.max_gsd_m(), 0.01, 0.5);
    problems.Range("detect.people.min_count", people.min_count(), 3, 1000);
    problems.Range("detect.people.group_radius_m", people.group_radius_m(), 1, 500);
    problems.Range("detect.people.detection_probability", people.detection_probability(), 0.01,
                   0.999);
  }
  if (config.detect().has_appearance()) {
    const auto& appearance = config.detect().appearance();
    problems.Required("detect.appearance.model_card", appearance.model_card());
    problems.Range("detect.appearance.period_s", appearance.period_s(), 0.05, 3600);
    problems.Range("detect.appearance.chips", appearance.chips(), 0, 100);
    problems.Range("detect.appearance.standing_detection_probability",
                   appearance.standing_detection_probability(), 0.01, 0.999);
  }
  if (config.detect().has_satellite()) {
    const auto& satellite = config.detect().satellite();
    problems.Range("detect.satellite.min_length_m", satellite.min_length_m(), 1.5, 20);
    problems.Range("detect.satellite.max_length_m", satellite.max_length_m(),
                   satellite.min_length_m(), 100);
    problems.Range("detect.satellite.detection_probability", satellite.detection_probability(),
                   0.01, 0.999);
    problems.Range("detect.satellite.false_alarms_per_km2", satellite.false_alarms_per_km2(), 1e-6,
                   10'000);
    problems.Range("detect.satellite.max_resolution_m", satellite.max_resolution_m(), 0.05, 30);
  }
  if (config.verify().has_coverage()) {
    const auto& coverage = config.verify().coverage();
    problems.Range("verify.coverage.cell_m", coverage.cell_m(), 50, 5000);
    problems.Range("verify.coverage.period_s", coverage.period_s(), 10, 3600);
    problems.Range("verify.coverage.degraded_probability", coverage.degraded_probability(), 0.001,
                   0.999);
    problems.Range("verify.coverage.observed_probability", coverage.observed_probability(),
                   coverage.degraded_probability(), 0.9999);
    problems.Range("verify.coverage.full_share", coverage.full_share(), 0.01, 1);
  }
  problems.Range("fusion.late_s", config.fusion().late_s(), 0, 86'400);
  problems.Range("verify.heartbeat_s", config.verify().heartbeat_s(), 1, 3600);
  problems.Required("evidence.ledger_origin", config.evidence().ledger_origin());
  const bool exercise_origin = config.evidence().ledger_origin().rfind("exercise.", 0) == 0;
  if (exercise_origin != (config.status() == v1::config::EXERCISE)) {
    problems.Add("evidence.ledger_origin",
                 "must start with 'exercise.' when the status is EXERCISE, and only then");
  }
  if (!config.evidence().policy_file().empty()) {
    problems.Range("evidence.witness_timeout_s", config.evidence().witness_timeout_s(), 0.1, 30);
  }
  if (config.evidence().has_retention()) {
    const auto& retention = config.evidence().retention();
    problems.Range("evidence.retention.keep_days", retention.keep_days(), 0, 36'500);
    problems.Range("evidence.retention.quota_mb", retention.quota_mb(), 0, 1e12);
    problems.Range("evidence.retention.margin_s", retention.margin_s(), 0, 86'400);
    if (retention.segment_kib() != 0)
      problems.Range("evidence.retention.segment_kib", retention.segment_kib(), 64, 65'536);
  }
  if (config.evidence().has_release()) {
    const auto& release = config.evidence().release();
    problems.Required("evidence.release.log_key_file", release.log_key_file());
    problems.Required("evidence.release.salt_key_file", release.salt_key_file());
  }
  if (config.evidence().has_timestamp()) {
    const auto& timestamp = config.evidence().timestamp();
    problems.Required("evidence.timestamp.url", timestamp.url());
    problems.Required("evidence.timestamp.ca_file", timestamp.ca_file());
    problems.Range("evidence.timestamp.every_s", timestamp.every_s(), 1, 86'400);
    problems.Range("evidence.timestamp.timeout_s", timestamp.timeout_s(), 0.1, 30);
  }
  return problems.ToResult();
}

Result<MissionFile> LoadMissionConfig(const std::string& path) {
  MissionFile file;
  file.path = path;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    file.path = (std::filesystem::path(path) / "mission.txtpb").string();
    if (!std::filesystem::exists(file.path, ignored)) {
      return Fail(ErrorCode::kNotFound,
                  "{}: holds no mission.txtpb; expected a recorded mission as `trucewatch "
                  "simulate` writes it",
                  path);
    }
  }
  TW_ASSIGN_OR_RETURN(file.text, ReadTextFile(file.path));
  file.directory = std::filesystem::path(file.path).parent_path().string();
  if (file.directory.empty()) file.directory = ".";
  FieldLines lines;
  TW_RETURN_IF_ERROR(ParseTextConfig(file.text, file.path, &file.config, &lines));
  TW_RETURN_IF_ERROR(ValidateMissionConfig(file.config, file.path, lines));
  return file;
}

}  // namespace trucewatch
