// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <vector>

#include "tools/simulate/raster.h"
#include "tools/simulate/view.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

// An upright box on the ground or above it.
struct Box {
  Eigen::Vector2d centre;  // east, north
  Eigen::Vector2d along;   // unit
  double half_length_m = 0, half_width_m = 0;
  double bottom_m = 0, top_m = 0;  // above the ground
  Colour roof, wall;
};

// The boxes a vehicle of its kind is made of, lowest first.
std::vector<Box> BoxesOf(const Mover& mover, const MoverState& state);
// Somebody who stands or walks: body and head.
std::vector<Box> PersonBoxes(const Eigen::Vector2d& place, const Eigen::Vector2d& along,
                             const Colour& colour);
Box BoxOf(const Building& building);

struct Sun {
  Eigen::Vector2d direction;  // towards the sun, unit, over the ground
  double elevation_sine = 0.6;
  Eigen::Vector2d shadow_per_metre;  // ground offset of the shadow of one metre
};

// Paints the sides the camera sees, then the roof, shaded by the sun.
void PaintBox(const Box& box, const View& view, const Sun& sun, YuvPicture& picture);
// Paints the shadow the box throws on the ground.
void PaintShadow(const Box& box, const View& view, const Sun& sun, YuvPicture& picture);

}  // namespace trucewatch::simulate
