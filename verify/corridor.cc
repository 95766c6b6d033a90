// SPDX-License-Identifier: Apache-2.0
#include "verify/corridor.h"

#include <algorithm>

#include "verify/rules/probability.h"

namespace trucewatch {

double ShareInCorridor(const CorridorShape& corridor, const GroupView& view, double map_sigma_m) {
  if (view.vehicles.empty()) return 0.0;
  double sum = 0.0;
  for (const Track* track : view.vehicles) {
    sum += ProbabilityInside(corridor.Distance(track->position), track->cov.topLeftCorner<2, 2>(),
                             map_sigma_m);
  }
  return sum / static_cast<double>(view.vehicles.size());
}

bool ClassesFit(const std::vector<ObjectClass>& classes, const GroupView& view) {
  double sum = 0.0;
  for (const Track* track : view.vehicles) {
    double unknown = 0.0;
    const auto found = track->classes.find(ObjectClass::kUnknownVehicle);
    if (track->classes.empty()) unknown = 1.0;
    if (found != track->classes.end()) unknown = found->second;
    sum += std::max(ShareOfClasses(track->classes, classes), unknown);
  }
  return !view.vehicles.empty() && sum >= 0.5 * static_cast<double>(view.vehicles.size());
}

}  // namespace trucewatch
