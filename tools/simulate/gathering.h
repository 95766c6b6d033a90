// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// People coming together on foot; needs the houses to stand, which they do not walk through.
void AddGatherings(const Scenario& scenario, World& world);

}  // namespace trucewatch::simulate
