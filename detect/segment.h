// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/geo/terrain.h"
#include "core/types/observation.h"
#include "detect/footage/footage_print.h"
#include "detect/motion/motion_detector.h"
#include "detect/parked/parked_book.h"
#include "detect/people/people_detector.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch {
namespace appearance {
class ImageDetector;
}  // namespace appearance

// Name and version of this detector in the lineage of what it makes.
inline constexpr char kMotionModel[] = "motion-1";
inline constexpr char kPeopleModel[] = "people-1";

// The motion detector's options as a config says them. Zero fields of the config (none is set) keep
// the default.
MotionOptions MotionOptionsFrom(const v1::config::DetectConfig& config);
// Nothing when the config does not ask for people.
std::optional<PeopleOptions> PeopleOptionsFrom(const v1::config::DetectConfig& config);

// What the detectors saw in one segment.
struct SegmentMotion {
  MotionResult motion;
  PeopleResult people;                        // groups[i] belong to motion.moments[i]
  std::vector<std::size_t> frame_of_picture;  // MotionMoment::picture -> index into segment.frames
  int decoded = 0;  // pictures, with those that nobody wanted and on which no other rests
  int width_px = 0, height_px = 0;  // of the first picture
  // Of the pictures that the motion detector wants, by time; the index into segment.frames.
  std::vector<std::pair<std::size_t, footage::FootagePrint>> prints;
};

// Decodes a segment and looks for motion, and for groups of people where that is asked for. Fails
// with kBadInput when nothing decodes. Keeps at most one decoded picture in memory besides the
// reduced ones.
Result<SegmentMotion> DetectSegmentMotion(const VideoSegment& segment, const MotionOptions& options,
                                          const Terrain& terrain,
                                          const std::optional<PeopleOptions>& people = {});

// What a segment becomes: looks in ascending time, and what could not be used of it.
struct SegmentResult {
  std::vector<ObservationSet> observations;
  std::vector<DataFault> faults;
  MotionCounts counts;
  // Whole looks for the book of what is parked, each with its index in `observations`.
  std::vector<std::pair<std::size_t, parked::ParkedLook>> parked;
  std::vector<std::pair<std::size_t, footage::FootagePrint>> prints;  // as SegmentMotion
};

// Pure function of its arguments; may run on several segments in parallel.
// `looks`: the network of config.appearance; null: none.
SegmentResult DetectSegment(const VideoSegment& segment, const v1::config::DetectConfig& config,
                            const Terrain& terrain,
                            const appearance::ImageDetector* looks = nullptr);

}  // namespace trucewatch
