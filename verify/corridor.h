// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "verify/agreement/agreement.h"
#include "verify/movement.h"

namespace trucewatch {

// Mean probability of the vehicles of a view to be inside a corridor.
double ShareInCorridor(const CorridorShape& corridor, const GroupView& view, double map_sigma_m);

// Whether on the mean at least half of the belief about the vehicles is in the classes. A radar
// cannot tell classes apart: an unknown vehicle does not speak against any of them.
bool ClassesFit(const std::vector<ObjectClass>& classes, const GroupView& view);

}  // namespace trucewatch
