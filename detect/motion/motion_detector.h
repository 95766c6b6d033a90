// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/geo/camera.h"
#include "core/geo/terrain.h"
#include "core/time/instant.h"
#include "core/types/observation.h"

namespace trucewatch {

// One decoded picture with what is known about its camera.
struct MotionPicture {
  Instant time;
  int width_px = 0;
  int height_px = 0;
  Bytes luma;  // height x width, contiguous rows; must outlive the call
  std::optional<CameraPose> pose;
  CameraPoseSigma pose_sigma;
  Duration metadata_skew;
};

struct MotionOptions {
  double working_gsd_m =
      0.4;  // pictures are reduced to this ground sample distance, never enlarged
  double min_speed_mps = 2;
  double max_speed_mps = 40;
  double min_size_m = 2.5;  // longest side; smaller movers are dropped and counted
  double max_size_m = 25;
  // Movers are reported at moments this far apart (the middle of each period); zero: at every
  // picture.
  Duration observation_period = Duration::Millis(500);
  // Pictures closer together than this are skipped; zero: none are. 10 Hz is enough to follow a
  // vehicle.
  Duration sample_period = Duration::Millis(100);
  // The blob of an object is centred about half its height over the ground.
  double object_height_m = 1.5;
  // Metres a pixel of the encoded picture where there is no pose; sizes and speeds are gated with
  // it.
  double assumed_gsd_m = 0.4;
};

// What moved at one moment.
struct MotionMoment {
  std::size_t picture = 0;  // index into the pictures given
  Instant time;
  std::string degraded_reason;  // empty when the look was a good one
  bool georeferenced = false;   // detections have positions
  std::vector<Geodetic>
      footprint;  // counter-clockwise; ground that all pictures compared have in view
  double min_detectable_speed_mps = 0;
  std::vector<Detection>
      detections;  // ascending image_track; without georeference only boxes, sizes and score
};

// Image tracks by what became of them.
struct MotionCounts {
  int accepted = 0;
  int brief = 0;  // too few sightings, or no displacement
  int slow = 0, fast = 0, crooked = 0, small = 0, large = 0;
  int parallax = 0;   // moves as a static raised object would under the platform's motion
  int duplicate = 0;  // a second patch of the same vehicle
  MotionCounts& operator+=(const MotionCounts& other);
};

struct MotionResult {
  std::vector<MotionMoment> moments;  // ascending time
  MotionCounts counts;
};

// Finds what moves over the ground in the pictures of one segment (ascending times; a picture that
// does not come after the one before is ignored). Position of a detection: where the ray through
// the centre of the object's patch meets the ground raised by half the object's height, put down to
// the ground; smoothed over the image track. Determinism: a pure function of its arguments, on one
// build and CPU feature set. Threads: may run in parallel.
MotionResult DetectMotion(std::span<const MotionPicture> pictures, const MotionOptions& options,
                          const Terrain& terrain);

}  // namespace trucewatch
