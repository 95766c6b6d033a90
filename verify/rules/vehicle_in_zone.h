// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/rules/count_inside.h"

namespace trucewatch {

// Rule VEHICLE_IN_ZONE, clause of the kind "Tracked vehicles shall stay behind the withdrawal
// line": P(at least N of the vehicles exist, are of the rule's classes and are inside the zone),
// together or not. The sum is that of GROUP_IN_ZONE; what differs is which vehicles are taken
// together (rule_engine.cc), and who speaks for the event: only a vehicle of which
// existence * class share * P(inside) is at least one half. The belief of "vehicle of unknown
// class" counts for ANY_VEHICLE only.
Assessment AssessVehicleInZone(const Rule& rule, const Zone& zone, double map_sigma_m,
                               std::span<const Track* const> vehicles);

// existence * class share * P(inside) of one vehicle.
double ProbabilityOfVehicleInZone(const Rule& rule, const Zone& zone, double map_sigma_m,
                                  const Track& vehicle);

}  // namespace trucewatch
