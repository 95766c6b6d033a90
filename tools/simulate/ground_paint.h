// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include "tools/simulate/raster.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// Ground offset of the shadow of something one metre high.
Eigen::Vector2d ShadowPerMetre(const Scenario& scenario);

// Where a square picture lies on the ground: north is up, its north-west corner, and the size of a
// texel.
struct GroundWindow {
  Eigen::Vector2d north_west;
  double texel_m = 0.5;
};

// Paints the ground of the window over the whole of a square picture.
void PaintGround(const Scenario& scenario, const World& world, const GroundWindow& window,
                 YuvPicture& picture);

}  // namespace trucewatch::simulate
