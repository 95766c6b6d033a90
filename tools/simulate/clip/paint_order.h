// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace trucewatch::clip {

// An upright prism over a convex footprint, and where it lies in the picture.
struct Prism {
  std::array<Eigen::Vector2d, 4> footprint;  // counter-clockwise, east and north
  double bottom_m = 0, top_m = 0;
  bool overhangs = false;  // a crown: what stands below it is hidden by it
  Eigen::Vector2d image_low{0, 0}, image_high{0, 0};  // pixels
  Eigen::Vector2d middle() const {
    return 0.25 * (footprint[0] + footprint[1] + footprint[2] + footprint[3]);
  }
};

// The rectangle about `centre`, its long side along `along` (unit).
std::array<Eigen::Vector2d, 4> Rectangle(const Eigen::Vector2d& centre,
                                         const Eigen::Vector2d& along, double half_length_m,
                                         double half_width_m);

// Whether `a` may hide `b` from a camera above `camera`: +1, `b` may hide `a`: -1. Exact where
// their footprints do not meet: a side of one of them is then a fence between the two, and what is
// on the camera's side of a fence is in front.
int InFront(const Prism& a, const Prism& b, const Eigen::Vector2d& camera);

// In which order to paint, what is hidden first. Cost: n log n and the pairs that meet in the
// picture. Where three hide one another in a ring, one of them is painted wrongly.
std::vector<std::size_t> PaintOrder(std::span<const Prism> prisms, const Eigen::Vector2d& camera);

}  // namespace trucewatch::clip
