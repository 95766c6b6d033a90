// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/geo/geodetic.h"

namespace trucewatch {

// How far a place is inside an area: metres to the nearest boundary, negative outside. `outward_en`
// is the unit direction (east, north) in which the distance falls fastest.
struct EdgeDistance {
  double inside_m = 0.0;
  Eigen::Vector2d outward_en = Eigen::Vector2d::UnitX();
};

// A zone on the ground, as a polygon in the tangent plane at the mean of its vertices (heights are
// left out). Error of the plane: a length to a point r from the centre comes out r^3 / (6 R^2)
// short, 0.5 m at 50 km and 4.1 m at 100 km; edges are straight in the plane, less than 1 m off the
// geodesic at these sizes.
class PolygonShape {
 public:
  // At least 3 vertices in order round the boundary, either way round, not closed.
  explicit PolygonShape(const std::vector<Geodetic>& vertices);

  EdgeDistance Distance(const Geodetic& place) const;
  // Numbers of two edges (edge i runs from vertex i to the next) that meet where they should not;
  // empty if none.
  std::vector<std::size_t> CrossingEdges() const;
  double AreaM2() const;
  // Largest distance of a vertex from the centre: above 100 km the plane's error is no longer
  // small.
  double RadiusM() const;
  const LocalFrame& frame() const { return frame_; }
  const std::vector<Eigen::Vector2d>& vertices_en_m() const { return vertices_en_m_; }

 private:
  LocalFrame frame_;
  std::vector<Eigen::Vector2d> vertices_en_m_;
};

// All places nearer than half the width to a route. Same plane, same error.
class CorridorShape {
 public:
  // At least 2 points.
  CorridorShape(const std::vector<Geodetic>& route, double width_m);

  EdgeDistance Distance(const Geodetic& place) const;
  // Unit direction of travel (east, north) of the part of the route nearest to the place.
  Eigen::Vector2d DirectionEn(const Geodetic& place) const;
  // Whether any part of the corridor lies in the zone (route sampled at most half a width apart).
  bool Touches(const PolygonShape& zone) const;
  double RadiusM() const;

 private:
  LocalFrame frame_;
  std::vector<Eigen::Vector2d> route_en_m_;
  double half_width_m_;
};

}  // namespace trucewatch
