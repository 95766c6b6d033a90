// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

namespace trucewatch {

// Area of a polygon in the plane (not closed): positive when it runs counter-clockwise. Where its
// edges cross, each part counts by how often and which way it is wound round.
double SignedAreaM2(std::span<const Eigen::Vector2d> polygon);

// The part of a polygon inside a convex one that runs counter-clockwise (Sutherland and Hodgman
// 1974). A polygon that is not convex may come out in parts joined by edges there and back, which
// have no area: the signed area is right.
std::vector<Eigen::Vector2d> ClipToConvex(std::span<const Eigen::Vector2d> polygon,
                                          std::span<const Eigen::Vector2d> convex);

}  // namespace trucewatch
