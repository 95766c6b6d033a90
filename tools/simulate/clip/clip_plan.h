// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "core/time/instant.h"
#include "trucewatch/v1/config/clip.pb.h"

namespace trucewatch::clip {

// One clip: a scene's settings with everything drawn that is drawn once. Fields are those of
// clip.proto, in its units.
struct ClipPlan {
  v1::config::ClipScene scene;
  std::uint64_t given_seed = 0;
  // Made of the given one and the scene's name: two scenes with the same seed share nothing.
  std::uint64_t seed = 0;
  double duration_s = 0;
  Instant start;
  Geodetic origin;  // on the true ground

  double height_m, depression_deg, gsd_m, speed_mps, zoom_ratio, zoom_period_s, jitter_px, wander_m;
  double sun_azimuth_deg, sun_elevation_deg, contrast, haze, noise, fixed_pattern;
  double exposure_swing, exposure_period_s, blur_px, bitrate_kbps, cloud_shadow;
  double building_height_m, built_share, trees_per_ha, wind_mps, vehicles_per_km;
  double vehicle_speed_mps, off_road_share, parked_per_km, people_per_km, pause_share;
  double bays, arrivals_per_hour;
  bool passes = false;  // a straight flight with a fixed camera
  bool overlay = false, interlaced = false;

  int frames() const;
  // A day of looks (clip.proto: look_period_s) instead of a clip.
  bool is_day() const { return scene.look_period_s() > 0; }
  int upscaling() const { return static_cast<int>(scene.upscaling() > 1 ? scene.upscaling() : 1); }
  bool thermal() const { return scene.thermal(); }
  // Of the pictures that are drawn, before they are enlarged.
  int sensor_width_px() const { return static_cast<int>(scene.width_px()) / upscaling(); }
  int sensor_height_px() const { return static_cast<int>(scene.height_px()) / upscaling(); }
};

// Reads and checks a scene file. Fails with every bad value, its line and what was expected.
Result<v1::config::ClipScene> LoadScene(const std::string& path);
// The same clip for the same scene, seed and duration. The scene has been checked.
ClipPlan DrawClip(const v1::config::ClipScene& scene, std::uint64_t seed, double duration_s);

}  // namespace trucewatch::clip
