// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <functional>
#include <span>
#include <vector>

#include "verify/rules/probability.h"

namespace trucewatch {

// What a rule says about some things at one moment.
struct Assessment {
  double probability = 0.0;         // that what the rule describes is so
  double expected_inside = 0.0;     // vehicles, or people
  CountBounds inside;               // 95 %
  std::vector<bool> member_inside;  // one for each vehicle: more likely inside than not
};

// One thing that may be inside: with probability `weight` it counts at all (it exists and is of the
// rule's classes).
struct CountedThing {
  double weight = 0.0;
  EdgeDistance edge;
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Zero();
};

// Distribution of the number of things inside an area; element k is P(exactly k). The map error is
// common to all of them, so the count is computed for each displacement of the boundary and
// averaged over its normal distribution; for one displacement the things are independent
// (Poisson-binomial with p = weight * P(inside)).
std::vector<double> CountInside(std::span<const CountedThing> things, double map_sigma_m);

// Displacements of a boundary that is drawn with an error, each with its weight (not normalised).
void ForEachDisplacement(double map_sigma_m,
                         const std::function<void(double shift_m, double weight)>& use);

// CountInside for any other probabilities that depend on where the boundary really is: `fill` gives
// those of `n` things when it is displaced by shift_m.
using ProbabilitiesAt = std::function<void(double shift_m, std::span<double> probabilities)>;
std::vector<double> CountDisplaced(std::size_t n, double map_sigma_m, const ProbabilitiesAt& fill);

}  // namespace trucewatch
