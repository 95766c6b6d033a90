// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "core/types/track.h"
#include "fusion/group_book.h"
#include "fusion/groups.h"
#include "fusion/look.h"
#include "fusion/track_state.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch {

// Between the messages' places on the ellipsoid and the tracker's plane: east and north of the
// mission origin, exact through ECEF. Covariances keep their axes: 20 km from the origin the local
// east is turned by less than 0.3 degrees.

// A look, and the reports in it that could not be used (out of the mission area, no usable
// covariance).
struct ConvertedLook {
  Look look;
  std::size_t refused_plots = 0;
};

// kBadInput when the look as a whole cannot be used: more plots or corners than a sensor can mean,
// a footprint with fewer than three corners, negative rates.
Result<ConvertedLook> LookFromRadarDwell(const RadarDwell& dwell, const LocalFrame& frame);
// Of an envelope that holds either of the two.
Result<ConvertedLook> LookOf(const v1::Envelope& envelope, const LocalFrame& frame);
Result<ConvertedLook> LookFromObservationSet(const ObservationSet& set, const LocalFrame& frame);

Track TrackFromEstimate(const TrackEstimate& estimate, const LocalFrame& frame);
Group GroupFromEstimate(const GroupEstimate& estimate, const LocalFrame& frame);
Group GroupFromBook(const BookGroup& group, const LocalFrame& frame);

// Where and how well it looked, as verify's coverage account needs it; `late` is left to the
// caller.
SettledLook SettledFromRadarDwell(const RadarDwell& dwell);
SettledLook SettledFromObservationSet(const ObservationSet& set);

}  // namespace trucewatch
