// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/rules/count_inside.h"

namespace trucewatch {

// Rule GROUP_IN_ZONE, clause of the kind "Groups of N or more vehicles shall not be present in the
// zone": P(at least N of the vehicles exist, are of the rule's classes and are inside the zone),
// with weight = existence * class share in CountInside. Georeference errors that vehicles share are
// part of their covariances and are taken as independent here.
Assessment AssessGroupInZone(const Rule& rule, const Zone& zone, double map_sigma_m,
                             std::span<const Track* const> vehicles);

}  // namespace trucewatch
