// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "detect/motion/image_tracker.h"
#include "detect/motion/moment.h"
#include "detect/motion/trail.h"

namespace trucewatch::motion {

enum class TrailVerdict {
  kNothing,  // no patch of the track could be followed, or not surely
  kMover,    // it went its way over the ground
  kSymbol,   // its way is smoother on the screen than over the ground: burnt in
};

struct JudgedTrail {
  TrailVerdict verdict = TrailVerdict::kNothing;
  Trail trail;
};

// Follows patches of the track, the clearest first, until one says something. `velocity` is what
// differencing says (stabilised px/s).
JudgedTrail JudgeTrail(const ImageTrack& track, const Eigen::Vector2d& velocity,
                       const std::vector<Moment>& moments, const std::vector<cv::Mat>& images);

}  // namespace trucewatch::motion
