// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "core/geo/geodetic.h"
#include "ingest/radar/stanag4607.h"

namespace trucewatch::stanag4607::internal {

// The line from a sensor to a place on the ground, in the tangent plane of that place.
struct LineOfSight {
  Eigen::Vector2d away_en = Eigen::Vector2d::UnitY();  // unit, horizontal, from the sensor
  double slant_range_m = 0;
  double cos_grazing = 1;  // of the angle between the line and the ground
  double tan_grazing = 0;
};
LineOfSight LineTo(const Eigen::Vector3d& sensor_ecef_m, const Geodetic& place);

// D24-D27 as a polygon, counter-clockwise, at least eight corners: the sector seen from the sensor,
// or a disc when the look goes all round. Empty when an extent is zero: nothing is said then.
std::vector<Geodetic> Footprint(const DwellSegment& dwell, const Geodetic& sensor,
                                double ground_height_hae_m);

// Latitude and longitude of a target, exact (specs: positions are integers); nothing when there is
// none, half of one, or when a delta leaves the range of latitudes.
struct LatLon {
  Sa32 latitude;
  Ba32 longitude;
};
std::optional<LatLon> TargetPosition(const DwellSegment& dwell, const TargetReport& target);

}  // namespace trucewatch::stanag4607::internal
