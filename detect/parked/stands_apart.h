// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include "detect/parked/ground_picture.h"

namespace trucewatch::parked {

// In which of two pictures of a place something stands there, by the pictures alone: what stands
// is unlike the ground about it, free ground goes on across the place. Each measure is positive
// when the later picture is the one with something on it, 0 when both are alike.
struct StandsApart {
  // Levels within the place, in the usual spread of the ground about it: log of the ratio.
  double unlike = 0;
  // How much less of their levels place and surroundings have in common (Bhattacharyya): -1..1.
  double foreign = 0;
  // Strength of the edges within the place: log of the ratio.
  double edges = 0;
  // What is darker than the ground about it (glass, tyres, its own shadow): log of the ratio.
  double dark = 0;
  double area_m2 = 0;  // of what changed and hangs together there
  Eigen::Vector2d middle_cell = Eigen::Vector2d::Zero();  // of it: column, row
  // At the rim of what both show, or with a symbol beside it, a place cannot be held against the
  // ground about it.
  bool judged = false;

  // Sum of the measures by their weights; about the logarithm of the odds that something came.
  double Came() const;
};

// `cell`: column, row of a change (ChangePeak).
StandsApart StandsApartAt(const GroundPicture& earlier, const GroundPicture& later,
                          const GroundFrame& frame, const Eigen::Vector2d& cell);

}  // namespace trucewatch::parked
