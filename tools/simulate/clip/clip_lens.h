// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "tools/simulate/clip/canvas.h"
#include "tools/simulate/clip/clip_flight.h"
#include "tools/simulate/clip/clip_plan.h"
#include "tools/simulate/raster.h"

namespace trucewatch::clip {

// What lies between the scene and the encoder: clouds' shadows, blur, contrast, haze by distance,
// exposure, the sensor's noise and fixed pattern, enlarging, burnt-in symbols, the exercise mark.
// A pure function of plan, frame and canvas.
class ClipLens {
 public:
  ClipLens(const ClipPlan& plan, const ClipFlight& flight);

  // `field`: 0, or 1 for the later field of an interlaced picture. The canvas is used up.
  void Expose(const simulate::View& view, double t_s, int frame, int field, Canvas& canvas) const;
  // Onto the encoded picture: all lines, or (`field` 0, 1) the even or odd ones.
  void Place(const Canvas& canvas, int field, simulate::YuvPicture& picture) const;
  // Symbols and the exercise mark.
  void Burn(double t_s, int frame, simulate::YuvPicture& picture) const;

  // Relative exposure at a time.
  double ExposureAt(double t_s) const;

 private:
  void Rain(double rain, int frame, Canvas& canvas) const;
  void Fade(Canvas& canvas) const;  // haze takes colours away
  void ShadeClouds(const simulate::View& view, double t_s, Canvas& canvas) const;

  const ClipPlan& plan_;
  const ClipFlight& flight_;
  std::vector<std::int8_t> noise_;  // a tile of normal noise, read at an offset of the frame's own
  std::vector<std::int8_t> pattern_;  // a sample each, fixed
  cv::Mat mark_, clouds_;
};

}  // namespace trucewatch::clip
