// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "detect/parked/ground_picture.h"

namespace trucewatch::parked {

// Something of about a vehicle's size that one picture of the ground shows and the other does not.
struct ChangePeak {
  Eigen::Vector2d cell = Eigen::Vector2d::Zero();  // column, row
  // Structure that only the later (earlier) picture shows, about the peak: in standard deviations
  // of what both have alike, bounded (picture_change.cc).
  double gained = 0, lost = 0;
  // Correlation of the edges that both pictures have about the peak, -1..1: high when the same
  // thing stands there in another light, a vehicle that a shadow has reached for one.
  double same_edges = 0;
  double area_m2 = 0;  // of what is more than half as strong and hangs together with it
  double strength() const { return gained > lost ? gained : lost; }
};

struct PictureChange {
  std::vector<ChangePeak> peaks;  // strongest first
  double noise = 0;               // grey levels: what the pictures differ by where nothing changed
  double shared = 0;              // share of the cells that both show
  // The strength that one cell in twenty exceeds: high when the light changes everywhere at once.
  double unrest = 0;
};

// The median of looks cell by cell (1 to 4 of them), where three of them, or all, show the ground:
// what passes is not in it.
GroundPicture MedianOf(std::span<const GroundPicture* const> looks, int side_cells);

// What differs between two pictures of the same ground, whatever the light: within a window of
// about a metre, what is left of one picture after the best gain and offset of the other is taken
// away. A shadow that falls over a place, or a cloud's, is a gain and leaves nothing but its edges.
PictureChange ChangeBetween(const GroundPicture& earlier, const GroundPicture& later,
                            const GroundFrame& frame, double least_strength);

// How far each look has gone from `before` (0) to `after` (1) in a window of two metres about a
// cell, brightness apart. What comes at once is a step; a shadow that creeps is a ramp, and a crown
// in the wind is neither. A look that hardly shows the place counts as its side's. Empty at the
// frame's edge, where both are alike, and where too few show the place.
std::vector<double> ProgressOf(std::span<const GroundPicture* const> looks,
                               const GroundPicture& before, const GroundPicture& after,
                               const GroundFrame& frame, const Eigen::Vector2d& cell);

}  // namespace trucewatch::parked
