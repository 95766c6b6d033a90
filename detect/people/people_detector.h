// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/geo/terrain.h"
#include "core/types/observation.h"
#include "detect/motion/motion_detector.h"

namespace trucewatch {
namespace people {
struct Pictures;
}  // namespace people

struct PeopleOptions {
  double max_gsd_m = 0.15;  // of the encoded picture at its middle; coarser ones are not searched
  int min_count = 5;        // smaller groups are not reported
  double group_radius_m = 5;
  Duration sample_period = Duration::Millis(180);  // pictures closer together are skipped
  int max_samples = 16;                            // a segment; longer ones are thinned out
};

// What was found of people in one segment: groups, never anybody.
struct PeopleResult {
  bool searched = false;  // groups of min_count people in view would have been found
  std::string reason;     // why not searched
  double gsd_m = 0;       // of the encoded pictures at their middle; 0: no pose
  // For each of the moments asked for; the count is the segment's, the place that of the moment.
  std::vector<std::vector<GroupObservation>> groups;
};

// Finds groups of people on foot in the pictures of one segment that is sharp enough to tell a
// person from his neighbour (10 to 15 cm a pixel, looking steeply down): the pictures are
// registered, what moves against the ground is taken as foreground, vehicles are taken out, the
// rest is counted by area (people/crowd.h says how, and what the interval holds). Single persons
// never leave this class. Memory: one reduced picture for each sample. Determinism: the result is a
// pure function of the arguments, on one build and CPU feature set. Threads: one caller at a time.
class PeopleDetector {
 public:
  // `pictures` in ascending time; `terrain` must outlive the detector.
  PeopleDetector(std::vector<MotionPicture> pictures, const PeopleOptions& options,
                 const Terrain& terrain);
  ~PeopleDetector();

  bool Wants(std::size_t picture) const;
  // As MotionDetector::Add.
  void Add(std::size_t picture, int width_px, int height_px, Bytes luma);

  // Call once. `moments` are indices into the pictures given.
  PeopleResult Finish(std::span<const std::size_t> moments);

 private:
  std::vector<MotionPicture> pictures_;
  PeopleOptions options_;
  const Terrain& terrain_;
  std::vector<bool> wanted_;
  PeopleResult result_;
  int width_px_ = 0, height_px_ = 0;
  std::unique_ptr<people::Pictures> samples_;
};

}  // namespace trucewatch
