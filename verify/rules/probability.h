// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "verify/agreement/shape.h"

namespace trucewatch {

// Standard normal distribution function.
double NormalCdf(double z);

// Probability that something at a place with position covariance (east, north, m2) is inside an
// area whose boundary is drawn with 1-sigma error map_sigma_m: Phi(d / s), s^2 = n' C n +
// map_sigma^2, d the distance inside and n the outward direction of the nearest boundary. Exact for
// a straight boundary; where the boundary bends within s of the place the error is that of
// replacing the bend by its tangent.
double ProbabilityInside(const EdgeDistance& edge, const Eigen::Matrix2d& cov_en_m2,
                         double map_sigma_m);

// Distribution of the number of successes of independent trials (Poisson-binomial), by the exact
// recurrence over trials; element k is P(exactly k). Cost: O(n^2).
std::vector<double> PoissonBinomial(std::span<const double> probabilities);

// P(at least k) of such a distribution.
double AtLeast(std::span<const double> distribution, int k);

// Smallest interval ends with at most 2.5 % of the probability outside on each side.
struct CountBounds {
  int min = 0;
  int max = 0;
};
CountBounds Interval95(std::span<const double> distribution);

}  // namespace trucewatch
