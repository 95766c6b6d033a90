// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "tests/detect/motion/scene.h"

namespace trucewatch::testing {

enum class Gait { kWalking, kMilling, kStanding };

struct PeopleSceneOptions {
  std::uint64_t seed = 1;
  int people = 30;
  Gait gait = Gait::kMilling;  // milling: 0.3 to 0.8 m/s, changing direction
  double slow_share = 0;       // of those who mill about: they hardly move, 0.02 to 0.3 m/s
  double radius_m = 12;
  double gsd_m = 0.11;
  int pictures = 12;
  double rate_hz = 5;
  int width_px = 640;
  int height_px = 360;
  double noise_sigma = 2.2;
  double shadow_per_m = 1.28;  // sun 38 degrees high
  std::vector<SceneVehicle> vehicles = {};
  bool mark = true;  // EXERCISE burnt in
};

// A small quadcopter hovers 120 m over the ground and 65 m beside a square with houses, a road, and
// people: boxes of 0.5 x 0.3 x 1.7 m in different clothes, with shadows. Flat ground at height 0,
// poses as true as a GPS and a gimbal say them.
Scene RenderPeople(const PeopleSceneOptions& options);

}  // namespace trucewatch::testing
