// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "detect/motion/motion_detector.h"

namespace trucewatch::bench {

struct MotionClipOptions {
  std::uint64_t seed = 1;
  int width_px = 1920;
  int height_px = 1080;
  int frames = 900;
  int frames_per_second = 30;
  double bitrate_mbps = 8.4;
  double noise_sigma = 3;  // grey levels
};

// A vehicle that moves, as it is in one picture.
struct TruthVehicle {
  Eigen::Vector2d centre_px = Eigen::Vector2d::Zero();  // encoded pixels, origin at the corner
  double speed_mps = 0;
};

// A camera pans, turns, zooms and shakes over flat textured ground with roads, roofs and parked
// vehicles; others drive along the roads, two lanes each, 14-32 x 7-13 pixels. Everything is drawn
// from the seed.
class MotionClip {
 public:
  explicit MotionClip(const MotionClipOptions& options);

  const MotionClipOptions& options() const { return options_; }
  // Time and true pose.
  MotionPicture PictureAt(int frame) const;
  // Moving vehicles whose centre is at least `border_px` inside the picture.
  std::vector<TruthVehicle> TruthAt(int frame, double border_px) const;
  // Renders every picture and has the ffmpeg program encode them: H.264 High with B pictures, a key
  // frame each second, MPEG-TS. False when ffmpeg fails.
  bool Write(const std::string& path) const;

 private:
  struct Vehicle {
    Eigen::Vector2d start_en_m, velocity_en_mps;
    double length_m = 0, width_m = 0, grey = 0;
  };
  struct Road {
    Eigen::Vector2d point_en_m, along;
    double width_m = 0, grey = 0;
  };
  MotionClipOptions options_;
  std::vector<Road> roads_;
  std::vector<Vehicle> moving_, parked_;
  std::vector<Eigen::Vector3d> shake_px_;  // right, down, and roll in pixels at the border; a frame
};

}  // namespace trucewatch::bench
