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
  double gained_more = 0;                        // ChangePeak: gained - lost
  double stands_out = 0;                         // ChangePeak
  int stood_before = 0;                          // 1: the last change brought one; -1: took one
};
// 0: which way it was is open. How a place looks is a hint only: a dull vehicle may well show less
// than the painted lines that it covers. So the network must have seen one before or after, or the
// last change at the place must say what stands there.
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
