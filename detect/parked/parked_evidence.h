// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace trucewatch::parked {

// How a place went from one state to the other over twelve looks (ProgressOf, picture_change.h).
struct Step {
  double jump = 0;   // from the sixth look to the seventh, of the whole change
  double worst = 1;  // farthest a look is off its side's state, one look of each side left out

  // A clear step of a strong change weighs most; a ramp, or what swings, nothing.
  double WeightOf(double strength) const;
};
// A progress of another length than twelve is no step.
Step StepOf(std::span<const double> progress);

// What speaks for a vehicle that came (positive) or left (negative).
struct Direction {
  double network_before = 0, network_after = 0;  // mean scores
  double pictures = 0;                           // StandsApart::Came
  int stood_before = 0;                          // 1: the last change brought one; -1: took one
};
// About the logarithm of the odds; 0: which way it was is open. Where the network sees a vehicle
// before and after, one stands there in another light.
double DirectionOf(const Direction& direction);

// That a change of this weight and direction is a vehicle's. Measured on rendered yards only.
double ProbabilityOf(double weight, double direction);

struct ParkedCount {
  double expected = 0;
  int low = 0, high = 0;  // 95 %, places taken as independent
};
// Poisson-binomial: each probability is a vehicle's that may stand somewhere.
ParkedCount CountOf(std::span<const double> probabilities);

}  // namespace trucewatch::parked
