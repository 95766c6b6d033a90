// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "detect/motion/moment.h"

namespace trucewatch::motion {

// Marks the patches of burnt-in scales (a heading tape, an altitude ladder) as symbols, and says
// how many rows and columns have one. Their strokes slide, so that no mask of what stands still
// finds them; but moment for moment several strokes alike stand evenly spaced across one row or
// column of the screen, which no traffic does while the camera moves on.
int MarkTapes(std::vector<Moment>& moments);

}  // namespace trucewatch::motion
