// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <optional>

#include "core/geo/camera.h"
#include "ingest/klv/st0601.h"

namespace trucewatch {

// Ground corners of the picture as ST 0601 gives them: upper left, upper right, lower right, lower
// left of the image. From items 82-89, else from the offsets 26-33 to the frame centre (23, 24), at
// the frame centre's height (78, 25, which count for all corners: there is no other). Nothing when
// one is missing.
std::optional<std::array<Geodetic, 4>> FrameCorners(const UasDatalink& set,
                                                    double geoid_undulation_m);

// How the producer's picture lies about its boresight.
enum class RollReading {
  kUntested,  // no corners; items 5-7, 18-20 as they stand
  kStandard,  // as items 5-7, 18-20 say
  kLevel,     // the picture's lines are level, whatever they say: a stabilised or derotated picture
};

struct CornerFit {
  RollReading reading = RollReading::kUntested;
  // Root mean square angle, at the sensor, between the pose's corners and the bearings of the
  // recorded ones, once the boresight is laid on the recorded frame centre. Heights of corners are
  // not known and do not enter.
  Angle miss;
  // Sensor roll (item 20's meaning) of that reading.
  Angle sensor_roll;
};

// Compares both readings with the recorded corners; kLevel is taken where it explains more than
// `tolerance` of the miss (in squares). `pose` needs no frame size.
CornerFit FitCorners(const CameraPose& pose, const Geodetic& frame_center,
                     const std::array<Geodetic, 4>& corners, Angle tolerance);

// The roll at which the picture's lines are horizontal.
Angle LevelRoll(const CameraPose& pose);

}  // namespace trucewatch
