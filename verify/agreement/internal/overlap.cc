// SPDX-License-Identifier: Apache-2.0
#include "verify/agreement/internal/overlap.h"

#include <algorithm>
#include <cmath>

namespace trucewatch::internal {
namespace {

using PlanePoint = Eigen::Vector2d;

struct Edge {
  PlanePoint low, high;  // by y
  double XAt(double y) const {
    return low.x() + (high.x() - low.x()) * (y - low.y()) / (high.y() - low.y());
  }
};

std::vector<PlanePoint> InPlane(const GnomonicPlane& plane, const PolygonShape& zone) {
  std::vector<PlanePoint> out;
  for (const Geodetic& vertex : zone.vertices()) out.push_back(plane.FromGeodetic(vertex));
  return out;
}

// Edges that are not level: level ones bound no strip.
std::vector<Edge> EdgesOf(const std::vector<PlanePoint>& ring) {
  std::vector<Edge> out;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const PlanePoint& a = ring[i];
    const PlanePoint& b = ring[(i + 1) % ring.size()];
    if (a.y() < b.y()) out.push_back({a, b});
    if (b.y() < a.y()) out.push_back({b, a});
  }
  return out;
}

std::optional<double> CrossingY(const Edge& a, const Edge& b) {
  const double low = std::max(a.low.y(), b.low.y());
  const double high = std::min(a.high.y(), b.high.y());
  if (low >= high) return std::nullopt;
  const double at_low = a.XAt(low) - b.XAt(low);
  const double at_high = a.XAt(high) - b.XAt(high);
  if ((at_low > 0.0) == (at_high > 0.0) || at_low == at_high) return std::nullopt;
  return low + (high - low) * at_low / (at_low - at_high);
}

std::vector<double> CrossingsAt(const std::vector<Edge>& edges, double y) {
  std::vector<double> xs;
  for (const Edge& edge : edges)
    if (edge.low.y() < y && y < edge.high.y()) xs.push_back(edge.XAt(y));
  std::sort(xs.begin(), xs.end());
  return xs;
}

}  // namespace

std::optional<Strip> Overlap(const PolygonShape& a, const PolygonShape& b) {
  // Geodesics are straight in this plane, so between two neighbouring heights of corners and
  // crossings every piece is a trapezoid, whose area is its middle width times its height.
  const GnomonicPlane plane(a.frame().origin());
  const std::vector<PlanePoint> ring_a = InPlane(plane, a), ring_b = InPlane(plane, b);
  const std::vector<Edge> edges_a = EdgesOf(ring_a), edges_b = EdgesOf(ring_b);
  std::vector<double> heights;
  for (const PlanePoint& p : ring_a) heights.push_back(p.y());
  for (const PlanePoint& p : ring_b) heights.push_back(p.y());
  for (const Edge& one : edges_a)
    for (const Edge& two : edges_b)
      if (const auto y = CrossingY(one, two)) heights.push_back(*y);
  std::sort(heights.begin(), heights.end());
  Strip out;
  double widest = 0.0;
  PlanePoint low(1e12, 1e12), high(-1e12, -1e12);
  for (std::size_t i = 0; i + 1 < heights.size(); ++i) {
    const double height = heights[i + 1] - heights[i];
    if (height < 1e-6) continue;
    const double y = (heights[i] + heights[i + 1]) / 2.0;
    const std::vector<double> in_a = CrossingsAt(edges_a, y), in_b = CrossingsAt(edges_b, y);
    for (std::size_t p = 0; p + 1 < in_a.size(); p += 2) {
      for (std::size_t q = 0; q + 1 < in_b.size(); q += 2) {
        const double west = std::max(in_a[p], in_b[q]);
        const double east = std::min(in_a[p + 1], in_b[q + 1]);
        if (east <= west) continue;
        out.area_m2 += (east - west) * height;
        low = low.cwiseMin(PlanePoint(west, heights[i]));
        high = high.cwiseMax(PlanePoint(east, heights[i + 1]));
        if ((east - west) * height <= widest) continue;
        widest = (east - west) * height;
        out.place = plane.ToGeodetic({(west + east) / 2.0, y});
      }
    }
  }
  if (out.area_m2 <= 0.0) return std::nullopt;
  out.length_m = (high - low).norm();
  out.width_m = out.area_m2 / out.length_m;
  return out;
}

std::optional<Strip> Gap(const PolygonShape& a, const PolygonShape& b, double least_m,
                         double most_m) {
  std::optional<Strip> best;
  Strip run;
  const auto finish = [&] {
    const bool strip = run.length_m >= 5.0 * run.width_m && run.length_m > 0.0;
    if (strip && (!best || run.length_m > best->length_m)) best = run;
    run = Strip{};
  };
  const auto& ring = a.vertices();
  double perimeter = 0.0;
  for (std::size_t i = 0; i < ring.size(); ++i)
    perimeter += GeodesicDistanceM(ring[i], ring[(i + 1) % ring.size()]);
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const Geodetic& next = ring[(i + 1) % ring.size()];
    const double length = GeodesicDistanceM(ring[i], next);
    const int steps = 4 + static_cast<int>(200.0 * length / perimeter);
    for (int k = 0; k < steps; ++k) {
      // In the middle of each step: corners belong to two edges and prove nothing.
      const Geodetic place = GeodesicPoint(ring[i], next, (k + 0.5) / steps);
      const EdgeDistance distance = b.Distance(place);
      if (-distance.inside_m <= least_m || -distance.inside_m > most_m) {
        finish();
        continue;
      }
      run.length_m += length / steps;
      run.area_m2 += -distance.inside_m * length / steps;
      if (-distance.inside_m <= run.width_m) continue;
      run.width_m = -distance.inside_m;
      const PlanePoint middle = distance.outward_en * (distance.inside_m / 2.0);
      run.place = LocalFrame({place.latitude, place.longitude, 0.0})
                      .GeodeticFromEnu({middle.x(), middle.y(), 0.0});
    }
  }
  finish();
  return best;
}

InnerPoint FarthestInside(const PolygonShape& zone) {
  const auto& ring = zone.vertices_en_m();
  PlanePoint low = ring.front(), high = ring.front();
  for (const PlanePoint& p : ring) {
    low = low.cwiseMin(p);
    high = high.cwiseMax(p);
  }
  // A grid over the zone, then finer ones about the best point.
  constexpr int kSteps = 12;
  InnerPoint best;
  best.inside_m = -1e12;
  PlanePoint centre = (low + high) / 2.0, half = (high - low) / 2.0;
  for (int round = 0; round < 6; ++round) {
    PlanePoint at = centre;
    for (int i = 0; i <= kSteps; ++i) {
      for (int k = 0; k <= kSteps; ++k) {
        const PlanePoint p =
            centre + half.cwiseProduct(PlanePoint(2.0 * i / kSteps - 1, 2.0 * k / kSteps - 1));
        const Geodetic place = zone.frame().GeodeticFromEnu({p.x(), p.y(), 0.0});
        const double inside = zone.Distance(place).inside_m;
        if (inside <= best.inside_m) continue;
        best = {place, inside};
        at = p;
      }
    }
    centre = at;
    half *= 0.35;
  }
  return best;
}

bool MayMeet(const PolygonShape& a, const PolygonShape& b, double reach_m) {
  return GeodesicDistanceM(a.frame().origin(), b.frame().origin()) <=
         a.RadiusM() + b.RadiusM() + reach_m;
}

}  // namespace trucewatch::internal
