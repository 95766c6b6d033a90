// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/convoy_towards.h"

#include <cmath>

namespace trucewatch {

Assessment AssessConvoyTowards(const Rule& rule, const LineShape& line, double map_sigma_m,
                               std::span<const Track* const> vehicles) {
  const double t = rule.within.seconds();
  std::vector<LineCrossing> crossings;
  std::vector<bool> taken;
  for (const Track* track : vehicles) {
    taken.push_back(false);
    const auto now = SideOf(line, track->position, track->cov.topLeftCorner<2, 2>());
    if (!now) continue;
    const bool forward = now->distance_m > 0.0;
    if (rule.direction != Direction::kEitherWay &&
        forward != (rule.direction == Direction::kForward))
      continue;
    const LocalFrame frame(track->position);
    const Eigen::Vector2d ahead = t * track->velocity_en_mps;
    const Eigen::Matrix2d cross = track->cov.topRightCorner<2, 2>();
    const Eigen::Matrix2d cov = track->cov.topLeftCorner<2, 2>() + t * (cross + cross.transpose()) +
                                t * t * track->cov.bottomRightCorner<2, 2>();
    const auto then = SideOf(line, frame.GeodeticFromEnu({ahead.x(), ahead.y(), 0.0}), cov);
    if (!then) continue;
    taken.back() = true;
    crossings.push_back({track, *now, *then, forward});
  }
  Assessment out = AssessLineCrossed(rule, map_sigma_m, crossings);
  // One for each vehicle, also for those that are not on their way.
  std::vector<bool> members(vehicles.size(), false);
  for (std::size_t i = 0, k = 0; i < vehicles.size(); ++i) {
    if (taken[i]) members[i] = out.member_inside[k++];
  }
  out.member_inside = std::move(members);
  return out;
}

Approach ApproachOf(const LineShape& line, const Geodetic& position,
                    const Eigen::Vector2d& velocity_en_mps) {
  const EdgeDistance edge = line.Distance(position);
  const double away = velocity_en_mps.dot(edge.outward_en);
  return {std::abs(edge.inside_m), edge.inside_m > 0.0 ? away : -away};
}

}  // namespace trucewatch
