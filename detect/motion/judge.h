// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/motion/movers.h"

namespace trucewatch::motion {

// How likely it is that a vehicle moves where a detection says so: boosted regression trees
// (Friedman, "Greedy Function Approximation", Annals of Statistics 29, 2001, algorithm 5) over the
// evidence, fitted on rendered video with truth by tools/train/motion_judge, which writes
// judge_trees.inc. The same sums on every machine: doubles, added in the order of the trees.
double Probability(const Evidence& evidence);

// The video that it was fitted to had pixels of 0.16 to 0.6 m at the scale worked at. On coarser
// pictures, where a car is four pixels long, it knows less than the rules.
inline constexpr double kCoarsestJudged_m = 0.6;

// Names of the evidence that the trees were fitted to, in its order.
std::vector<const char*> JudgedBy();

}  // namespace trucewatch::motion
