// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/geo/angle.h"
#include "core/geo/geodetic.h"
#include "core/time/instant.h"

namespace trucewatch {

// MISB ST 0601 item 77.
enum class OperationalMode : std::uint8_t {
  kOther = 0,
  kOperational = 1,
  kTraining = 2,
  kExercise = 3,
  kMaintenance = 4,
  kTest = 5,
};

// What one UAS Datalink Local Set says, in our units. What is not set is not written.
// Angles follow CameraPose (core/geo/camera.h); heights above the ellipsoid unless named _msl_.
struct St0601Fields {
  Instant time;                                        // item 2, POSIX microseconds
  std::optional<std::string> mission_id;               // 3
  std::optional<std::string> platform_tail_number;     // 4
  std::optional<Angle> platform_heading;               // 5
  std::optional<Angle> platform_pitch;                 // 6 (within +-20 degrees) and 90
  std::optional<Angle> platform_roll;                  // 7 (within +-50 degrees) and 91
  std::optional<std::string> platform_designation;     // 10
  std::optional<std::string> image_source_sensor;      // 11: "EO", "IR"
  std::optional<std::string> image_coordinate_system;  // 12: "Geodetic WGS84"
  std::optional<Geodetic> sensor;                      // 13, 14, 75 and 104
  std::optional<double> sensor_altitude_msl_m;         // 15
  std::optional<Angle> horizontal_fov;                 // 16
  std::optional<Angle> vertical_fov;                   // 17
  std::optional<Angle> sensor_azimuth;                 // 18
  std::optional<Angle> sensor_elevation;               // 19
  std::optional<Angle> sensor_roll;                    // 20
  std::optional<double> slant_range_m;                 // 21
  std::optional<double> target_width_m;                // 22
  std::optional<Geodetic> frame_center;                // 23, 24 and 78
  std::optional<double> frame_center_elevation_msl_m;  // 25
  // Ground corners in the image's order: upper left, upper right, lower right, lower left. 26-33
  // where they fit within 0.075 degrees of frame_center, and always 82-89.
  std::optional<std::array<Geodetic, 4>> corners;
  std::optional<double> platform_ground_speed_mps;  // 56, whole metres a second
  int version = 17;                                 // 65: ST 0601.17
  std::optional<OperationalMode> operational_mode;  // 77
};

// One whole KLV packet: key, length, item 2 first, ascending items, the checksum (item 1) last.
// A value outside an item's range is left out of that item (a pitch of 30 degrees appears in item
// 90 only); texts are cut to 127 bytes. Determinism: same fields, same bytes.
std::string EncodeSt0601(const St0601Fields& fields);

}  // namespace trucewatch
