// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/geo/camera.h"
#include "core/geo/terrain.h"
#include "core/time/instant.h"
#include "core/types/observation.h"

namespace trucewatch {
namespace motion {
struct Samples;
}  // namespace motion

// What is known about one picture of a segment before it is decoded.
struct MotionPicture {
  Instant time;
  std::optional<CameraPose> pose;
  CameraPoseSigma pose_sigma;
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
  // Detections are reported that are vehicles on the move with this probability or more, as judged
  // by judge.h. Where pixels are too coarse for that the rules alone decide, and the score is no
  // probability.
  double least_probability = 0.95;
  bool evidence = false;  // say by what each was judged
  // Told the name of each step as it begins, so that a benchmark can say what it costs. Changes
  // nothing; empty: nobody is told.
  std::function<void(const char* step)> on_step = {};
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
  // Errors of the pose on the ground in the middle of the picture, 1-sigma: as stated for it, and
  // as registration measured it over the segment (0: could not); why covariances are wider than
  // stated.
  double position_sigma_stated_m = 0;
  double position_scatter_m = 0;
  std::string georeference_note;
  std::vector<Detection>
      detections;  // ascending image_track; without georeference only boxes, sizes and score
  // By what each of them was judged, if that is asked for: names and numbers.
  std::vector<std::vector<std::pair<const char*, double>>> evidence;
};

// Image tracks by what became of them.
struct MotionCounts {
  int accepted = 0;
  int brief = 0;  // too few sightings, or no displacement
  int slow = 0, fast = 0, crooked = 0, small = 0, large = 0, thin = 0;
  int ghost = 0;      // changed, but its pixels do not move: uncovered ground
  int symbol = 0;     // burnt-in
  int parallax = 0;   // moves as a static raised object would under the platform's motion
  int duplicate = 0;  // further patches of the same vehicle, joined to the first
  MotionCounts& operator+=(const MotionCounts& other);
};

struct MotionResult {
  std::vector<MotionMoment> moments;  // ascending time
  MotionCounts counts;
};

// Finds what moves over the ground in the pictures of one segment. Position of a detection: where
// the ray through the centre of the object's patch meets the ground raised by half the object's
// height, put down to the ground; smoothed over the image track. Memory: one reduced picture for
// each picture that it wants. Determinism: the result is a pure function of the arguments, on one
// build and CPU feature set. Threads: one caller at a time.
class MotionDetector {
 public:
  // `pictures` in ascending time; one that does not come after the one before is ignored. `terrain`
  // must outlive the detector.
  MotionDetector(std::vector<MotionPicture> pictures, const MotionOptions& options,
                 const Terrain& terrain);
  ~MotionDetector();

  // False for pictures that it has no use for: too close to the one before.
  bool Wants(std::size_t picture) const;

  // Grey levels of one picture, contiguous rows; ascending pictures. A picture that is unwanted,
  // late or of another size than the first is ignored; one that never comes is a gap.
  void Add(std::size_t picture, int width_px, int height_px, Bytes luma);
  // The same where row y begins at luma + y * stride.
  void Add(std::size_t picture, int width_px, int height_px, const std::uint8_t* luma,
           std::ptrdiff_t stride);

  // Call once.
  MotionResult Finish();

 private:
  std::vector<MotionPicture> pictures_;
  MotionOptions options_;
  const Terrain& terrain_;
  std::vector<bool> wanted_;
  double encoded_gsd_m_;
  int width_px_ = 0, height_px_ = 0;
  std::unique_ptr<motion::Samples> samples_;
};

}  // namespace trucewatch
