// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/types/class_probabilities.h"

namespace trucewatch {

// A belief over classes as it is where kinds of vehicles are usual in these shares. Sensors and
// fusion take every kind to be as usual as any other; Bayes' rule with the shares s instead:
//   p'(c) ~ p(c) s(c)   over the classes that have a share, which keep their part of the belief.
// What they leave to "vehicle of unknown class" stays. Without shares: the belief itself.
ClassProbabilities WeighClasses(const ClassProbabilities& belief, const ClassProbabilities& shares);

}  // namespace trucewatch
