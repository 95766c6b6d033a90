// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/internal/geometry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace trucewatch::stanag4607::internal {
namespace {

// Steps of an arc: fine enough that the chord stays within 0.1 % of the radius.
constexpr double kStepRad = 5.0 * std::numbers::pi / 180.0;
constexpr int kMinArcSteps = 7;
// At 1 degree the height error is already multiplied by 57; flatter is not believed.
const double kMinSinGrazing = std::sin(std::numbers::pi / 180.0);

}  // namespace

LineOfSight LineTo(const Eigen::Vector3d& sensor_ecef_m, const Geodetic& place) {
  const Eigen::Vector3d to_sensor = LocalFrame(place).EnuFromEcef(sensor_ecef_m);
  const double horizontal = to_sensor.head<2>().norm();
  LineOfSight line;
  line.slant_range_m = to_sensor.norm();
  if (horizontal > 1.0) line.away_en = -to_sensor.head<2>() / horizontal;
  if (line.slant_range_m > 1.0) {
    const double sin_grazing = std::clamp(to_sensor.z() / line.slant_range_m, kMinSinGrazing, 1.0);
    line.cos_grazing = std::sqrt(1.0 - sin_grazing * sin_grazing);
    line.tan_grazing = sin_grazing / std::max(line.cos_grazing, 1e-3);
  }
  return line;
}

std::vector<Geodetic> Footprint(const DwellSegment& dwell, const Geodetic& sensor,
                                double ground_height_hae_m) {
  const double extent_m = dwell.range_half_extent_km.value() * 1000.0;
  const double half_angle = dwell.angle_half_extent.angle().rad();
  if (extent_m <= 0 || half_angle <= 0) return {};
  const Geodetic centre{dwell.centre_latitude.angle(), dwell.centre_longitude.longitude(),
                        ground_height_hae_m};
  const LocalFrame frame(centre);
  Eigen::Vector2d apex = frame.EnuFromGeodetic(sensor).head<2>();
  const double centre_range_m = apex.norm();
  double azimuth = std::atan2(-apex.x(), -apex.y());  // of the centre, clockwise from north
  double far_m = centre_range_m + extent_m;
  double near_m = centre_range_m - extent_m;
  double half = half_angle;
  if (centre_range_m < 1.0 || half >= std::numbers::pi) {
    // Straight below, or all round: a disc.
    half = std::numbers::pi;
    near_m = 0;
  }
  const bool disc = half >= std::numbers::pi;

  std::vector<Eigen::Vector2d> corners;
  const int steps = std::max(kMinArcSteps, static_cast<int>(std::ceil(2.0 * half / kStepRad)));
  const auto at = [&](double angle, double range_m) {
    return Eigen::Vector2d(apex.x() + range_m * std::sin(angle),
                           apex.y() + range_m * std::cos(angle));
  };
  // Azimuths fall along the far arc, which is counter-clockwise, and rise along the near one.
  for (int i = 0; i <= steps - (disc ? 1 : 0); ++i) {
    corners.push_back(at(azimuth + half - 2.0 * half * i / steps, far_m));
  }
  if (!disc && near_m > 1.0) {
    for (int i = 0; i <= steps; ++i) {
      corners.push_back(at(azimuth - half + 2.0 * half * i / steps, near_m));
    }
  } else if (!disc) {
    corners.push_back(apex);
  }
  std::vector<Geodetic> polygon;
  polygon.reserve(corners.size());
  for (const Eigen::Vector2d& corner : corners) {
    Geodetic place = frame.GeodeticFromEnu({corner.x(), corner.y(), 0.0});
    place.height_hae_m = ground_height_hae_m;
    polygon.push_back(place);
  }
  return polygon;
}

std::optional<LatLon> TargetPosition(const DwellSegment& dwell, const TargetReport& target) {
  if (target.latitude && target.longitude) return LatLon{*target.latitude, *target.longitude};
  if (!target.delta_latitude || !target.delta_longitude || !dwell.scale_latitude ||
      !dwell.scale_longitude) {
    return std::nullopt;
  }
  const std::int64_t latitude = std::int64_t{dwell.centre_latitude.raw} +
                                std::int64_t{*target.delta_latitude} * dwell.scale_latitude->raw;
  if (latitude < std::numeric_limits<std::int32_t>::min() ||
      latitude > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  const std::int64_t longitude =
      std::int64_t{dwell.centre_longitude.raw} +
      std::int64_t{*target.delta_longitude} * std::int64_t{dwell.scale_longitude->raw};
  return LatLon{Sa32{static_cast<std::int32_t>(latitude)},
                Ba32{static_cast<std::uint32_t>(static_cast<std::uint64_t>(longitude))}};
}

}  // namespace trucewatch::stanag4607::internal
