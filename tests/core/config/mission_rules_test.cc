// SPDX-License-Identifier: Apache-2.0
// Every rule of the mission config: what it refuses, at which line, and what it says was expected.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "core/config/mission_config.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Recorded sources of each format, and every section. Upper limits that hang on another field leave
// that field room up to its own limit.
const std::string kEverySection = R"(name: "demo"
status: EXERCISE
start_utc: "2026-03-01T06:00:00Z"
origin_lat_deg: 15.5 origin_lon_deg: 32.0
origin_height_hae_m: 400
terrain { sigma_m: 1 geoid_undulation_m: 2 }
source {
  id: "drone1" file: "drone1.ts" format: MPEGTS_KLV use_vmti: true
  platform: "uav1" station: "north" clock: "gnss1" georeference: "ins1"
  position_sigma_m: 3 platform_angle_sigma_deg: 0.1 sensor_angle_sigma_deg: 0.2
  detection_probability: 0.5 false_alarms_per_km2: 0.3 speed: 4
  dji_srt_file: "drone1.srt" dji_utc_offset_h: 2 dji_takeoff_height_hae_m: 380
  dji_horizontal_fov_deg: 70
}
source {
  id: "radar1" file: "radar1.pcap" format: ASTERIX
  platform: "mast1" station: "south" clock: "gnss2" georeference: "survey1"
  radar_site {
    lat_deg: 15.25 lon_deg: 32.25 height_hae_m: 410 boresight_deg: 45
    sector_half_deg: 60 min_range_m: 50
    max_range_m: 200000 sigma_range_m: 12 sigma_azimuth_deg: 0.6
    sigma_speed_mps: 0.7 min_detectable_speed_mps: 0.8 scan_period_s: 2.5
  }
}
source {
  id: "passes" file: "scenes" format: SATELLITE
  platform: "eo1" station: "centre" clock: "eo1" georeference: "eo1"
  satellite {
    time_utc: "2026-03-01T07:00:00Z" rpc_file: "one.rpc"
    local_prefix: "/data/scenes" local_prefix: "more"
    border_margin_px: 5 cloud_dilation_px: 6
  }
}
source {
  id: "officers" file: "notes" format: HUMAN signer_vkey: "officer+00000000+AA"
  platform: "team1" station: "centre" clock: "phone1" georeference: "phone1"
}
detect {
  threads: 2 working_gsd_m: 0.4 min_speed_mps: 1.5 max_speed_mps: 60
  min_size_m: 2.5 max_size_m: 30 least_probability: 0.97
  observation_period_s: 0.5 detection_probability: 0.9 false_alarms_per_km2: 0.1
  people { max_gsd_m: 0.05 min_count: 4 group_radius_m: 25 detection_probability: 0.7 } appearance { model_card: "thermal" period_s: 3.25 chips: 7 standing_detection_probability: 0.85 }
  satellite {
    min_length_m: 2.75 max_length_m: 35 detection_probability: 0.6
    false_alarms_per_km2: 1.25 max_resolution_m: 0.75
  }
}
fusion {
  hold_s: 10 picture_period_s: 1 group_distance_m: 120 group_speed_mps: 4 group_min_count: 5
  confirm_existence: 0.9 delete_existence: 0.05 late_s: 1800
}
verify {
  agreement_file: "agreement.txtpb" heartbeat_s: 30
  coverage {
    cell_m: 250 period_s: 60 observed_probability: 0.9995 degraded_probability: 0.15
    full_share: 0.8
  }
}
evidence { ledger_origin: "exercise.trucewatch.example/demo" log_key_file: "log.key" policy_file: "p" witness_timeout_s: 2
  retention { keep_days: 31 quota_mb: 12345 margin_s: 601 segment_kib: 2048 }
  timestamp { url: "http://t.example/tsa" ca_file: "ca.pem" every_s: 3601 timeout_s: 11 } }
)";

// One source that comes from a station, and the doors of the hub.
const std::string kOfHub = R"(name: "demo"
status: OPERATIONAL
start_utc: "2026-03-01T06:00:00Z"
origin_lat_deg: 15.5 origin_lon_deg: 32.0 origin_height_hae_m: 400
source {
  id: "passes" format: SATELLITE satellite { cloud_dilation_px: 2 }
  platform: "eo1" station: "north" clock: "eo1" georeference: "eo1"
}
hub {
  station_endpoint: "tcp://127.0.0.1:5701" key_file: "hub.key" late_after_s: 30
  station {
    id: "north" curve_public: "1234567890123456789012345678901234567890"
    sign_public: "0000000000000000000000000000000000000000000000000000000000000001"
  }
  station {
    id: "south" curve_public: "2234567890123456789012345678901234567890"
    sign_public: "0000000000000000000000000000000000000000000000000000000000000002"
  }
  subscriber { id: "desk" audience: OFFICERS curve_public: "3234567890123456789012345678901234567890" }
}
detect {
  threads: 2 working_gsd_m: 0.4 min_speed_mps: 1.5 max_speed_mps: 40 min_size_m: 2.5 max_size_m: 20
  observation_period_s: 0.5 detection_probability: 0.9 false_alarms_per_km2: 0.1
}
fusion {
  hold_s: 10 picture_period_s: 1 group_distance_m: 120 group_speed_mps: 4 group_min_count: 5
  confirm_existence: 0.9 delete_existence: 0.05
}
verify { heartbeat_s: 30 }
evidence { ledger_origin: "trucewatch.example/demo" log_key_file: "log.key" }
)";

// What is wrong with a config; empty when nothing is.
std::string ProblemsOf(const std::string& text) {
  v1::config::MissionConfig config;
  FieldLines lines;
  const auto parsed = ParseTextConfig(text, "m.txtpb", &config, &lines);
  if (!parsed) return "not parsed: " + parsed.error().message;
  const auto valid = ValidateMissionConfig(config, "m.txtpb", lines);
  if (valid) return "";
  EXPECT_EQ(valid.error().code, ErrorCode::kBadInput);
  return valid.error().message;
}

std::string With(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << from << " stands there twice";
  return at == std::string::npos ? text : std::string(text).replace(at, from.size(), to);
}

int LineOf(const std::string& text, const std::string& part) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(text.find(part));
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

struct Limits {
  const char* field;  // as it stands in the config, once
  const char* path;
  double low;
  double high;
};

// What lies just outside is refused with its line, what lies on the limit is not.
void ExpectLimits(const std::string& config, const Limits& limits, bool whole_numbers) {
  const std::string field = limits.field;
  const std::string name = field.substr(0, field.find(':') + 2);
  const auto problems = [&](const std::string& value) {
    return ProblemsOf(With(config, field, name + value));
  };
  const auto refused = [&](double value) {
    return fmt::format("m.txtpb:{}: {}: {} is out of range; expected {} to {}",
                       LineOf(config, field), limits.path, value, limits.low, limits.high);
  };
  EXPECT_EQ(problems(fmt::format("{}", limits.low)), "") << limits.path;
  EXPECT_EQ(problems(fmt::format("{}", limits.high)), "") << limits.path;
  if (whole_numbers) {
    const auto above = static_cast<std::uint32_t>(limits.high) + 1;
    EXPECT_EQ(problems(fmt::format("{}", above)), refused(above));
    EXPECT_EQ(problems("4294967295"), refused(4294967295.0));
    if (limits.low > 0) {
      const auto below = static_cast<std::uint32_t>(limits.low) - 1;
      EXPECT_EQ(problems(fmt::format("{}", below)), refused(below));
    }
    return;
  }
  const double above = std::nextafter(limits.high, std::numeric_limits<double>::max());
  const double below = std::nextafter(limits.low, std::numeric_limits<double>::lowest());
  EXPECT_EQ(problems(fmt::format("{}", above)), refused(above));
  EXPECT_EQ(problems(fmt::format("{}", below)), refused(below));
  // Another field's limit may hang on this one: its problem then follows.
  EXPECT_THAT(problems("inf"), StartsWith(refused(std::numeric_limits<double>::infinity())));
  EXPECT_THAT(problems("nan"), StartsWith(refused(std::numeric_limits<double>::quiet_NaN())));
}

TEST(MissionRules, ConfigsWithEverySectionHaveNoProblem) {
  EXPECT_EQ(ProblemsOf(kEverySection), "");
  EXPECT_EQ(ProblemsOf(kOfHub), "");
}

TEST(MissionRules, ValuesUpToTheLimitsAreAcceptedAndThoseBeyondRefusedWithTheirLine) {
  const Limits all[] = {
      {"period_s: 3.25", "detect.appearance.period_s", 0.05, 3600},
      {"standing_detection_probability: 0.85", "detect.appearance.standing_detection_probability",
       0.01, 0.999},
      {"origin_lat_deg: 15.5", "origin_lat_deg", -90, 90},
      {"origin_lon_deg: 32.0", "origin_lon_deg", -180, 180},
      {"origin_height_hae_m: 400", "origin_height_hae_m", -500, 9000},
      {"sigma_m: 1", "terrain.sigma_m", 0, 500},
      {"geoid_undulation_m: 2", "terrain.geoid_undulation_m", -120, 100},
      {"position_sigma_m: 3", "source[0].position_sigma_m", 0, 1000},
      {"platform_angle_sigma_deg: 0.1", "source[0].platform_angle_sigma_deg", 0, 30},
      {"sensor_angle_sigma_deg: 0.2", "source[0].sensor_angle_sigma_deg", 0, 30},
      {"detection_probability: 0.5", "source[0].detection_probability", 0, 1},
      {"false_alarms_per_km2: 0.3", "source[0].false_alarms_per_km2", 0, 1000},
      {"speed: 4", "source[0].speed", 0, 1000},
      {"dji_utc_offset_h: 2", "source[0].dji_utc_offset_h", -12, 14},
      {"dji_takeoff_height_hae_m: 380", "source[0].dji_takeoff_height_hae_m", -500, 9000},
      {"dji_horizontal_fov_deg: 70", "source[0].dji_horizontal_fov_deg", 0, 170},
      {"lat_deg: 15.25", "source[1].radar_site.lat_deg", -90, 90},
      {"lon_deg: 32.25", "source[1].radar_site.lon_deg", -180, 180},
      {"height_hae_m: 410", "source[1].radar_site.height_hae_m", -500, 9000},
      {"boresight_deg: 45", "source[1].radar_site.boresight_deg", -360, 360},
      {"sector_half_deg: 60", "source[1].radar_site.sector_half_deg", 1, 180},
      {"min_range_m: 50", "source[1].radar_site.min_range_m", 0, 100'000},
      {"max_range_m: 200000", "source[1].radar_site.max_range_m", 51, 500'000},
      {"sigma_range_m: 12", "source[1].radar_site.sigma_range_m", 0.1, 5000},
      {"sigma_azimuth_deg: 0.6", "source[1].radar_site.sigma_azimuth_deg", 0.001, 20},
      {"sigma_speed_mps: 0.7", "source[1].radar_site.sigma_speed_mps", 0.01, 50},
      {"min_detectable_speed_mps: 0.8", "source[1].radar_site.min_detectable_speed_mps", 0, 50},
      {"scan_period_s: 2.5", "source[1].radar_site.scan_period_s", 0.05, 120},
      {"working_gsd_m: 0.4", "detect.working_gsd_m", 0.05, 10},
      {"min_speed_mps: 1.5", "detect.min_speed_mps", 0.1, 50},
      {"max_speed_mps: 60", "detect.max_speed_mps", 1.5, 120},
      {"min_size_m: 2.5", "detect.min_size_m", 1.5, 20},
      {"max_size_m: 30", "detect.max_size_m", 2.5, 100},
      {"least_probability: 0.97", "detect.least_probability", 0, 0.999},
      {"observation_period_s: 0.5", "detect.observation_period_s", 0.05, 60},
      {"detection_probability: 0.9", "detect.detection_probability", 0.01, 0.999},
      {"false_alarms_per_km2: 0.1", "detect.false_alarms_per_km2", 1e-6, 1000},
      {"max_gsd_m: 0.05", "detect.people.max_gsd_m", 0.01, 0.5},
      {"group_radius_m: 25", "detect.people.group_radius_m", 1, 500},
      {"detection_probability: 0.7", "detect.people.detection_probability", 0.01, 0.999},
      {"min_length_m: 2.75", "detect.satellite.min_length_m", 1.5, 20},
      {"max_length_m: 35", "detect.satellite.max_length_m", 2.75, 100},
      {"detection_probability: 0.6", "detect.satellite.detection_probability", 0.01, 0.999},
      {"false_alarms_per_km2: 1.25", "detect.satellite.false_alarms_per_km2", 1e-6, 10'000},
      {"max_resolution_m: 0.75", "detect.satellite.max_resolution_m", 0.05, 30},
      {"hold_s: 10", "fusion.hold_s", 0, 600},
      {"picture_period_s: 1", "fusion.picture_period_s", 0.1, 60},
      {"group_distance_m: 120", "fusion.group_distance_m", 1, 5000},
      {"group_speed_mps: 4", "fusion.group_speed_mps", 0.1, 50},
      {"confirm_existence: 0.9", "fusion.confirm_existence", 0.5, 0.9999},
      {"delete_existence: 0.05", "fusion.delete_existence", 1e-6, 0.9},
      {"late_s: 1800", "fusion.late_s", 0, 86'400},
      {"heartbeat_s: 30", "verify.heartbeat_s", 1, 3600},
      {"witness_timeout_s: 2", "evidence.witness_timeout_s", 0.1, 30},
      {"keep_days: 31", "evidence.retention.keep_days", 0, 36'500},
      {"quota_mb: 12345", "evidence.retention.quota_mb", 0, 1e12},
      {"margin_s: 601", "evidence.retention.margin_s", 0, 86'400},
      {"every_s: 3601", "evidence.timestamp.every_s", 1, 86'400},
      {"timeout_s: 11", "evidence.timestamp.timeout_s", 0.1, 30},
      {"cell_m: 250", "verify.coverage.cell_m", 50, 5000},
      {"period_s: 60", "verify.coverage.period_s", 10, 3600},
      {"degraded_probability: 0.15", "verify.coverage.degraded_probability", 0.001, 0.999},
      {"observed_probability: 0.9995", "verify.coverage.observed_probability", 0.15, 0.9999},
      {"full_share: 0.8", "verify.coverage.full_share", 0.01, 1},
  };
  for (const Limits& limits : all) ExpectLimits(kEverySection, limits, false);
  ExpectLimits(kOfHub, {"late_after_s: 30", "hub.late_after_s", 0.1, 86'400}, false);
}

TEST(MissionRules, TimestampsNeedAnAuthorityAndWhomToTrust) {
  EXPECT_THAT(ProblemsOf(With(kEverySection, "url: \"http://t.example/tsa\"", "")),
              HasSubstr("evidence.timestamp.url"));
  EXPECT_THAT(ProblemsOf(With(kEverySection, "ca_file: \"ca.pem\"", "")),
              HasSubstr("evidence.timestamp.ca_file"));
}

TEST(MissionRules, AppearanceNeedsAModel) {
  EXPECT_THAT(ProblemsOf(With(kEverySection, "model_card: \"thermal\"", "")),
              HasSubstr("detect.appearance.model_card"));
}

TEST(MissionRules, CountsUpToTheLimitsAreAcceptedAndThoseBeyondRefusedWithTheirLine) {
  const Limits all[] = {
      {"threads: 2", "detect.threads", 1, 64},
      {"min_count: 4", "detect.people.min_count", 3, 1000},
      {"chips: 7", "detect.appearance.chips", 0, 100},
      {"group_min_count: 5", "fusion.group_min_count", 2, 1000},
      {"segment_kib: 2048", "evidence.retention.segment_kib", 64, 65'536},
      {"border_margin_px: 5", "source[2].satellite.border_margin_px", 0, 256},
      {"cloud_dilation_px: 6", "source[2].satellite.cloud_dilation_px", 0, 256},
  };
  for (const Limits& limits : all) ExpectLimits(kEverySection, limits, true);
}

struct Change {
  const char* from;
  const char* to;
  std::string problems;  // all of them
};

TEST(MissionRules, WhatIsMissingOrContradictsItselfIsNamedWithItsLine) {
  const std::string long_name(65, 'x');
  const std::string named_long = "name: \"" + long_name + "\"";
  const Change changes[] = {
      {"name: \"demo\"", "",
       "m.txtpb:1: name: '' is no name; expected 1 to 64 letters, digits, '-', '_'"},
      {"name: \"demo\"", named_long.c_str(),
       "m.txtpb:1: name: '" + long_name +
           "' is no name; expected 1 to 64 letters, digits, '-', '_'"},
      {"name: \"demo\"", "name: \"d\\303\\251mo\"",
       "m.txtpb:1: name: 'd\xC3\xA9mo' is no name; expected 1 to 64 letters, digits, '-', '_'"},
      {"2026-03-01T06:00:00Z", "2026-02-30T06:00:00Z",
       "m.txtpb:3: start_utc: '2026-02-30T06:00:00Z' is not a UTC time: expected "
       "2026-03-01T21:00:00Z"},
      {"id: \"radar1\"", "id: \"drone1\"",
       "m.txtpb:16: source[1].id: 'drone1' is used twice; ids must differ"},
      {"file: \"drone1.ts\"", "", "m.txtpb:7: source[0].file: is missing; it is required"},
      {"format: HUMAN", "",
       "m.txtpb:34: source[3].format: is missing; expected MPEGTS_KLV, STANAG4607, ASTERIX, "
       "SATELLITE or HUMAN"},
      {"signer_vkey: \"officer+00000000+AA\"", "",
       "m.txtpb:34: source[3].signer_vkey: is missing; human records count only when signed"},
      {"platform: \"mast1\"", "", "m.txtpb:15: source[1].platform: is missing; it is required"},
      {"station: \"south\"", "station: \"\"",
       "m.txtpb:17: source[1].station: is missing; it is required"},
      {"georeference: \"survey1\"", "",
       "m.txtpb:15: source[1].georeference: is missing; it is required"},
      {"signer_vkey: \"officer+00000000+AA\"", "signer_vkey: \"a\" use_vmti: true",
       "m.txtpb:35: source[3].use_vmti: is for MPEGTS_KLV only"},
      {"signer_vkey: \"officer+00000000+AA\"",
       "signer_vkey: \"a\" dji_srt_file: \"a.srt\" dji_utc_offset_h: 0",
       "m.txtpb:35: source[3].dji_srt_file: is for recorded MPEGTS_KLV files of this machine only"},
      {"dji_utc_offset_h: 2", "",
       "m.txtpb:7: source[0].dji_utc_offset_h: is missing; the times of a DJI sidecar have no "
       "zone: expected their hours ahead of UTC"},
      {"signer_vkey: \"officer+00000000+AA\"", "signer_vkey: \"a\" satellite {}",
       "m.txtpb:35: source[3].satellite: is for SATELLITE only"},
      {"time_utc: \"2026-03-01T07:00:00Z\"", "time_utc: \"7 o'clock\"",
       "m.txtpb:29: source[2].satellite.time_utc: '7 o'clock' is not a UTC time: expected "
       "2026-03-01T21:00:00Z"},
      {"local_prefix: \"more\"", "local_prefix: \"\"",
       "m.txtpb:30: source[2].satellite.local_prefix[1]: is missing; it is required"},
      {"exercise.trucewatch.example/demo", "",
       "m.txtpb:59: evidence.ledger_origin: is missing; it is required\n"
       "m.txtpb:59: evidence.ledger_origin: must start with 'exercise.' when the status is "
       "EXERCISE, and only then"},
      {"status: EXERCISE", "status: OPERATIONAL",
       "m.txtpb:59: evidence.ledger_origin: must start with 'exercise.' when the status is "
       "EXERCISE, and only then"},
  };
  for (const Change& change : changes) {
    EXPECT_EQ(ProblemsOf(With(kEverySection, change.from, change.to)), change.problems);
  }
}

TEST(MissionRules, SettingsOfTheSatelliteSourceThatAreLeftOutHaveTheirDefaults) {
  EXPECT_EQ(ProblemsOf(With(kEverySection,
                            "time_utc: \"2026-03-01T07:00:00Z\" rpc_file: \"one.rpc\"\n"
                            "    local_prefix: \"/data/scenes\" local_prefix: \"more\"\n"
                            "    border_margin_px: 5 cloud_dilation_px: 6",
                            "")),
            "");
}

TEST(MissionRules, WithAHubFilesBelongToTheStationsAndEverySourceNeedsOne) {
  const char* const kElsewhere = "is set, but with a hub the sources' files are the stations'";
  const std::string key(40, 'k');
  const Change changes[] = {
      {"id: \"passes\"", "id: \"passes\" file: \"scenes\"",
       fmt::format("m.txtpb:6: source[0].file: {}", kElsewhere)},
      {"cloud_dilation_px: 2", "rpc_file: \"one.rpc\"",
       fmt::format("m.txtpb:6: source[0].satellite.rpc_file: {}", kElsewhere)},
      {"cloud_dilation_px: 2", "local_prefix: \"/data\"",
       fmt::format("m.txtpb:6: source[0].satellite.local_prefix[0]: {}", kElsewhere)},
      {"format: SATELLITE satellite { cloud_dilation_px: 2 }",
       "format: MPEGTS_KLV dji_srt_file: \"a.srt\" dji_utc_offset_h: 0",
       "m.txtpb:6: source[0].dji_srt_file: is for recorded MPEGTS_KLV files of this machine only"},
      {"station: \"north\"", "station: \"west\"",
       "m.txtpb:7: source[0].station: 'west' is no station of the hub"},
      {"station_endpoint: \"tcp://127.0.0.1:5701\"", "",
       "m.txtpb:9: hub.station_endpoint: is missing; it is required"},
      {"key_file: \"hub.key\"", "", "m.txtpb:9: hub.key_file: is missing; it is required"},
      {"id: \"south\"", "id: \"north\"",
       "m.txtpb:16: hub.station[1].id: 'north' is no name, or used twice"},
      {"id: \"south\"", "id: \"the south\"",
       "m.txtpb:16: hub.station[1].id: 'the south' is no name, or used twice"},
      {"1234567890123456789012345678901234567890", "12345",
       "m.txtpb:12: hub.station[0].curve_public: expected 40 characters of Z85"},
      {"0000000000000000000000000000000000000000000000000000000000000002", "02",
       "m.txtpb:17: hub.station[1].sign_public: expected 64 hexadecimal digits"},
      {"3234567890123456789012345678901234567890", "",
       "m.txtpb:19: hub.subscriber[0].curve_public: expected 40 characters of Z85"},
      {"audience: OFFICERS", "",
       "m.txtpb:19: hub.subscriber[0].audience: is missing; expected OFFICERS, PARTY_A, PARTY_B or "
       "PUBLIC"},
      {"audience: OFFICERS", "audience: PARTY_A",
       "m.txtpb:19: hub.subscriber[0].audience: is not OFFICERS, but nothing is released while the "
       "mission runs; expected evidence { release { } }"},
      {"  subscriber {",
       "  subscriber { id: \"desk\" audience: OFFICERS curve_public: "
       "\"4234567890123456789012345678901234567890\" } subscriber {",
       "m.txtpb:19: hub.subscriber[1].id: 'desk' is used twice"},
  };
  for (const Change& change : changes) {
    EXPECT_EQ(ProblemsOf(With(kOfHub, change.from, change.to)), change.problems);
  }
}

TEST(MissionRules, WithAKeySetNothingElseSaysWhoMaySign) {
  const std::string keys =
      "keys { file: \"keys-1.txt\" first_sha256: \"" + std::string(64, 'a') + "\" }\n";
  const std::string with_keys =
      With(kEverySection, " signer_vkey: \"officer+00000000+AA\"", "") + keys;
  const std::string hub_with_keys =
      With(With(kOfHub, "0000000000000000000000000000000000000000000000000000000000000001", ""),
           "0000000000000000000000000000000000000000000000000000000000000002", "") +
      keys;
  EXPECT_EQ(ProblemsOf(with_keys), "");
  EXPECT_EQ(ProblemsOf(hub_with_keys), "");
  EXPECT_EQ(
      ProblemsOf(kEverySection + keys),
      "m.txtpb:34: source[3].signer_vkey: is set, but with keys the key set says who may sign");
  EXPECT_EQ(ProblemsOf(kOfHub + keys),
            "m.txtpb:13: hub.station[0].sign_public: is set, but with keys the key set says it\n"
            "m.txtpb:17: hub.station[1].sign_public: is set, but with keys the key set says it");
  EXPECT_THAT(ProblemsOf(With(with_keys, "file: \"keys-1.txt\" ", "")),
              HasSubstr("keys.file: is missing; expected the signed key set"));
  for (const std::string& digest : {std::string(63, 'a'), std::string(64, 'A'), std::string()}) {
    EXPECT_THAT(
        ProblemsOf(With(with_keys, std::string(64, 'a'), digest)),
        HasSubstr("keys.first_sha256: expected 64 hexadecimal digits, as `trucewatch keyset "
                  "check` prints them"));
  }
}

TEST(MissionRules, AReleaseNeedsBothItsKeys) {
  const std::string release = With(
      kEverySection, "log_key_file: \"log.key\"",
      "log_key_file: \"log.key\" release { log_key_file: \"p.key\" salt_key_file: \"s.key\" }");
  EXPECT_EQ(ProblemsOf(release), "");
  EXPECT_THAT(ProblemsOf(With(release, "log_key_file: \"p.key\" ", "")),
              HasSubstr("evidence.release.log_key_file: is missing; it is required"));
  EXPECT_THAT(ProblemsOf(With(release, " salt_key_file: \"s.key\"", "")),
              HasSubstr("evidence.release.salt_key_file: is missing; it is required"));
}

TEST(MissionRules, AllProblemsOfAFileAreReportedTogether) {
  // Nothing is set: each section's rules speak, at line 1, where there is no line of their own.
  const std::string problems = ProblemsOf("");
  for (const char* path : {"name", "status", "start_utc", "source", "detect.threads",
                           "fusion.picture_period_s", "verify.heartbeat_s"}) {
    EXPECT_THAT(problems, HasSubstr(fmt::format("m.txtpb:1: {}: ", path)));
  }
  EXPECT_THAT(problems, HasSubstr("source: is missing; a mission needs one at least"));
}

}  // namespace
}  // namespace trucewatch
