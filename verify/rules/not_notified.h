// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>
#include <span>

#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/rules/count_inside.h"

namespace trucewatch {

// Rule NOT_NOTIFIED, clause of the kind "Movements of N or more vehicles in the zone shall be
// notified beforehand, with their time, route and numbers": P(at least N of the vehicles exist, are
// of the rule's classes, are moving and are inside the zone), weight = existence * class share *
// P(moving) in CountInside. Held against groups that no notification and no corridor covers
// (notified_tracker.h).
Assessment AssessNotNotified(const Rule& rule, const Zone& zone, double map_sigma_m,
                             std::span<const Track* const> vehicles);

// P(the component of the velocity along its mean is at least kLeastMovingMps): Phi((|v| - k) / s).
inline constexpr double kLeastMovingMps = 1.0;
double ProbabilityMoving(const Track& vehicle);

// What is known of a movement when it is held against the notifications.
struct MovementFacts {
  Instant time;
  Geodetic position;
  Eigen::Vector2d velocity_en_mps = Eigen::Vector2d::Zero();
  int count_min = 0;
  int count_max = 0;
  ObjectClass object_class = ObjectClass::kUnknownVehicle;
};

// In what a movement differs from a notification. All empty: in nothing; the notification covers
// another movement then, or this one was an event before.
struct NotificationDifference {
  std::size_t notified = 0;  // index into Agreement::notified
  Duration early;            // before its window began; zero: not
  Duration late;             // since its window ended; zero: not
  double off_route_m = 0.0;  // beyond the edge of its corridor
  bool other_number = false;
  bool other_direction = false;
  bool other_class = false;
};

// The notification that a movement is nearest to: least sum of hours outside the window, kilometres
// outside the corridor and one for each other difference; the first among equals. Nothing when all
// are more than kNotificationReach of such units away.
inline constexpr double kNotificationReach = 24.0;
std::optional<NotificationDifference> NearestNotification(const Agreement& agreement,
                                                          const MovementFacts& facts);

}  // namespace trucewatch
