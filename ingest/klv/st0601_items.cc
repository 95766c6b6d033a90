// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/st0601_items.h"

#include <algorithm>
#include <array>

#include "ingest/klv/klv_packs.h"
#include "ingest/klv/nested_items.h"

namespace trucewatch {
namespace {

using enum KlvWire;

constexpr const char* kIcing[] = {"detector off", "no icing detected", "icing detected"};
constexpr const char* kFieldOfViewNames[] = {"ultranarrow",    "narrow",         "medium",
                                             "wide",           "ultrawide",      "narrow medium",
                                             "2x ultranarrow", "4x ultranarrow", "continuous zoom"};
constexpr const char* kModes[] = {"other",    "operational", "training",
                                  "exercise", "maintenance", "test"};
constexpr const char* kPlatformStates[] = {
    "active",  "pre-flight",       "pre-flight taxiing", "run-up",        "take-off",
    "ingress", "manual operation", "automated orbit",    "transitioning", "egress",
    "landing", "landed taxiing",   "landed parked"};
constexpr const char* kSensorModes[] = {
    "off",         "home position",         "uncontrolled", "manual control",
    "calibrating", "auto holding position", "auto tracking"};

// MISB ST 0601.17, items in order of tag.
// clang-format off
constexpr KlvItemSpec kSt0601Items[] = {
    {1, "checksum", "", kUnsigned, 2, {0, 0}},
    {2, "precision_time_stamp", "us", kTime, 8, {0, 0}},
    {3, "mission_id", "", kText, 0, {0, 0}},
    {4, "platform_tail_number", "", kText, 0, {0, 0}},
    {5, "platform_heading", "deg", kUnsignedMap, 2, {0, 360}},
    {6, "platform_pitch", "deg", kSignedMap, 2, {-20, 20}},
    {7, "platform_roll", "deg", kSignedMap, 2, {-50, 50}},
    {8, "platform_true_airspeed", "m/s", kUnsigned, 1, {0, 0}},
    {9, "platform_indicated_airspeed", "m/s", kUnsigned, 1, {0, 0}},
    {10, "platform_designation", "", kText, 0, {0, 0}},
    {11, "image_source_sensor", "", kText, 0, {0, 0}},
    {12, "image_coordinate_system", "", kText, 0, {0, 0}},
    {13, "sensor_latitude", "deg", kSignedMap, 4, {-90, 90}},
    {14, "sensor_longitude", "deg", kSignedMap, 4, {-180, 180}},
    {15, "sensor_true_altitude", "m", kUnsignedMap, 2, {-900, 19000}},
    {16, "sensor_horizontal_fov", "deg", kUnsignedMap, 2, {0, 180}},
    {17, "sensor_vertical_fov", "deg", kUnsignedMap, 2, {0, 180}},
    {18, "sensor_relative_azimuth", "deg", kUnsignedMap, 4, {0, 360}},
    {19, "sensor_relative_elevation", "deg", kSignedMap, 4, {-180, 180}},
    {20, "sensor_relative_roll", "deg", kUnsignedMap, 4, {0, 360}},
    {21, "slant_range", "m", kUnsignedMap, 4, {0, 5000000}},
    {22, "target_width", "m", kUnsignedMap, 2, {0, 10000}},
    {23, "frame_center_latitude", "deg", kSignedMap, 4, {-90, 90}},
    {24, "frame_center_longitude", "deg", kSignedMap, 4, {-180, 180}},
    {25, "frame_center_elevation", "m", kUnsignedMap, 2, {-900, 19000}},
    {26, "offset_corner_latitude_point_1", "deg", kSignedMap, 2, {-0.075, 0.075}},
    {27, "offset_corner_longitude_point_1", "deg", kSignedMap, 2, {-0.075, 0.075}},
    {28, "offset_corner_latitude_point_2", "deg", kSignedMap, 2, {-0.075, 0.075}},
    {29, "offset_corner_longitude_point_2", "deg", kSignedMap, 2, {-0.075, 0.075}},
    {30, "offset_corner_latitude_point_3", "deg", kSignedMap, 2, {-0.075, 0.075}},
    {31, "offset_corner_longitude_point_3", "deg", kSignedMap, 2, {-0.075, 0.075}},
    {32, "offset_corner_latitude_point_4", "deg", kSignedMap, 2, {-0.075, 0.075}},
    {33, "offset_corner_longitude_point_4", "deg", kSignedMap, 2, {-0.075, 0.075}},
    {34, "icing_detected", "", kUnsigned, 1, {0, 0}, kIcing},
    {35, "wind_direction", "deg", kUnsignedMap, 2, {0, 360}},
    {36, "wind_speed", "m/s", kUnsignedMap, 1, {0, 100}},
    {37, "static_pressure", "mbar", kUnsignedMap, 2, {0, 5000}},
    {38, "density_altitude", "m", kUnsignedMap, 2, {-900, 19000}},
    {39, "outside_air_temperature", "degC", kSigned, 1, {0, 0}},
    {40, "target_location_latitude", "deg", kSignedMap, 4, {-90, 90}},
    {41, "target_location_longitude", "deg", kSignedMap, 4, {-180, 180}},
    {42, "target_location_elevation", "m", kUnsignedMap, 2, {-900, 19000}},
    {43, "target_track_gate_width", "px", kUnsignedMap, 1, {0, 510}},
    {44, "target_track_gate_height", "px", kUnsignedMap, 1, {0, 510}},
    {45, "target_error_ce90", "m", kUnsignedMap, 2, {0, 4095}},
    {46, "target_error_le90", "m", kUnsignedMap, 2, {0, 4095}},
    {47, "generic_flag_data", "", kUnsigned, 1, {0, 0}, {}, {}, WriteFlags},
    {48, "security_local_set", "", kSet, 0, {0, 0}},
    {49, "differential_pressure", "mbar", kUnsignedMap, 2, {0, 5000}},
    {50, "platform_angle_of_attack", "deg", kSignedMap, 2, {-20, 20}},
    {51, "platform_vertical_speed", "m/s", kSignedMap, 2, {-180, 180}},
    {52, "platform_sideslip_angle", "deg", kSignedMap, 2, {-20, 20}},
    {53, "airfield_barometric_pressure", "mbar", kUnsignedMap, 2, {0, 5000}},
    {54, "airfield_elevation", "m", kUnsignedMap, 2, {-900, 19000}},
    {55, "relative_humidity", "%", kUnsignedMap, 1, {0, 100}},
    {56, "platform_ground_speed", "m/s", kUnsigned, 1, {0, 0}},
    {57, "ground_range", "m", kUnsignedMap, 4, {0, 5000000}},
    {58, "platform_fuel_remaining", "kg", kUnsignedMap, 2, {0, 10000}},
    {59, "platform_call_sign", "", kText, 0, {0, 0}},
    {60, "weapon_load", "", kUnsigned, 2, {0, 0}},
    {61, "weapon_fired", "", kUnsigned, 1, {0, 0}},
    {62, "laser_prf_code", "", kUnsigned, 2, {0, 0}},
    {63, "sensor_field_of_view_name", "", kUnsigned, 1, {0, 0}, kFieldOfViewNames},
    {64, "platform_magnetic_heading", "deg", kUnsignedMap, 2, {0, 360}},
    {65, "uas_datalink_ls_version", "", kUnsigned, 1, {0, 0}},
    {67, "alternate_platform_latitude", "deg", kSignedMap, 4, {-90, 90}},
    {68, "alternate_platform_longitude", "deg", kSignedMap, 4, {-180, 180}},
    {69, "alternate_platform_altitude", "m", kUnsignedMap, 2, {-900, 19000}},
    {70, "alternate_platform_name", "", kText, 0, {0, 0}},
    {71, "alternate_platform_heading", "deg", kUnsignedMap, 2, {0, 360}},
    {72, "event_start_time", "us", kTime, 8, {0, 0}},
    {73, "rvt_local_set", "", kSet, 0, {0, 0}},
    {74, "vmti_local_set", "", kSet, 0, {0, 0}},
    {75, "sensor_ellipsoid_height", "m", kUnsignedMap, 2, {-900, 19000}},
    {76, "alternate_platform_ellipsoid_height", "m", kUnsignedMap, 2, {-900, 19000}},
    {77, "operational_mode", "", kUnsigned, 1, {0, 0}, kModes},
    {78, "frame_center_height_above_ellipsoid", "m", kUnsignedMap, 2, {-900, 19000}},
    {79, "sensor_north_velocity", "m/s", kSignedMap, 2, {-327, 327}},
    {80, "sensor_east_velocity", "m/s", kSignedMap, 2, {-327, 327}},
    {81, "image_horizon_pixel_pack", "", kPack, 0, {0, 0}, {}, {}, WriteHorizonPack},
    {82, "corner_latitude_point_1", "deg", kSignedMap, 4, {-90, 90}},
    {83, "corner_longitude_point_1", "deg", kSignedMap, 4, {-180, 180}},
    {84, "corner_latitude_point_2", "deg", kSignedMap, 4, {-90, 90}},
    {85, "corner_longitude_point_2", "deg", kSignedMap, 4, {-180, 180}},
    {86, "corner_latitude_point_3", "deg", kSignedMap, 4, {-90, 90}},
    {87, "corner_longitude_point_3", "deg", kSignedMap, 4, {-180, 180}},
    {88, "corner_latitude_point_4", "deg", kSignedMap, 4, {-90, 90}},
    {89, "corner_longitude_point_4", "deg", kSignedMap, 4, {-180, 180}},
    {90, "platform_pitch_full", "deg", kSignedMap, 4, {-90, 90}},
    {91, "platform_roll_full", "deg", kSignedMap, 4, {-90, 90}},
    {92, "platform_angle_of_attack_full", "deg", kSignedMap, 4, {-90, 90}},
    {93, "platform_sideslip_angle_full", "deg", kSignedMap, 4, {-180, 180}},
    {94, "miis_core_identifier", "", kPack, 0, {0, 0}, {}, {}, WriteCoreIdentifier},
    {95, "sar_motion_imagery_local_set", "", kSet, 0, {0, 0}},
    {96, "target_width_extended", "m", kImapb, 0, {0, 1500000}},
    {97, "range_image_local_set", "", kSet, 0, {0, 0}},
    {98, "geo_registration_local_set", "", kSet, 0, {0, 0}},
    {99, "composite_imaging_local_set", "", kSet, 0, {0, 0}},
    {100, "segment_local_set", "", kSet, 0, {0, 0}},
    {101, "amend_local_set", "", kSet, 0, {0, 0}},
    {102, "sdcc_flp", "", kPack, 0, {0, 0}, {}, {}, WriteSdccFlp},
    {103, "density_altitude_extended", "m", kImapb, 0, {-900, 40000}},
    {104, "sensor_ellipsoid_height_extended", "m", kImapb, 0, {-900, 40000}},
    {105, "alternate_platform_ellipsoid_height_extended", "m", kImapb, 0, {-900, 40000}},
    {106, "stream_designator", "", kText, 0, {0, 0}},
    {107, "operational_base", "", kText, 0, {0, 0}},
    {108, "broadcast_source", "", kText, 0, {0, 0}},
    {109, "range_to_recovery_location", "km", kImapb, 0, {0, 21000}},
    {110, "time_airborne", "s", kUnsigned, 0, {0, 0}},
    {111, "propulsion_unit_speed", "rpm", kUnsigned, 0, {0, 0}},
    {112, "platform_course_angle", "deg", kImapb, 0, {0, 360}},
    {113, "altitude_above_ground", "m", kImapb, 0, {-900, 40000}},
    {114, "radar_altimeter", "m", kImapb, 0, {-900, 40000}},
    {115, "control_command", "", kPack, 0, {0, 0}, {}, {}, WriteControlCommand},
    {116, "control_command_verification", "", kPack, 0, {0, 0}, {}, {}, WriteOidList},
    {117, "sensor_azimuth_rate", "deg/s", kImapb, 0, {-1000, 1000}},
    {118, "sensor_elevation_rate", "deg/s", kImapb, 0, {-1000, 1000}},
    {119, "sensor_roll_rate", "deg/s", kImapb, 0, {-1000, 1000}},
    {120, "on_board_storage_percent_full", "%", kImapb, 0, {0, 100}},
    {121, "active_wavelength_list", "", kPack, 0, {0, 0}, {}, {}, WriteOidList},
    {122, "country_codes", "", kPack, 0, {0, 0}, {}, {}, WriteCountryCodes},
    {123, "number_of_navsats_in_view", "", kUnsigned, 0, {0, 0}},
    {124, "positioning_method_source", "", kUnsigned, 0, {0, 0}, {}, {}, WriteFlags},
    {125, "platform_status", "", kUnsigned, 0, {0, 0}, kPlatformStates},
    {126, "sensor_control_mode", "", kUnsigned, 0, {0, 0}, kSensorModes},
    {127, "sensor_frame_rate_pack", "", kPack, 0, {0, 0}, {}, {}, WriteFrameRate},
    {128, "wavelengths_list", "", kPack, 0, {0, 0}, {}, {}, WriteWavelengths},
    {129, "target_id", "", kText, 0, {0, 0}},
    {130, "airbase_locations", "", kPack, 0, {0, 0}, {}, {}, WriteAirbaseLocations},
    {131, "take_off_time", "us", kUnsigned, 0, {0, 0}},
    {132, "transmission_frequency", "MHz", kImapb, 0, {1, 99999}},
    {133, "on_board_storage_capacity", "GB", kUnsigned, 0, {0, 0}},
    {134, "zoom_percentage", "%", kImapb, 0, {0, 100}},
    {135, "communications_method", "", kText, 0, {0, 0}},
    {136, "leap_seconds", "s", kSigned, 0, {0, 0}},
    {137, "correction_offset", "us", kSigned, 0, {0, 0}},
    {138, "payload_list", "", kPack, 0, {0, 0}, {}, {}, WritePayloadList},
    {139, "active_payloads", "", kPack, 0, {0, 0}, {}, {}, WriteActivePayloads},
    {140, "weapons_stores", "", kPack, 0, {0, 0}, {}, {}, WriteStores},
    {141, "waypoint_list", "", kPack, 0, {0, 0}, {}, {}, WriteWaypoints},
    {142, "view_domain", "", kPack, 0, {0, 0}, {}, {}, WriteViewDomain},
};
// clang-format on

static_assert(std::is_sorted(std::begin(kSt0601Items), std::end(kSt0601Items),
                             [](const auto& a, const auto& b) { return a.tag < b.tag; }));

constexpr std::uint32_t kLastTag = std::end(kSt0601Items)[-1].tag;

// By tag, so that finding an item costs one look.
constexpr auto kByTag = [] {
  std::array<const KlvItemSpec*, kLastTag + 1> table{};
  for (const KlvItemSpec& item : kSt0601Items) table[item.tag] = &item;
  return table;
}();

}  // namespace

const KlvItemSpec* FindSt0601Item(std::uint32_t tag) {
  return tag <= kLastTag ? kByTag[tag] : nullptr;
}

KlvSchema St0601Schema() { return kSt0601Items; }

KlvSchema NestedSchema(const KlvItemSpec& spec) {
  if (!spec.set.empty()) return spec.set;
  switch (spec.tag) {
    case 48:
      return SecuritySchema();
    case 73:
      return RvtSchema();
    case 74:
      return VmtiSchema();
    case 95:
      return SarSchema();
    case 97:
      return RangeImageSchema();
    case 98:
      return GeoRegistrationSchema();
    case 99:
      return CompositeSchema();
    default:  // 100 and 101, segment and amend sets
      return kSt0601Items;
  }
}

}  // namespace trucewatch
