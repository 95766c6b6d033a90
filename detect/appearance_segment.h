// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "detect/appearance_look.h"
#include "detect/parked/parked_book.h"
#include "detect/segment.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch {

// What the network adds to a segment's looks; one entry for each of its moments.
struct SegmentAppearance {
  struct Moment {
    bool whole = false;         // the whole picture was looked at, and well
    bool knows_people = false;  // the network has such a class, and groups are asked for
    std::vector<GroupObservation> people;
    std::vector<GroupObservation> standing;  // vehicles that stand together, as a count
    // The whole picture and what stands in it, for what was parked there before; else nothing.
    std::optional<parked::ParkedLook> parked;
  };
  std::vector<Moment> moments;
  std::string fault;  // not empty: the network did not run; what it did until then stands
};

// Looks at the segment's moments by appearance: at the first of each `period_s` (of the clock, so
// that it does not depend on where segments begin) at the whole picture, at the others at chips
// about movers; the movers' classes become the network's where it knows them. Decodes the segment
// once more, as far as the last picture wanted. Pure function of its arguments.
SegmentAppearance LookAtSegment(const VideoSegment& segment, const v1::config::DetectConfig& config,
                                const appearance::ImageDetector& detector, const Terrain& terrain,
                                SegmentMotion& seen);

}  // namespace trucewatch
