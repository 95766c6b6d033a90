// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>

#include "tools/simulate/clip/canvas.h"
#include "tools/simulate/clip/clip_ground.h"
#include "tools/simulate/clip/clip_plan.h"
#include "tools/simulate/clip/land.h"
#include "tools/simulate/view.h"
#include "tools/simulate/world.h"

namespace trucewatch::clip {

// What the painting of one frame needs to know.
struct Brush {
  const ClipPlan& plan;
  const simulate::View& view;
  const Daylight& sun;
  double t_s = 0;
  double gsd_m = 0.3;  // of the canvas, in its middle
  Canvas& canvas;
};

// Walls with windows, the roof, what stands on the roof.
void PaintHouse(const House& house, std::uint16_t thing, const Brush& brush);

// A crown of tufts that sway in the wind, each a little on its own.
void PaintTree(const Tree& tree, std::uint16_t thing, const Brush& brush);
void ShadeTree(const Tree& tree, const Brush& brush);
// Where the top of the crown is against its place at rest.
Eigen::Vector2d SwayOf(const Tree& tree, const ClipPlan& plan, double t_s);

// `light`: 1 in the sun, less in a shadow. `warm`: its engine has run lately (thermal only).
struct VehicleLook {
  double light = 1;
  bool warm = true;
};
void PaintVehicle(const simulate::Mover& vehicle, const simulate::MoverState& state,
                  const VehicleLook& look, std::uint16_t thing, const Brush& brush);
void ShadeVehicle(const simulate::Mover& vehicle, const simulate::MoverState& state, bool warm,
                  const Brush& brush);
void PaintPerson(const simulate::MoverState& state, const simulate::Colour& colour,
                 std::uint16_t thing, const Brush& brush);
void ShadePerson(const simulate::MoverState& state, const Brush& brush);

}  // namespace trucewatch::clip
