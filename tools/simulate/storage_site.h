// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// Vehicles parked in rows, of which some leave.
void AddStorageSites(const Scenario& scenario, World& world);

}  // namespace trucewatch::simulate
