// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/simulate/clip/clip_plan.h"

namespace trucewatch::clip::testing {

// A small daylight scene without noise: what a test does not set is fixed.
inline v1::config::ClipScene SmallScene(v1::config::ClipScene::Ground ground) {
  v1::config::ClipScene scene;
  const auto fix = [](v1::config::Drawn* drawn, double value) {
    drawn->set_min(value), drawn->set_max(value);
  };
  scene.set_name("small");
  scene.set_ground(ground);
  scene.set_width_px(320), scene.set_height_px(180), scene.set_frames_per_second(10);
  fix(scene.mutable_height_m(), 600);
  fix(scene.mutable_depression_deg(), 50);
  fix(scene.mutable_gsd_m(), 0.5);
  fix(scene.mutable_speed_mps(), 30);
  fix(scene.mutable_sun_elevation_deg(), 40);
  fix(scene.mutable_contrast(), 1);
  fix(scene.mutable_building_height_m(), 10);
  fix(scene.mutable_built_share(), 0.8);
  fix(scene.mutable_trees_per_ha(), 5);
  fix(scene.mutable_vehicles_per_km(), 10);
  fix(scene.mutable_vehicle_speed_mps(), 12);
  fix(scene.mutable_parked_per_km(), 10);
  fix(scene.mutable_people_per_km(), 5);
  scene.set_working_gsd_m(0.3);
  return scene;
}

}  // namespace trucewatch::clip::testing
