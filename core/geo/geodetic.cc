// SPDX-License-Identifier: Apache-2.0
#include "core/geo/geodetic.h"

#include <GeographicLib/Geocentric.hpp>
#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/MGRS.hpp>
#include <GeographicLib/UTMUPS.hpp>
#include <cmath>
#include <exception>

namespace trucewatch {

Eigen::Vector3d EcefFromGeodetic(const Geodetic& place) {
  Eigen::Vector3d p_ecef_m;
  GeographicLib::Geocentric::WGS84().Forward(place.latitude.deg(), place.longitude.deg(),
                                             place.height_hae_m, p_ecef_m.x(), p_ecef_m.y(),
                                             p_ecef_m.z());
  return p_ecef_m;
}

Geodetic GeodeticFromEcef(const Eigen::Vector3d& p_ecef_m) {
  double latitude_deg = 0;
  double longitude_deg = 0;
  double height_hae_m = 0;
  GeographicLib::Geocentric::WGS84().Reverse(p_ecef_m.x(), p_ecef_m.y(), p_ecef_m.z(), latitude_deg,
                                             longitude_deg, height_hae_m);
  return Geodetic::FromDegrees(latitude_deg, longitude_deg, height_hae_m);
}

LocalFrame::LocalFrame(const Geodetic& origin) : origin_(origin) {
  const double sin_lat = std::sin(origin.latitude.rad());
  const double cos_lat = std::cos(origin.latitude.rad());
  const double sin_lon = std::sin(origin.longitude.rad());
  const double cos_lon = std::cos(origin.longitude.rad());
  enu_from_ecef_ << -sin_lon, cos_lon, 0.0,             //
      -sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat,  //
      cos_lat * cos_lon, cos_lat * sin_lon, sin_lat;
  // EcefFromGeodetic with the sines at hand, which are most of the cost of a frame: a radar makes
  // one for each target.
  const auto& wgs84 = GeographicLib::Geocentric::WGS84();
  const double e2 = wgs84.Flattening() * (2.0 - wgs84.Flattening());
  const double normal_m = wgs84.EquatorialRadius() / std::sqrt(1.0 - e2 * sin_lat * sin_lat);
  const double around_m = (normal_m + origin.height_hae_m) * cos_lat;
  origin_ecef_m_ << around_m * cos_lon, around_m * sin_lon,
      (normal_m * (1.0 - e2) + origin.height_hae_m) * sin_lat;
}

Eigen::Vector3d LocalFrame::EnuFromEcef(const Eigen::Vector3d& p_ecef_m) const {
  return enu_from_ecef_ * (p_ecef_m - origin_ecef_m_);
}

Eigen::Vector3d LocalFrame::EcefFromEnu(const Eigen::Vector3d& p_enu_m) const {
  return origin_ecef_m_ + enu_from_ecef_.transpose() * p_enu_m;
}

Eigen::Vector3d LocalFrame::EnuFromGeodetic(const Geodetic& place) const {
  return EnuFromEcef(EcefFromGeodetic(place));
}

Geodetic LocalFrame::GeodeticFromEnu(const Eigen::Vector3d& p_enu_m) const {
  return GeodeticFromEcef(EcefFromEnu(p_enu_m));
}

double GeodesicDistanceM(const Geodetic& a, const Geodetic& b) {
  double distance_m = 0;
  GeographicLib::Geodesic::WGS84().Inverse(a.latitude.deg(), a.longitude.deg(), b.latitude.deg(),
                                           b.longitude.deg(), distance_m);
  return distance_m;
}

Result<Utm> UtmFromGeodetic(const Geodetic& place) {
  try {
    Utm utm;
    GeographicLib::UTMUPS::Forward(place.latitude.deg(), place.longitude.deg(), utm.zone, utm.north,
                                   utm.easting_m, utm.northing_m);
    if (utm.zone == GeographicLib::UTMUPS::UPS) {
      return Fail(ErrorCode::kBadInput, "latitude {} deg is outside UTM (-80 to 84)",
                  place.latitude.deg());
    }
    return utm;
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kBadInput, "no UTM coordinates: {}", e.what());
  }
}

Result<Utm> UtmFromGeodetic(const Geodetic& place, int zone, bool north) {
  try {
    Utm utm;
    GeographicLib::UTMUPS::Forward(place.latitude.deg(), place.longitude.deg(), utm.zone, utm.north,
                                   utm.easting_m, utm.northing_m, zone);
    constexpr double kFalseNorthingM = 1e7;  // of the southern hemisphere
    if (utm.north && !north) utm.northing_m += kFalseNorthingM;
    if (!utm.north && north) utm.northing_m -= kFalseNorthingM;
    utm.north = north;
    return utm;
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kBadInput, "no UTM coordinates in zone {}: {}", zone, e.what());
  }
}

Result<Geodetic> GeodeticFromUtm(const Utm& utm, double height_hae_m) {
  try {
    double latitude_deg = 0;
    double longitude_deg = 0;
    GeographicLib::UTMUPS::Reverse(utm.zone, utm.north, utm.easting_m, utm.northing_m, latitude_deg,
                                   longitude_deg);
    return Geodetic::FromDegrees(latitude_deg, longitude_deg, height_hae_m);
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kBadInput, "not UTM coordinates: {}", e.what());
  }
}

Result<std::string> MgrsFromGeodetic(const Geodetic& place, int digits) {
  if (digits < 0 || digits > 5) {
    return Fail(ErrorCode::kBadInput, "MGRS takes 0 to 5 digits, not {}", digits);
  }
  try {
    int zone = 0;
    bool north = true;
    double x = 0;
    double y = 0;
    GeographicLib::UTMUPS::Forward(place.latitude.deg(), place.longitude.deg(), zone, north, x, y);
    std::string mgrs;
    GeographicLib::MGRS::Forward(zone, north, x, y, place.latitude.deg(), digits, mgrs);
    return mgrs;
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kBadInput, "no MGRS coordinates: {}", e.what());
  }
}

}  // namespace trucewatch
