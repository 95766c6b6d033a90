// SPDX-License-Identifier: Apache-2.0
// The one table of fields, in wire order, that the decoder, the encoder and `inspect` share.
// To add a field: one line here, one member in stanag4607.h.
#pragma once

#include "ingest/radar/stanag4607.h"

namespace trucewatch::stanag4607::internal {

// `key` is the name in machine-readable output, with its unit; `scale` takes the wire's count to
// that unit. `bit` is the field's place in the existence mask D1, or -1.
struct Field {
  const char* id;
  const char* key;
  double scale = 1.0;
  int bit = -1;
};

// D(n) is bit 65 - n, D32.k is bit 34 - k: most significant first.
constexpr int DwellBit(int n) { return 65 - n; }
constexpr int TargetBit(int k) { return 34 - k; }
inline constexpr std::uint64_t kSpareMask = 0xFFFF;
inline constexpr std::uint64_t kTargetMask = 0x3FFFF0000;
// D2-D9 and D24-D27.
inline constexpr std::uint64_t kMandatoryMask = 0xFF00000000000000 | 0x3C000000000;

template <typename Header, typename Visitor>
void VisitPacketHeader(Header& h, Visitor&& v) {
  v(Field{"P1", "version"}, h.version);
  v(Field{"P2", "packet_size"}, h.size);
  v(Field{"P3", "nationality"}, h.nationality);
  v(Field{"P4", "classification"}, h.classification);
  v(Field{"P5", "classification_system"}, h.classification_system);
  v(Field{"P6", "security_code"}, h.security_code);
  v(Field{"P7", "exercise_indicator"}, h.exercise);
  v(Field{"P8", "platform"}, h.platform);
  v(Field{"P9", "mission_id"}, h.mission_id);
  v(Field{"P10", "job_id"}, h.job_id);
}

template <typename Mission, typename Visitor>
void VisitMission(Mission& m, Visitor&& v) {
  v(Field{"M1", "mission_plan"}, m.mission_plan);
  v(Field{"M2", "flight_plan"}, m.flight_plan);
  v(Field{"M3", "platform_type"}, m.platform_type);
  v(Field{"M4", "platform_configuration"}, m.platform_configuration);
  v(Field{"M5", "year"}, m.year);
  v(Field{"M6", "month"}, m.month);
  v(Field{"M7", "day"}, m.day);
}

// D2-D4; D5, the number of targets, stands between this and VisitDwellBody.
template <typename Dwell, typename Visitor>
void VisitDwellHead(Dwell& d, Visitor&& v) {
  v(Field{"D2", "revisit_index", 1.0, DwellBit(2)}, d.revisit_index);
  v(Field{"D3", "dwell_index", 1.0, DwellBit(3)}, d.dwell_index);
  v(Field{"D4", "last_dwell", 1.0, DwellBit(4)}, d.last_dwell);
}

template <typename Dwell, typename Visitor>
void VisitDwellBody(Dwell& d, Visitor&& v) {
  v(Field{"D6", "dwell_time_s", 1e-3, DwellBit(6)}, d.time_ms);
  v(Field{"D7", "sensor_lat_deg", 1.0, DwellBit(7)}, d.sensor_latitude);
  v(Field{"D8", "sensor_lon_deg", 1.0, DwellBit(8)}, d.sensor_longitude);
  v(Field{"D9", "sensor_height_hae_m", 1e-2, DwellBit(9)}, d.sensor_height_hae_cm);
  v(Field{"D10", "scale_lat_deg", 1.0, DwellBit(10)}, d.scale_latitude);
  v(Field{"D11", "scale_lon_deg", 1.0, DwellBit(11)}, d.scale_longitude);
  v(Field{"D12", "sensor_sigma_along_track_m", 1e-2, DwellBit(12)}, d.sensor_sigma_along_track_cm);
  v(Field{"D13", "sensor_sigma_cross_track_m", 1e-2, DwellBit(13)}, d.sensor_sigma_cross_track_cm);
  v(Field{"D14", "sensor_sigma_height_m", 1e-2, DwellBit(14)}, d.sensor_sigma_height_cm);
  v(Field{"D15", "sensor_track_deg", 1.0, DwellBit(15)}, d.sensor_track);
  v(Field{"D16", "sensor_speed_mps", 1e-3, DwellBit(16)}, d.sensor_speed_mmps);
  v(Field{"D17", "sensor_vertical_velocity_mps", 1e-1, DwellBit(17)},
    d.sensor_vertical_velocity_dmps);
  v(Field{"D18", "sensor_track_sigma_deg", 1.0, DwellBit(18)}, d.sensor_track_sigma_deg);
  v(Field{"D19", "sensor_speed_sigma_mps", 1e-3, DwellBit(19)}, d.sensor_speed_sigma_mmps);
  v(Field{"D20", "sensor_vertical_sigma_mps", 1e-2, DwellBit(20)}, d.sensor_vertical_sigma_cmps);
  v(Field{"D21", "platform_heading_deg", 1.0, DwellBit(21)}, d.platform_heading);
  v(Field{"D22", "platform_pitch_deg", 1.0, DwellBit(22)}, d.platform_pitch);
  v(Field{"D23", "platform_roll_deg", 1.0, DwellBit(23)}, d.platform_roll);
  v(Field{"D24", "centre_lat_deg", 1.0, DwellBit(24)}, d.centre_latitude);
  v(Field{"D25", "centre_lon_deg", 1.0, DwellBit(25)}, d.centre_longitude);
  v(Field{"D26", "range_half_extent_m", 1e3, DwellBit(26)}, d.range_half_extent_km);
  v(Field{"D27", "angle_half_extent_deg", 1.0, DwellBit(27)}, d.angle_half_extent);
  v(Field{"D28", "sensor_heading_deg", 1.0, DwellBit(28)}, d.sensor_heading);
  v(Field{"D29", "sensor_pitch_deg", 1.0, DwellBit(29)}, d.sensor_pitch);
  v(Field{"D30", "sensor_roll_deg", 1.0, DwellBit(30)}, d.sensor_roll);
  v(Field{"D31", "min_detectable_velocity_mps", 1e-1, DwellBit(31)},
    d.min_detectable_velocity_dmps);
}

template <typename Target, typename Visitor>
void VisitTarget(Target& t, Visitor&& v) {
  v(Field{"D32.1", "report_index", 1.0, TargetBit(1)}, t.report_index);
  v(Field{"D32.2", "lat_deg", 1.0, TargetBit(2)}, t.latitude);
  v(Field{"D32.3", "lon_deg", 1.0, TargetBit(3)}, t.longitude);
  v(Field{"D32.4", "delta_lat_counts", 1.0, TargetBit(4)}, t.delta_latitude);
  v(Field{"D32.5", "delta_lon_counts", 1.0, TargetBit(5)}, t.delta_longitude);
  v(Field{"D32.6", "height_hae_m", 1.0, TargetBit(6)}, t.height_hae_m);
  v(Field{"D32.7", "velocity_mps", 1e-2, TargetBit(7)}, t.los_velocity_cmps);
  v(Field{"D32.8", "wrap_velocity_mps", 1e-2, TargetBit(8)}, t.wrap_velocity_cmps);
  v(Field{"D32.9", "snr_db", 1.0, TargetBit(9)}, t.snr_db);
  v(Field{"D32.10", "classification", 1.0, TargetBit(10)}, t.classification);
  v(Field{"D32.11", "class_probability", 1e-2, TargetBit(11)}, t.class_probability_percent);
  v(Field{"D32.12", "slant_range_sigma_m", 1e-2, TargetBit(12)}, t.slant_range_sigma_cm);
  v(Field{"D32.13", "cross_range_sigma_m", 1e-1, TargetBit(13)}, t.cross_range_sigma_dm);
  v(Field{"D32.14", "height_sigma_m", 1.0, TargetBit(14)}, t.height_sigma_m);
  v(Field{"D32.15", "radial_velocity_sigma_mps", 1e-2, TargetBit(15)},
    t.radial_velocity_sigma_cmps);
  v(Field{"D32.16", "truth_tag_application", 1.0, TargetBit(16)}, t.truth_tag_application);
  v(Field{"D32.17", "truth_tag_entity", 1.0, TargetBit(17)}, t.truth_tag_entity);
  v(Field{"D32.18", "radar_cross_section_db", 0.5, TargetBit(18)}, t.radar_cross_section_half_db);
}

template <typename Job, typename Visitor>
void VisitJobDefinition(Job& j, Visitor&& v) {
  v(Field{"J1", "job_id"}, j.job_id);
  v(Field{"J2", "sensor_type"}, j.sensor_type);
  v(Field{"J3", "sensor_model"}, j.sensor_model);
  v(Field{"J4", "target_filtering"}, j.filtering);
  v(Field{"J5", "priority"}, j.priority);
  v(Field{"J6", "area_a_lat_deg"}, j.area_latitude[0]);
  v(Field{"J7", "area_a_lon_deg"}, j.area_longitude[0]);
  v(Field{"J8", "area_b_lat_deg"}, j.area_latitude[1]);
  v(Field{"J9", "area_b_lon_deg"}, j.area_longitude[1]);
  v(Field{"J10", "area_c_lat_deg"}, j.area_latitude[2]);
  v(Field{"J11", "area_c_lon_deg"}, j.area_longitude[2]);
  v(Field{"J12", "area_d_lat_deg"}, j.area_latitude[3]);
  v(Field{"J13", "area_d_lon_deg"}, j.area_longitude[3]);
  v(Field{"J14", "radar_mode"}, j.radar_mode);
  v(Field{"J15", "revisit_interval_s", 1e-1}, j.revisit_interval_ds);
  v(Field{"J16", "sensor_sigma_along_track_m", 1e-1}, j.sensor_sigma_along_track_dm);
  v(Field{"J17", "sensor_sigma_cross_track_m", 1e-1}, j.sensor_sigma_cross_track_dm);
  v(Field{"J18", "sensor_sigma_height_m", 1e-1}, j.sensor_sigma_height_dm);
  v(Field{"J19", "track_heading_sigma_deg"}, j.track_heading_sigma_deg);
  v(Field{"J20", "sensor_speed_sigma_mps", 1e-3}, j.sensor_speed_sigma_mmps);
  v(Field{"J21", "slant_range_sigma_m", 1e-2}, j.slant_range_sigma_cm);
  v(Field{"J22", "cross_range_sigma_deg"}, j.cross_range_sigma);
  v(Field{"J23", "radial_velocity_sigma_mps", 1e-2}, j.radial_velocity_sigma_cmps);
  v(Field{"J24", "min_detectable_velocity_mps", 1e-1}, j.min_detectable_velocity_dmps);
  v(Field{"J25", "detection_probability", 1e-2}, j.detection_probability_percent);
  v(Field{"J26", "false_alarm_density_minus_db"}, j.false_alarm_density_minus_db);
  v(Field{"J27", "terrain_model"}, j.terrain_model);
  v(Field{"J28", "geoid_model"}, j.geoid_model);
}

template <typename Free, typename Visitor>
void VisitFreeText(Free& f, Visitor&& v) {  // F3, the rest of the segment, is not here
  v(Field{"F1", "originator"}, f.originator);
  v(Field{"F2", "recipient"}, f.recipient);
}

template <typename Status, typename Visitor>
void VisitTestStatus(Status& s, Visitor&& v) {
  v(Field{"T1", "job_id"}, s.job_id);
  v(Field{"T2", "revisit_index"}, s.revisit_index);
  v(Field{"T3", "dwell_index"}, s.dwell_index);
  v(Field{"T4", "dwell_time_s", 1e-3}, s.time_ms);
  v(Field{"T5", "hardware_status"}, s.hardware);
  v(Field{"T6", "mode_status"}, s.mode);
}

// C1, the number of records, stands before this; the records follow it.
template <typename History, typename Visitor>
void VisitProcessingHistory(History& h, Visitor&& v) {
  v(Field{"C2", "based_on_nationality"}, h.nationality);
  v(Field{"C3", "based_on_platform"}, h.platform);
  v(Field{"C4", "based_on_mission_id"}, h.mission_id);
  v(Field{"C5", "based_on_job_id"}, h.job_id);
}
template <typename Record, typename Visitor>
void VisitProcessingRecord(Record& r, Visitor&& v) {
  v(Field{"C6.1", "sequence"}, r.sequence);
  v(Field{"C6.2", "nationality"}, r.nationality);
  v(Field{"C6.3", "platform"}, r.platform);
  v(Field{"C6.4", "mission_id"}, r.mission_id);
  v(Field{"C6.5", "job_id"}, r.job_id);
  v(Field{"C6.6", "processing"}, r.processing);
}
inline constexpr std::size_t kProcessingRecordSize = 23;

template <typename Location, typename Visitor>
void VisitPlatformLocation(Location& l, Visitor&& v) {
  v(Field{"L1", "location_time_s", 1e-3}, l.time_ms);
  v(Field{"L2", "platform_lat_deg"}, l.latitude);
  v(Field{"L3", "platform_lon_deg"}, l.longitude);
  v(Field{"L4", "platform_height_hae_m", 1e-2}, l.height_hae_cm);
  v(Field{"L5", "platform_track_deg"}, l.track);
  v(Field{"L6", "platform_speed_mps", 1e-3}, l.speed_mmps);
  v(Field{"L7", "platform_vertical_velocity_mps", 1e-1}, l.vertical_velocity_dmps);
}

}  // namespace trucewatch::stanag4607::internal
