// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <string>

#include "core/base/result.h"
#include "core/geo/angle.h"

namespace trucewatch {

// A place on or above the WGS-84 ellipsoid. Latitude before longitude, height above the ellipsoid
// (HAE).
struct Geodetic {
  Angle latitude;
  Angle longitude;
  double height_hae_m = 0.0;

  static constexpr Geodetic FromDegrees(double latitude_deg, double longitude_deg,
                                        double height_hae_m) {
    return {Angle::Degrees(latitude_deg), Angle::Degrees(longitude_deg), height_hae_m};
  }
};

// Earth-centred earth-fixed coordinates, metres.
Eigen::Vector3d EcefFromGeodetic(const Geodetic& place);
Geodetic GeodeticFromEcef(const Eigen::Vector3d& p_ecef_m);

// A tangent frame: east, north, up in metres at an origin. Exact (through ECEF), so "up" of a far
// point includes the earth's curvature.
class LocalFrame {
 public:
  explicit LocalFrame(const Geodetic& origin);

  const Geodetic& origin() const { return origin_; }
  Eigen::Vector3d EnuFromGeodetic(const Geodetic& place) const;
  Geodetic GeodeticFromEnu(const Eigen::Vector3d& p_enu_m) const;
  Eigen::Vector3d EnuFromEcef(const Eigen::Vector3d& p_ecef_m) const;
  Eigen::Vector3d EcefFromEnu(const Eigen::Vector3d& p_enu_m) const;
  // Rotates a direction between the frames (no translation).
  const Eigen::Matrix3d& enu_from_ecef() const { return enu_from_ecef_; }

 private:
  Geodetic origin_;
  Eigen::Vector3d origin_ecef_m_;
  Eigen::Matrix3d enu_from_ecef_;
};

// Geodesic on the ellipsoid (Karney 2013, GeographicLib): accurate to nanometres at any distance.
double GeodesicDistanceM(const Geodetic& a, const Geodetic& b);

// Universal Transverse Mercator with the standard zone of the place (Norway and Svalbard
// exceptions).
struct Utm {
  int zone = 0;
  bool north = true;
  double easting_m = 0.0;
  double northing_m = 0.0;
};
Result<Utm> UtmFromGeodetic(const Geodetic& place);
// The same in a given zone and hemisphere, also where the place lies in a neighbouring one: what
// spans two zones has one set of coordinates.
Result<Utm> UtmFromGeodetic(const Geodetic& place, int zone, bool north);
Result<Geodetic> GeodeticFromUtm(const Utm& utm, double height_hae_m);

// Military grid reference, truncated (never rounded) to 10^(5-digits) metres; digits 0..5.
Result<std::string> MgrsFromGeodetic(const Geodetic& place, int digits);

}  // namespace trucewatch
