// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

#include "core/geo/geodetic.h"

namespace trucewatch {

// The plane of a gnomonic projection at an origin: east, north in metres. Geodesics are straight in
// it (within 0.02 m over 200 km; exact on a sphere), lengths are right at the origin and grow by
// r^2 / R^2 away from it: 0.02 % at 100 km. Heights are left out.
class GnomonicPlane {
 public:
  explicit GnomonicPlane(const Geodetic& origin);

  // Of a place less than a quarter of the earth away; farther ones lie at its rim.
  Eigen::Vector2d FromEcef(const Eigen::Vector3d& p_ecef_m) const;
  Eigen::Vector2d FromGeodetic(const Geodetic& place) const;
  Geodetic ToGeodetic(const Eigen::Vector2d& p_en_m) const;
  // Length of the geodesic from the origin to a point of the plane.
  double DistanceFromOriginM(const Eigen::Vector2d& p_en_m) const;

 private:
  LocalFrame frame_;
  double mean_radius_m_;      // Gauss: of the sphere whose centre the rays start from
  double meridian_radius_m_;  // of curvature, along north
  double normal_radius_m_;    // ... and along east
};

// Where a place is against a chain of edges.
struct NearestEdge {
  double distance_m = 0.0;  // of the geodesic to the nearest point of the chain
  std::size_t edge = 0;     // edge i runs from point i to the next
  double share = 0.0;       // where on it: 0 at its first point, 1 at its last
  // Unit directions (east, north) at the place: towards the nearest point (zero on the chain
  // itself), and along the edge.
  Eigen::Vector2d toward_en = Eigen::Vector2d::Zero();
  Eigen::Vector2d along_en = Eigen::Vector2d::UnitX();
  bool left = false;  // the place is on the left hand of the chain, walked from its first point on
  bool inside = false;  // of a closed chain: within it, by the even-odd rule
};

// A chain of geodesics on the WGS-84 ellipsoid from point to point; heights are left out. Distances
// are within 0.1 m of GeographicLib's for chains up to 200 km across and places within 100 km of
// them (tests/core/geo). Two points of a chain are less than a quarter of the earth apart.
class GeodesicEdges {
 public:
  // At least 2 points; closed: an edge runs from the last to the first.
  GeodesicEdges(const std::vector<Geodetic>& points, bool closed);

  // Costs one frame and, for each point, a rotation.
  NearestEdge Nearest(const Geodetic& place) const;
  std::size_t edges() const { return closed_ ? points_ecef_m_.size() : points_ecef_m_.size() - 1; }

 private:
  std::vector<Eigen::Vector3d> points_ecef_m_;
  bool closed_;
};

// The point at a share of the way from a to b along the geodesic (Karney 2013).
Geodetic GeodesicPoint(const Geodetic& a, const Geodetic& b, double share);

// Area within a closed chain of geodesics, whichever way round (Karney 2013, section 6).
double GeodesicAreaM2(const std::vector<Geodetic>& vertices);

}  // namespace trucewatch
