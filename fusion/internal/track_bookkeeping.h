// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fusion/look.h"
#include "fusion/track_state.h"
#include "fusion/tracker_options.h"

namespace trucewatch::internal {

// Whether this look repeats errors the track has already taken in.
UpdateOptions UpdateOptionsFor(const TrackState& track, const Look& look,
                               const TrackerOptions& options);

// What it looks like: the class, a normalised product of what is believed and what this report
// says, with a floor, and the size, a weighted mean. A source that repeats itself counts less. Call
// before TakeSupport.
void FuseAppearance(TrackState& track, const Look& look, const LookPlot& plot,
                    const TrackerOptions& options);

// Notes that `look` reported what these sources support.
void NoteSupport(std::vector<TrackSupport>& supports, const Look& look);

// Notes that `look` reported the track: supports, last update, number of updates.
void TakeSupport(TrackState& track, const Look& look);

// Newest opportunities without a report, kOpportunityMemory at most.
int MissesOnEnd(const TrackState& track);

void NoteOpportunity(TrackState& track, std::uint64_t look, bool reported);

// True when the two surely lie closer than a vehicle is long.
bool IsWithinOneVehicle(const Gaussian& a, const Gaussian& b);

// True when a and b are statistically at one place with one velocity, and no look has told them
// apart: either none of several looks that could have reported both did, or they are closer than a
// vehicle is long.
bool AreOneObject(const TrackState& a, const Gaussian& at_a, const TrackState& b,
                  const Gaussian& at_b, const TrackerOptions& options);

// Which of two doubles stays: the confirmed one, then the one with more updates, then the older.
bool IsBetterFounded(const TrackState& a, const TrackState& b);

}  // namespace trucewatch::internal
