// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

namespace trucewatch::motion {

// An upright box of length x breadth along the way, and the shadow that it throws: what both cover
// is the box swept along the shadow. Metres, along the way and to its right.
struct SweptBox {
  double length = 0, breadth = 0;
  Eigen::Vector2d sweep = Eigen::Vector2d::Zero();  // which end is the box may stay open
};

// The box whose shadow makes a shape as wide as it is in every direction: a swept box is as wide
// across any direction as the box and the sweep are together. Nothing when it is no wider than a
// vehicle, or no such box fits. `rim_m`: by so much blur widens it.
std::optional<SweptBox> FitSweptBox(const std::vector<Eigen::Vector2d>& points, double rim_m);

// A metre of height, as it shows on the ground: a picture taken aslant leans it away from the
// camera, and the sun throws its shadow.
struct Upright {
  Eigen::Vector2d lean = Eigen::Vector2d::Zero(), shadow = Eigen::Vector2d::Zero();
};

// A vehicle and its shadow where both are known. Their shape is that of its footprint swept to its
// roof and to the shadow of its roof.
struct UprightBox {
  double length = 0, breadth = 0;  // as seen, with the lean
  double height = 0;
  Eigen::Vector2d middle = Eigen::Vector2d::Zero();  // as seen, without the shadow
  double misfit = 0;                                 // mean square over the directions, m2
};
// The likeliest such box, however well it fits; nothing when no vehicle is so short or so long.
// `rim_m`: by so much blur widens it.
std::optional<UprightBox> FitUprightBox(const std::vector<Eigen::Vector2d>& points, double rim_m,
                                        const Upright& upright);

}  // namespace trucewatch::motion
