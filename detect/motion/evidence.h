// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <opencv2/core.hpp>
#include <vector>

#include "detect/motion/candidate.h"
#include "detect/motion/moment.h"
#include "detect/motion/movers.h"
#include "detect/motion/travel.h"

namespace trucewatch::motion {

// How a static raised thing would slide over the ground at a place while the platform moves (m/s);
// `most`: the tallest one's speed, negative when nothing is known.
struct Slide {
  Eigen::Vector2d velocity_mps = Eigen::Vector2d::Zero();
  double most_mps = -1;
};

// What speaks for and against a mover, of all its sightings together. `parts`: patches that were
// put together; 0 for one that the rules doubt.
Evidence TrackEvidence(const Candidate& c, const Mover& mover, std::size_t parts,
                       const std::vector<Moment>& moments, const std::vector<cv::Mat>& images,
                       const Surroundings& surroundings, const Slide& slide);

// The same at moments[m], where it is said to be; added to `evidence`.
void AddMomentEvidence(const Mover& mover, const Sight& sight, std::size_t m,
                       const std::vector<Moment>& moments, const std::vector<cv::Mat>& images,
                       Evidence& evidence);

// And of what else is said to be about it then: movers[i] is where sights[i] says. Added to
// evidence[i].
void AddNeighbourEvidence(const std::vector<const Mover*>& movers, const std::vector<Sight>& sights,
                          std::vector<Evidence>& evidence);

}  // namespace trucewatch::motion
