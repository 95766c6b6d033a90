// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/score/track_files.h"
#include "tools/score/track_score.h"

namespace trucewatch::tools {

struct TrackPictureText {
  std::string title;  // plain text
  double cutoff_m = 50;
};

// Tracks and truth of the scored time as one SVG 1.1 document, north up, with scale, legend and the
// figures: truth grey, tracks coloured with their id at the end; what is missed, what is false and
// where an identity changed is marked. Where there is no room for a label near its line's end, a
// thin line leads to it, or it is left out and counted. Names are escaped and cut at 24 bytes.
// Determinism: a function of its arguments.
std::string DrawTracks(const TrackedScenario& scenario, const TrackScore& score,
                       const TrackPictureText& text);

}  // namespace trucewatch::tools
