// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/types/class_probabilities.h"

namespace trucewatch {

// The likeliest; of equals the first, of none kUnspecified.
inline ObjectClass BestClass(const ClassProbabilities& classes) {
  ObjectClass best = ObjectClass::kUnspecified;
  double most = 0;
  for (const auto& [object_class, probability] : classes) {
    if (probability > most) {
      most = probability;
      best = object_class;
    }
  }
  return best;
}

}  // namespace trucewatch
