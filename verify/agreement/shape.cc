// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/shape.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

Vec NearestOnSegment(const Vec& a, const Vec& b, const Vec& p) {
  const Vec ab = b - a;
  const double length2 = ab.squaredNorm();
  if (length2 <= 0.0) return a;
  return a + std::clamp((p - a).dot(ab) / length2, 0.0, 1.0) * ab;
}

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

double Radius(const std::vector<Vec>& points) {
  double radius = 0.0;
  for (const Vec& p : points) radius = std::max(radius, p.norm());
  return radius;
}

}  // namespace

PolygonShape::PolygonShape(const std::vector<Geodetic>& vertices)
    : frame_(Centre(vertices)), vertices_en_m_(Plane(frame_, vertices)) {
  TW_CHECK(vertices.size() >= 3);
}

EdgeDistance PolygonShape::Distance(const Geodetic& place) const {
  const Vec p = Plane(frame_, place);
  const std::size_t n = vertices_en_m_.size();
  bool inside = false;
  double best = std::numeric_limits<double>::infinity();
  Vec nearest = Vec::Zero();
  Vec edge = Vec::UnitX();
  for (std::size_t i = 0; i < n; ++i) {
    const Vec& a = vertices_en_m_[i];
    const Vec& b = vertices_en_m_[(i + 1) % n];
    // Even-odd crossing of the ray towards east; the half-open comparison counts a shared vertex
    // once.
    if ((a.y() > p.y()) != (b.y() > p.y()) &&
        p.x() < a.x() + (p.y() - a.y()) * (b.x() - a.x()) / (b.y() - a.y()))
      inside = !inside;
    const Vec q = NearestOnSegment(a, b, p);
    const double distance = (q - p).norm();
    if (distance < best) {
      best = distance;
      nearest = q;
      edge = b - a;
    }
  }
  EdgeDistance out;
  out.inside_m = inside ? best : -best;
  if (best > 1e-6) {
    out.outward_en = (inside ? Vec(nearest - p) : Vec(p - nearest)) / best;
  } else if (edge.norm() > 0.0) {
    out.outward_en =
        Vec(edge.y(), -edge.x()).normalized();  // on the edge: its normal, sign does not matter
  }
  return out;
}

std::vector<std::size_t> PolygonShape::CrossingEdges() const {
  const std::size_t n = vertices_en_m_.size();
  const auto vertex = [&](std::size_t i) -> const Vec& { return vertices_en_m_[i % n]; };
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

double PolygonShape::AreaM2() const {
  double twice = 0.0;
  for (std::size_t i = 0; i < vertices_en_m_.size(); ++i)
    twice += Cross(vertices_en_m_[i], vertices_en_m_[(i + 1) % vertices_en_m_.size()]);
  return std::abs(twice) / 2.0;
}

double PolygonShape::RadiusM() const { return Radius(vertices_en_m_); }

CorridorShape::CorridorShape(const std::vector<Geodetic>& route, double width_m)
    : frame_(Centre(route)), route_en_m_(Plane(frame_, route)), half_width_m_(width_m / 2.0) {
  TW_CHECK(route.size() >= 2);
}

EdgeDistance CorridorShape::Distance(const Geodetic& place) const {
  const Vec p = Plane(frame_, place);
  double best = std::numeric_limits<double>::infinity();
  EdgeDistance out;
  for (std::size_t i = 0; i + 1 < route_en_m_.size(); ++i) {
    const Vec q = NearestOnSegment(route_en_m_[i], route_en_m_[i + 1], p);
    const double distance = (p - q).norm();
    if (distance >= best) continue;
    best = distance;
    const Vec along = route_en_m_[i + 1] - route_en_m_[i];
    if (distance > 1e-6) {
      out.outward_en = (p - q) / distance;
    } else if (along.norm() > 0.0) {
      out.outward_en = Vec(along.y(), -along.x()).normalized();
    }
  }
  out.inside_m = half_width_m_ - best;
  return out;
}

Eigen::Vector2d CorridorShape::DirectionEn(const Geodetic& place) const {
  const Vec p = Plane(frame_, place);
  double best = std::numeric_limits<double>::infinity();
  Vec direction = Vec::UnitX();
  for (std::size_t i = 0; i + 1 < route_en_m_.size(); ++i) {
    const Vec along = route_en_m_[i + 1] - route_en_m_[i];
    const double distance = (p - NearestOnSegment(route_en_m_[i], route_en_m_[i + 1], p)).norm();
    if (distance >= best || along.norm() <= 0.0) continue;
    best = distance;
    direction = along.normalized();
  }
  return direction;
}

bool CorridorShape::Touches(const PolygonShape& zone) const {
  for (std::size_t i = 0; i + 1 < route_en_m_.size(); ++i) {
    const Vec along = route_en_m_[i + 1] - route_en_m_[i];
    const int steps = std::clamp(static_cast<int>(along.norm() / half_width_m_), 1, 1000);
    for (int k = 0; k <= steps; ++k) {
      const Vec p = route_en_m_[i] + along * (static_cast<double>(k) / steps);
      const Geodetic place = frame_.GeodeticFromEnu({p.x(), p.y(), 0.0});
      if (zone.Distance(place).inside_m > -half_width_m_) return true;
    }
  }
  return false;
}

double CorridorShape::RadiusM() const { return Radius(route_en_m_); }

}  // namespace trucewatch
