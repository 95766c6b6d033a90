// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/geo/geodesic_edges.h"
#include "core/geo/geodetic.h"

namespace trucewatch {

// How far a place is inside an area: metres to the nearest boundary, negative outside. `outward_en`
// is the unit direction (east, north) in which the distance falls fastest.
struct EdgeDistance {
  double inside_m = 0.0;
  Eigen::Vector2d outward_en = Eigen::Vector2d::UnitX();
};

// A zone on the ground: a polygon of geodesics from vertex to vertex (heights are left out).
// Distances are within 0.1 m of GeographicLib's for zones up to 200 km across and places within 100
// km of them (tests/core/geo/geodesic_edges_test.cc). `frame` and `vertices_en_m` are its tangent
// plane, for those who divide it into cells: a length to a point r from the centre comes out
// r^3 / (6 R^2) short there, 0.5 m at 50 km and 4.1 m at 100 km.
class PolygonShape {
 public:
  // At least 3 vertices in order round the boundary, either way round, not closed.
  explicit PolygonShape(const std::vector<Geodetic>& vertices);

  EdgeDistance Distance(const Geodetic& place) const;
  // Numbers of two edges (edge i runs from vertex i to the next) that meet where they should not;
  // empty if none.
  std::vector<std::size_t> CrossingEdges() const;
  double AreaM2() const;
  // Largest distance of a vertex from the centre.
  double RadiusM() const;
  const std::vector<Geodetic>& vertices() const { return vertices_; }
  const LocalFrame& frame() const { return frame_; }
  const std::vector<Eigen::Vector2d>& vertices_en_m() const { return vertices_en_m_; }

 private:
  LocalFrame frame_;
  std::vector<Eigen::Vector2d> vertices_en_m_;
  std::vector<Geodetic> vertices_;
  GeodesicEdges edges_;
};

// All places nearer than half the width to a route of geodesics; same error.
class CorridorShape {
 public:
  // At least 2 points.
  CorridorShape(const std::vector<Geodetic>& route, double width_m);

  EdgeDistance Distance(const Geodetic& place) const;
  // Unit direction of travel (east, north) of the part of the route nearest to the place.
  Eigen::Vector2d DirectionEn(const Geodetic& place) const;
  // Whether any part of the corridor lies in the zone (route sampled at most half a width apart, or
  // 1000 times an edge).
  bool Touches(const PolygonShape& zone) const;
  double RadiusM() const;
  const std::vector<Geodetic>& route() const { return route_; }
  double width_m() const { return 2.0 * half_width_m_; }

 private:
  std::vector<Geodetic> route_;
  GeodesicEdges edges_;
  double half_width_m_;
};

// A line with a side that is called "behind"; geodesics from point to point, same error.
class LineShape {
 public:
  // At least 2 points. Behind is the left hand, or the right one, of whoever walks from the first
  // point to the last.
  LineShape(const std::vector<Geodetic>& points, bool behind_is_left);

  // inside_m: how far behind the line, negative beyond it. Past its ends the line goes on straight
  // for the question which side it is, and the distance is that to the end.
  EdgeDistance Distance(const Geodetic& place) const;
  // Whether the nearest point of the line is not one of its ends. Past the ends nothing was agreed.
  bool Abreast(const Geodetic& place) const;
  bool behind_is_left() const { return behind_is_left_; }
  double LengthM() const;
  double RadiusM() const;
  const std::vector<Geodetic>& points() const { return points_; }

 private:
  std::vector<Geodetic> points_;
  GeodesicEdges edges_;
  bool behind_is_left_;
};

}  // namespace trucewatch
