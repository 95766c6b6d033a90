// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "detect/motion/motion_detector.h"

namespace trucewatch::testing {

// A flat rectangle that moves straight over the ground.
struct SceneVehicle {
  Eigen::Vector2d start_en_m =
      Eigen::Vector2d::Zero();  // centre at the first picture, about the scene's origin
  Eigen::Vector2d velocity_en_mps = Eigen::Vector2d::Zero();
  double length_m = 4.8;
  double width_m = 2.4;
  double grey = 220;
  bool windscreen = true;  // a darker bar across
};

// Stands on the ground; what is high slides over it as the camera passes.
struct SceneThing {
  enum class Kind { kHouse, kTree };
  Kind kind = Kind::kHouse;
  Eigen::Vector2d centre_en_m = Eigen::Vector2d::Zero();
  double size_m = 12;   // side of a house, diameter of a crown
  double height_m = 8;  // of the roof, or of the crown's middle
  double grey = 150;
};

struct SceneOptions {
  std::uint64_t seed = 1;
  int width_px = 960;
  int height_px = 540;
  int pictures = 20;
  double rate_hz = 10;
  double camera_height_m = 800;    // over the ground
  double camera_distance_m = 700;  // horizontal distance to the point looked at
  double camera_speed_mps = 35;  // sideways, on a straight line, looking at the origin all the time
  double pan_px_per_s = 0;       // the camera also pans
  double horizontal_fov_deg = 20.5;
  double noise_sigma = 3;       // grey levels
  double exposure_drift = 0;    // relative change over the sequence
  bool overlay = false;         // burnt-in symbols
  bool overlay_counts = false;  // one of them changes in each picture
  double zoom_per_s = 0;        // relative change of the focal length, a second
  double exposure_flicker = 0;  // relative change from picture to picture, up and down in turn
  double wind_m = 0;            // crowns sway so far, each in its own time
  bool interlaced = false;      // odd rows are exposed half a picture later
  int jpeg_quality = 0;         // 0: pictures are not coded; else 1..100, each for itself
  std::vector<SceneVehicle> vehicles = {};
  std::vector<SceneThing> things = {};
};

// A rendered sequence with everything that is true about it. Flat ground at height 0, true poses.
struct Scene {
  SceneOptions options;
  Geodetic origin;
  std::vector<std::vector<std::uint8_t>> luma;
  std::vector<MotionPicture> pictures;

  Eigen::Vector2d PlaceOf(const SceneVehicle& vehicle, double t_s) const;
  // Image point of the vehicle's centre, encoded pixels; false when it is not within `margin_px` of
  // the frame.
  bool InView(const SceneVehicle& vehicle, std::size_t picture, double margin_px,
              Eigen::Vector2d* uv) const;
};

Scene RenderScene(const SceneOptions& options);

// All pictures through the detector.
MotionResult Detect(const Scene& scene, const MotionOptions& options, const Terrain& terrain);

}  // namespace trucewatch::testing
