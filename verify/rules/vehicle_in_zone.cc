// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/vehicle_in_zone.h"

#include "verify/rules/group_in_zone.h"

namespace trucewatch {

double ProbabilityOfVehicleInZone(const Rule& rule, const Zone& zone, double map_sigma_m,
                                  const Track& vehicle) {
  return vehicle.existence_probability * ShareOfClasses(vehicle.classes, rule.classes) *
         ProbabilityInside(zone.shape.Distance(vehicle.position), vehicle.cov.topLeftCorner<2, 2>(),
                           map_sigma_m);
}

Assessment AssessVehicleInZone(const Rule& rule, const Zone& zone, double map_sigma_m,
                               std::span<const Track* const> vehicles) {
  Assessment out = AssessGroupInZone(rule, zone, map_sigma_m, vehicles);
  for (std::size_t i = 0; i < vehicles.size(); ++i)
    out.member_inside[i] = ProbabilityOfVehicleInZone(rule, zone, map_sigma_m, *vehicles[i]) >= 0.5;
  return out;
}

}  // namespace trucewatch
