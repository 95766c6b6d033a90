// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "detect/motion/image_tracker.h"
#include "detect/motion/moment.h"

namespace trucewatch::motion {

// Whether a track, fitted about its middle hit, went straight over at least `least_px` of the
// stabilised plane in eight sightings or more. Flicker, uncovered ground and boiling leaves do not.
bool WentStraight(const ImageTrack& track, const LineFit& fit, double least_px);
// Whether it was seen nearly all the time for a second and a half and longer, and went on and on,
// on whatever bends: what a vehicle that drives over strongly patterned ground, or under a camera
// that zooms, does when no pixel can be followed.
bool WentFar(const ImageTrack& track, double least_px);
// The least way of a vehicle whose patch is so long.
double LeastWayPx(double size_px);

// What goes on about a track: symbols that turn and trees in the wind boil with patches that go
// nowhere, a road does not.
class Surroundings {
 public:
  // `moments` must outlive it.
  Surroundings(const std::vector<ImageTrack>& tracks, const std::vector<Moment>& moments);

  // Mean number of patches within 30 working pixels of the track's (none of its own pieces) that
  // belong to nothing that goes straight.
  double UnrulyBeside(const ImageTrack& track) const;
  bool Boil(const ImageTrack& track) const;

 private:
  const std::vector<Moment>& moments_;
  std::vector<std::vector<bool>> straight_;  // by moment and blob
};

}  // namespace trucewatch::motion
