// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/rules/probability.h"

namespace trucewatch {

// What a rule says about some vehicles at one moment.
struct Assessment {
  double probability = 0.0;         // that what the rule describes is so
  double expected_inside = 0.0;     // vehicles
  CountBounds inside;               // 95 %
  std::vector<bool> member_inside;  // one for each vehicle: more likely inside than not
};

// Rule GROUP_IN_ZONE, clause of the kind "Groups of N or more vehicles shall not be present in the
// zone": P(at least N of the vehicles exist, are of the rule's classes and are inside the zone).
// The map error is common to all vehicles, so the count is computed for each displacement of the
// boundary and averaged over its normal distribution; for one displacement vehicles are independent
// (Poisson-binomial with p = existence * class share * P(inside)). Georeference errors that
// vehicles share are part of their covariances and are taken as independent here.
Assessment AssessGroupInZone(const Rule& rule, const Zone& zone, double map_sigma_m,
                             std::span<const Track* const> vehicles);

}  // namespace trucewatch
