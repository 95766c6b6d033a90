// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "detect/motion/candidate.h"
#include "detect/motion/moment.h"
#include "detect/motion/motion_detector.h"
#include "detect/motion/movers.h"

namespace trucewatch::motion {

// Whether something that moves is of a vehicle's size.
enum class Size { kFits, kSmall, kLarge, kThin };

// What was taken for one vehicle, and what it was put together from.
struct Vehicle {
  Candidate whole;
  std::vector<Candidate> parts;  // empty when there is but one
};

// What goes far is other than the ground before and after wherever it is: differencing sees it all
// the time. Not so what coarse coding drags along about a vehicle, and parts of a turning symbol.
bool FarSeenSeldom(const Candidate& c);

// Size, classes and score of a vehicle; the mover is filled in whatever its size.
Size Measure(const Candidate& c, const std::vector<Moment>& moments, const MotionOptions& options,
             Mover& mover);

// Whether the judge may be asked about what is not of a vehicle's size: a long one with its shadow,
// or the warm part of one that is faster than people are. Never what may be a person.
bool MayBeVehicle(const Candidate& c, Size size, const Mover& mover, const MotionOptions& options);

// What is too large to be one vehicle is several that nearly touch: each part that is of a
// vehicle's size, or by its patches when its neighbours go along with it so that its pixels do not
// end.
std::vector<std::pair<Candidate, Mover>> ApartFrom(const Vehicle& vehicle,
                                                   const std::vector<Moment>& moments,
                                                   const MotionOptions& options);

}  // namespace trucewatch::motion
