// SPDX-License-Identifier: Apache-2.0
#include "fusion/internal/polygon.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace trucewatch::internal {

double DepthInside(const std::vector<Eigen::Vector2d>& polygon_m, const Eigen::Vector2d& p_m) {
  bool inside = false;
  double nearest2 = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0, j = polygon_m.size() - 1; i < polygon_m.size(); j = i++) {
    const Eigen::Vector2d a = polygon_m[j], b = polygon_m[i];
    // Crossing number of the ray to the east.
    if ((a.y() > p_m.y()) != (b.y() > p_m.y()) &&
        p_m.x() < a.x() + (p_m.y() - a.y()) / (b.y() - a.y()) * (b.x() - a.x())) {
      inside = !inside;
    }
    const Eigen::Vector2d edge = b - a;
    const double length2 = edge.squaredNorm();
    const double t = length2 > 0 ? std::clamp((p_m - a).dot(edge) / length2, 0.0, 1.0) : 0.0;
    nearest2 = std::min(nearest2, (p_m - a - t * edge).squaredNorm());
  }
  const double distance = std::sqrt(nearest2);
  return inside ? distance : -distance;
}

}  // namespace trucewatch::internal
