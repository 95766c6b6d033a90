// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/shape.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"

namespace trucewatch {
namespace {

using Vec = Eigen::Vector2d;

// Mean direction of the places on the unit sphere; right across the 180th meridian too.
Geodetic Centre(const std::vector<Geodetic>& places) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (const Geodetic& place : places)
    sum += EcefFromGeodetic({place.latitude, place.longitude, 0.0});
  Geodetic centre = GeodeticFromEcef(sum / static_cast<double>(places.size()));
  centre.height_hae_m = 0.0;
  return centre;
}

Vec Plane(const LocalFrame& frame, const Geodetic& place) {
  return frame.EnuFromGeodetic({place.latitude, place.longitude, 0.0}).head<2>();
}

std::vector<Vec> Plane(const LocalFrame& frame, const std::vector<Geodetic>& places) {
  std::vector<Vec> out;
  out.reserve(places.size());
  for (const Geodetic& place : places) out.push_back(Plane(frame, place));
  return out;
}

double Cross(const Vec& a, const Vec& b) { return a.x() * b.y() - a.y() * b.x(); }

// +1 left turn, -1 right turn, 0 within a millimetre of straight.
int Turn(const Vec& a, const Vec& b, const Vec& c) {
  const double cross = Cross(b - a, c - a);
  const double scale = std::max((b - a).norm(), 1e-3) * 1e-3;
  return cross > scale ? 1 : cross < -scale ? -1 : 0;
}

bool InBox(const Vec& a, const Vec& b, const Vec& p) {
  return p.x() >= std::min(a.x(), b.x()) - 1e-3 && p.x() <= std::max(a.x(), b.x()) + 1e-3 &&
         p.y() >= std::min(a.y(), b.y()) - 1e-3 && p.y() <= std::max(a.y(), b.y()) + 1e-3;
}

bool SegmentsMeet(const Vec& a, const Vec& b, const Vec& c, const Vec& d) {
  const int abc = Turn(a, b, c);
  const int abd = Turn(a, b, d);
  const int cda = Turn(c, d, a);
  const int cdb = Turn(c, d, b);
  if (abc * abd < 0 && cda * cdb < 0) return true;
  return (abc == 0 && InBox(a, b, c)) || (abd == 0 && InBox(a, b, d)) ||
         (cda == 0 && InBox(c, d, a)) || (cdb == 0 && InBox(c, d, b));
}

double Radius(const std::vector<Geodetic>& places) {
  const Geodetic centre = Centre(places);
  double radius = 0.0;
  for (const Geodetic& place : places) radius = std::max(radius, GeodesicDistanceM(centre, place));
  return radius;
}

// Away from the nearest point if `inside_m` is to fall that way, towards it otherwise. On the edge
// itself it is the edge's normal, and which of the two does not matter.
Vec Outward(const NearestEdge& nearest, bool away) {
  if (nearest.toward_en.isZero()) return {nearest.along_en.y(), -nearest.along_en.x()};
  return away ? Vec(-nearest.toward_en) : nearest.toward_en;
}

}  // namespace

PolygonShape::PolygonShape(const std::vector<Geodetic>& vertices)
    : frame_(Centre(vertices)),
      vertices_en_m_(Plane(frame_, vertices)),
      vertices_(vertices),
      edges_(vertices, true) {
  TW_CHECK(vertices.size() >= 3);
}

EdgeDistance PolygonShape::Distance(const Geodetic& place) const {
  const NearestEdge nearest = edges_.Nearest(place);
  return {nearest.inside ? nearest.distance_m : -nearest.distance_m,
          Outward(nearest, !nearest.inside)};
}

std::vector<std::size_t> PolygonShape::CrossingEdges() const {
  // In the plane in which geodesics are straight.
  const GnomonicPlane plane(frame_.origin());
  const std::size_t n = vertices_.size();
  std::vector<Vec> vertices;
  vertices.reserve(n);
  for (const Geodetic& place : vertices_) vertices.push_back(plane.FromGeodetic(place));
  const auto vertex = [&](std::size_t i) -> const Vec& { return vertices[i % n]; };
  for (std::size_t i = 0; i < n; ++i) {
    if ((vertex(i + 1) - vertex(i)).norm() < 1e-3) return {i, (i + 1) % n};  // two equal vertices
    for (std::size_t j = i + 1; j < n; ++j) {
      const bool next = j == i + 1;
      const bool previous = i == 0 && j == n - 1;
      if (!next && !previous) {
        if (SegmentsMeet(vertex(i), vertex(i + 1), vertex(j), vertex(j + 1))) return {i, j};
        continue;
      }
      // Neighbours share a vertex; they cross only by folding back on themselves.
      const Vec shared = next ? vertex(j) : vertex(i);
      const Vec one = (next ? vertex(i) : vertex(i + 1)) - shared;
      const Vec two = (next ? vertex(j + 1) : vertex(j)) - shared;
      if (Turn(shared, shared + one, shared + two) == 0 && one.dot(two) > 0.0) return {i, j};
    }
  }
  return {};
}

double PolygonShape::AreaM2() const { return GeodesicAreaM2(vertices_); }

double PolygonShape::RadiusM() const { return Radius(vertices_); }

CorridorShape::CorridorShape(const std::vector<Geodetic>& route, double width_m)
    : route_(route), edges_(route, false), half_width_m_(width_m / 2.0) {}

EdgeDistance CorridorShape::Distance(const Geodetic& place) const {
  const NearestEdge nearest = edges_.Nearest(place);
  return {half_width_m_ - nearest.distance_m, Outward(nearest, true)};
}

Eigen::Vector2d CorridorShape::DirectionEn(const Geodetic& place) const {
  return edges_.Nearest(place).along_en;
}

bool CorridorShape::Touches(const PolygonShape& zone) const {
  for (std::size_t i = 0; i + 1 < route_.size(); ++i) {
    const double length = GeodesicDistanceM(route_[i], route_[i + 1]);
    const int steps = std::clamp(static_cast<int>(length / half_width_m_), 1, 1000);
    for (int k = 0; k <= steps; ++k) {
      const Geodetic place =
          GeodesicPoint(route_[i], route_[i + 1], static_cast<double>(k) / steps);
      if (zone.Distance(place).inside_m > -half_width_m_) return true;
    }
  }
  return false;
}

double CorridorShape::RadiusM() const { return Radius(route_); }

LineShape::LineShape(const std::vector<Geodetic>& points, bool behind_is_left)
    : points_(points), edges_(points, false), behind_is_left_(behind_is_left) {}

EdgeDistance LineShape::Distance(const Geodetic& place) const {
  const NearestEdge nearest = edges_.Nearest(place);
  const bool behind = nearest.left == behind_is_left_;
  if (nearest.toward_en.isZero()) {
    // On the line: beyond it is the other hand.
    const Vec right(nearest.along_en.y(), -nearest.along_en.x());
    return {0.0, behind_is_left_ ? right : Vec(-right)};
  }
  return {behind ? nearest.distance_m : -nearest.distance_m, Outward(nearest, !behind)};
}

bool LineShape::Abreast(const Geodetic& place) const {
  const NearestEdge nearest = edges_.Nearest(place);
  const bool before = nearest.edge == 0 && nearest.share <= 0.0;
  const bool after = nearest.edge + 1 == edges_.edges() && nearest.share >= 1.0;
  return !before && !after;
}

double LineShape::LengthM() const {
  double length = 0.0;
  for (std::size_t i = 0; i + 1 < points_.size(); ++i)
    length += GeodesicDistanceM(points_[i], points_[i + 1]);
  return length;
}

double LineShape::RadiusM() const { return Radius(points_); }

}  // namespace trucewatch
