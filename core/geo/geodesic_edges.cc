// SPDX-License-Identifier: Apache-2.0
#include "core/geo/geodesic_edges.h"

#include <GeographicLib/Geocentric.hpp>
#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/GeodesicLine.hpp>
#include <GeographicLib/PolygonArea.hpp>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/check.h"

namespace trucewatch {
namespace {

using Vec = Eigen::Vector2d;

Geodetic OnEllipsoid(const Geodetic& place) { return {place.latitude, place.longitude, 0.0}; }

double CrossOf(const Vec& a, const Vec& b) { return a.x() * b.y() - a.y() * b.x(); }

}  // namespace

GnomonicPlane::GnomonicPlane(const Geodetic& origin) : frame_(OnEllipsoid(origin)) {
  const auto& wgs84 = GeographicLib::Geocentric::WGS84();
  const double e2 = wgs84.Flattening() * (2.0 - wgs84.Flattening());
  const double sin_lat = std::sin(origin.latitude.rad());
  const double w2 = 1.0 - e2 * sin_lat * sin_lat;
  normal_radius_m_ = wgs84.EquatorialRadius() / std::sqrt(w2);
  meridian_radius_m_ = normal_radius_m_ * (1.0 - e2) / w2;
  mean_radius_m_ = std::sqrt(meridian_radius_m_ * normal_radius_m_);
}

Vec GnomonicPlane::FromEcef(const Eigen::Vector3d& p_ecef_m) const {
  const Eigen::Vector3d p = frame_.EnuFromEcef(p_ecef_m);
  // Towards the horizon of the rays' centre a point would run away to infinity, and behind it come
  // back on the other side.
  const double depth = std::max(mean_radius_m_ + p.z(), 0.01 * mean_radius_m_);
  return p.head<2>() * (mean_radius_m_ / depth);
}

Vec GnomonicPlane::FromGeodetic(const Geodetic& place) const {
  return FromEcef(EcefFromGeodetic(OnEllipsoid(place)));
}

double GnomonicPlane::DistanceFromOriginM(const Vec& p_en_m) const {
  const double rho = p_en_m.norm();
  if (rho <= 0.0) return 0.0;
  // Along azimuth a the ellipsoid curves with 1/r = cos^2 a / M + sin^2 a / N (Euler). A point s
  // away is s - s^3 / (6 r^2) out and s^2 / (2 r) down, so that its ray meets the plane at
  // rho = s (1 + s^2 (1 / (2 r R) - 1 / (6 r^2))): that of a sphere whose radius is `equal`.
  const double east = p_en_m.x() / rho, north = p_en_m.y() / rho;
  const double curvature = north * north / meridian_radius_m_ + east * east / normal_radius_m_;
  const double equal =
      1.0 / std::sqrt(1.5 * curvature / mean_radius_m_ - 0.5 * curvature * curvature);
  return equal * std::atan(rho / equal);
}

Geodetic GnomonicPlane::ToGeodetic(const Vec& p_en_m) const {
  const double rho = p_en_m.norm();
  double latitude_deg = 0;
  double longitude_deg = 0;
  const double azimuth_deg =
      rho > 0.0 ? Angle::Radians(std::atan2(p_en_m.x(), p_en_m.y())).deg() : 0.0;
  GeographicLib::Geodesic::WGS84().Direct(frame_.origin().latitude.deg(),
                                          frame_.origin().longitude.deg(), azimuth_deg,
                                          DistanceFromOriginM(p_en_m), latitude_deg, longitude_deg);
  return Geodetic::FromDegrees(latitude_deg, longitude_deg, 0.0);
}

GeodesicEdges::GeodesicEdges(const std::vector<Geodetic>& points, bool closed) : closed_(closed) {
  TW_CHECK(points.size() >= 2);
  points_ecef_m_.reserve(points.size());
  for (const Geodetic& point : points)
    points_ecef_m_.push_back(EcefFromGeodetic(OnEllipsoid(point)));
}

NearestEdge GeodesicEdges::Nearest(const Geodetic& place) const {
  // Seen from the place itself: angles at it are true, edges are straight, and the foot of the
  // perpendicular is the nearest point on the ground as well.
  const GnomonicPlane plane(place);
  NearestEdge out;
  double best2 = std::numeric_limits<double>::infinity();
  Vec nearest = Vec::Zero();
  const auto point = [&](std::size_t i) {
    return plane.FromEcef(points_ecef_m_[i % points_ecef_m_.size()]);
  };
  const Vec first = point(0);
  Vec a = first;
  for (std::size_t i = 0; i < edges(); ++i) {
    const Vec b = i + 1 < points_ecef_m_.size() ? point(i + 1) : first;
    const Vec ab = b - a;
    // Even-odd crossing of the ray towards east; the half-open comparison counts a shared vertex
    // once.
    if ((a.y() > 0.0) != (b.y() > 0.0) && a.x() - a.y() * ab.x() / ab.y() > 0.0)
      out.inside = !out.inside;
    const double length2 = ab.squaredNorm();
    const double share = length2 > 0.0 ? std::clamp(-a.dot(ab) / length2, 0.0, 1.0) : 0.0;
    const Vec q = a + share * ab;
    if (q.squaredNorm() < best2) {
      best2 = q.squaredNorm();
      nearest = q;
      out.edge = i;
      out.share = share;
      if (length2 > 0.0) out.along_en = ab / std::sqrt(length2);
    }
    a = b;
  }
  if (!closed_) out.inside = false;
  out.distance_m = plane.DistanceFromOriginM(nearest);
  if (best2 > 1e-12) out.toward_en = nearest / std::sqrt(best2);
  // At a corner both edges are equally near, and only both together say which hand it is.
  Vec along = out.along_en;
  const std::size_t n = edges();
  if (out.share >= 1.0 && (closed_ || out.edge + 1 < n)) {
    along += (point(out.edge + 2) - point(out.edge + 1)).normalized();
  } else if (out.share <= 0.0 && (closed_ || out.edge > 0)) {
    const std::size_t count = points_ecef_m_.size();
    along += (point(out.edge) - point(out.edge + count - 1)).normalized();
  }
  out.left = CrossOf(along, -nearest) > 0.0;
  return out;
}

Geodetic GeodesicPoint(const Geodetic& a, const Geodetic& b, double share) {
  const auto line = GeographicLib::Geodesic::WGS84().InverseLine(
      a.latitude.deg(), a.longitude.deg(), b.latitude.deg(), b.longitude.deg());
  double latitude_deg = 0;
  double longitude_deg = 0;
  line.Position(share * line.Distance(), latitude_deg, longitude_deg);
  return Geodetic::FromDegrees(latitude_deg, longitude_deg, 0.0);
}

double GeodesicAreaM2(const std::vector<Geodetic>& vertices) {
  GeographicLib::PolygonArea polygon(GeographicLib::Geodesic::WGS84());
  for (const Geodetic& vertex : vertices)
    polygon.AddPoint(vertex.latitude.deg(), vertex.longitude.deg());
  double perimeter_m = 0;
  double area_m2 = 0;
  polygon.Compute(false, true, perimeter_m, area_m2);
  return std::abs(area_m2);
}

}  // namespace trucewatch
