// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "detect/motion/body.h"
#include "detect/motion/candidate.h"
#include "detect/motion/moment.h"

namespace trucewatch::motion {

// An upright box of length x breadth along the way, and the shadow that it throws: what both cover
// is the box swept along the shadow. Metres, along the way and to its right.
struct SweptBox {
  double length = 0, breadth = 0;
  Eigen::Vector2d sweep = Eigen::Vector2d::Zero();  // which end is the box stays open
};

// The box whose shadow makes a shape as wide as it is in every direction: a swept box is as wide
// across any direction as the box and the sweep are together. Nothing when it is no wider than a
// vehicle, or no such box fits. `rim_m`: by so much blur widens it.
std::optional<SweptBox> FitSweptBox(const std::vector<Eigen::Vector2d>& points, double rim_m);

// Measures the bodies of all candidates with trails, and takes their shadows off them. At which end
// of a shape the shadow lies the pictures of all together say: patterns of the ground go on under
// a shadow, only darker, and end at a roof. Where nothing says it, the shadow stays part of the
// body.
void MeasureBodies(const std::vector<Moment>& moments, const std::vector<cv::Mat>& images,
                   std::vector<Candidate>& candidates);

}  // namespace trucewatch::motion
