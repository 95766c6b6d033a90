// SPDX-License-Identifier: Apache-2.0
#include "verify/rules/class_shares.h"

namespace trucewatch {

ClassProbabilities WeighClasses(const ClassProbabilities& belief,
                                const ClassProbabilities& shares) {
  double before = 0.0;
  double after = 0.0;
  for (const auto& [object_class, p] : belief) {
    if (!shares.contains(object_class)) continue;
    before += p;
    after += p * shares.at(object_class);
  }
  ClassProbabilities out = belief;
  if (!(after > 0.0)) return out;
  for (auto& [object_class, p] : out) {
    if (shares.contains(object_class)) p *= shares.at(object_class) * before / after;
  }
  return out;
}

}  // namespace trucewatch
