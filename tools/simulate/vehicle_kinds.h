// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/simulate/random.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// Of a v1::config::Vehicle::Kind.
MoverKind KindOf(int kind);
// A vehicle of its kind's size and paint, with this one's own small differences.
Mover MakeVehicle(MoverKind kind, Random& random);

}  // namespace trucewatch::simulate
