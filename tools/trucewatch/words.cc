// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/words.h"

#include <fmt/format.h>

namespace trucewatch::tools {

std::string ObjectWords(ObjectClass object_class, int count) {
  const char* plural = count == 1 ? "" : "s";
  switch (object_class) {
    case ObjectClass::kLightVehicle:
      return std::string("light vehicle") + plural;
    case ObjectClass::kTruck:
      return std::string("truck") + plural;
    case ObjectClass::kTrackedVehicle:
      return std::string("tracked vehicle") + plural;
    case ObjectClass::kPersonGroup:
      return "people";  // only ever as a group
    case ObjectClass::kUnknownVehicle:
    case ObjectClass::kUnspecified:
      break;
  }
  return std::string("vehicle") + plural;
}

std::string CountWords(const Finding& finding) {
  if (finding.count_min == 0 && finding.count_max == 0 && finding.human_record) {
    return "not counted";
  }
  return fmt::format("{} {}",
                     finding.count_min == finding.count_max
                         ? fmt::format("{}", finding.count_max)
                         : fmt::format("{} to {}", finding.count_min, finding.count_max),
                     ObjectWords(finding.object_class, finding.count_max));
}

std::string CoverageClassName(CoverageClass coverage_class) {
  switch (coverage_class) {
    case CoverageClass::kMovingVehicle:
      return "moving_vehicle";
    case CoverageClass::kStandingVehicle:
      return "standing_vehicle";
    case CoverageClass::kGroup:
      return "group";
    case CoverageClass::kUnspecified:
      break;
  }
  return "unspecified";
}

std::string CoverageStateName(CoverageState state) {
  switch (state) {
    case CoverageState::kObservedNothing:
      return "observed_nothing";
    case CoverageState::kObservedActivity:
      return "observed_activity";
    case CoverageState::kDegraded:
      return "degraded";
    case CoverageState::kNotObserved:
      return "not_observed";
    case CoverageState::kUnspecified:
      break;
  }
  return "unspecified";
}

}  // namespace trucewatch::tools
