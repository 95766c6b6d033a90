// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/clip.h"

namespace trucewatch {
namespace {

double Cross(const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
  return a.x() * b.y() - a.y() * b.x();
}

}  // namespace

double SignedAreaM2(std::span<const Eigen::Vector2d> polygon) {
  if (polygon.size() < 3) return 0.0;
  // From a corner: far from the origin the products would lose digits.
  const Eigen::Vector2d& origin = polygon.front();
  double twice = 0.0;
  for (std::size_t i = 1; i + 1 < polygon.size(); ++i)
    twice += Cross(polygon[i] - origin, polygon[i + 1] - origin);
  return 0.5 * twice;
}

std::vector<Eigen::Vector2d> ClipToConvex(std::span<const Eigen::Vector2d> polygon,
                                          std::span<const Eigen::Vector2d> convex) {
  std::vector<Eigen::Vector2d> now(polygon.begin(), polygon.end());
  std::vector<Eigen::Vector2d> next;
  for (std::size_t i = 0, j = convex.size() - 1; i < convex.size() && !now.empty(); j = i++) {
    const Eigen::Vector2d along = convex[i] - convex[j];
    // Left of the edge is inside.
    const auto inside = [&](const Eigen::Vector2d& p) { return Cross(along, p - convex[j]); };
    next.clear();
    double before = inside(now.back());
    for (std::size_t k = 0, last = now.size() - 1; k < now.size(); last = k++) {
      const double here = inside(now[k]);
      if ((before >= 0.0) != (here >= 0.0))
        next.push_back(now[last] + (now[k] - now[last]) * (before / (before - here)));
      if (here >= 0.0) next.push_back(now[k]);
      before = here;
    }
    now.swap(next);
  }
  return now;
}

}  // namespace trucewatch
