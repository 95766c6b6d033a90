// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/not_notified.h"

#include <algorithm>
#include <cmath>

namespace trucewatch {

double ProbabilityMoving(const Track& vehicle) {
  const double speed = vehicle.velocity_en_mps.norm();
  const Eigen::Vector2d along =
      speed > 1e-6 ? Eigen::Vector2d(vehicle.velocity_en_mps / speed) : Eigen::Vector2d::UnitX();
  const double variance = along.dot(vehicle.cov.bottomRightCorner<2, 2>() * along);
  if (variance < 1e-12) return speed >= kLeastMovingMps ? 1.0 : 0.0;
  return NormalCdf((speed - kLeastMovingMps) / std::sqrt(variance));
}

Assessment AssessNotNotified(const Rule& rule, const Zone& zone, double map_sigma_m,
                             std::span<const Track* const> vehicles) {
  Assessment out;
  std::vector<CountedThing> things;
  for (const Track* track : vehicles) {
    const double moving = ProbabilityMoving(*track);
    const CountedThing thing{
        track->existence_probability * ShareOfClasses(track->classes, rule.classes) * moving,
        zone.shape.Distance(track->position), track->cov.topLeftCorner<2, 2>()};
    const double inside = ProbabilityInside(thing.edge, thing.cov_en_m2, map_sigma_m);
    out.expected_inside += thing.weight * inside;
    out.member_inside.push_back(inside >= 0.5 && moving >= 0.5);
    things.push_back(thing);
  }
  if (out.expected_inside < 1e-6) return out;
  const std::vector<double> distribution = CountInside(things, map_sigma_m);
  out.probability = AtLeast(distribution, rule.min_count);
  out.inside = Interval95(distribution);
  return out;
}

std::optional<NotificationDifference> NearestNotification(const Agreement& agreement,
                                                          const MovementFacts& facts) {
  std::optional<NotificationDifference> best;
  double least = kNotificationReach;
  for (std::size_t n = 0; n < agreement.notified.size(); ++n) {
    const NotifiedMovement& notified = agreement.notified[n];
    NotificationDifference here;
    here.notified = n;
    if (facts.time < notified.window_start) here.early = notified.window_start - facts.time;
    if (facts.time >= notified.window_end) here.late = facts.time - notified.window_end;
    here.off_route_m = std::max(-notified.corridor.Distance(facts.position).inside_m, 0.0);
    here.other_number =
        facts.count_min > notified.max_count || facts.count_max < notified.min_count;
    const double speed = facts.velocity_en_mps.norm();
    if (notified.heading_tolerance && speed >= kLeastMovingMps) {
      const Eigen::Vector2d along = notified.corridor.DirectionEn(facts.position);
      here.other_direction =
          facts.velocity_en_mps.dot(along) < speed * std::cos(notified.heading_tolerance->rad());
    }
    // A class nobody could tell does not differ.
    here.other_class = facts.object_class != ObjectClass::kUnknownVehicle &&
                       ShareOfClasses({{facts.object_class, 1.0}}, notified.classes) < 0.5;
    const double away = (here.early.seconds() + here.late.seconds()) / 3600.0 +
                        here.off_route_m / 1000.0 + (here.other_number ? 1.0 : 0.0) +
                        (here.other_direction ? 1.0 : 0.0) + (here.other_class ? 1.0 : 0.0);
    if (away > least || (best && away == least)) continue;
    least = away;
    best = here;
  }
  return best;
}

}  // namespace trucewatch
