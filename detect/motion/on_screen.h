// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "detect/motion/image_tracker.h"
#include "detect/motion/moment.h"
#include "detect/motion/trail.h"

namespace trucewatch::motion {

// Parts of burnt-in symbols that the mask misses: digits that tick, words that blink.

// Whether most of the track's patches lie within a few pixels of the mask.
bool BesideSymbol(const ImageTrack& track, const std::vector<Moment>& moments);

// Whether the track stays where it is on the screen, beside the mask. (Without the mask near by it
// may be a vehicle that the camera follows.)
bool StandsOnScreen(const ImageTrack& track, const std::vector<Moment>& moments);

// The same, by the trail of a patch beside the mask. One that jerks and hardly looks the same along
// it is made up of digits that change and of the ground under them.
bool StandsOnScreen(const ImageTrack& track, const Trail& trail,
                    const std::vector<Moment>& moments);

}  // namespace trucewatch::motion
