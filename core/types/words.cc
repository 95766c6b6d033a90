// SPDX-License-Identifier: Apache-2.0
#include "core/types/words.h"

#include <fmt/format.h>

namespace trucewatch {

std::string SensorWords(Modality modality) {
  switch (modality) {
    case Modality::kVideoRgb:
      return "video";
    case Modality::kVideoInfrared:
      return "infrared video";
    case Modality::kRadarGmti:
      return "moving-vehicle radar";
    case Modality::kSatelliteOptical:
      return "satellite images";
    case Modality::kSatelliteSar:
      return "satellite radar images";
    case Modality::kRadarSurveillance:
      return "ground-surveillance radar";
    case Modality::kHuman:
      return "patrol";
    case Modality::kUnspecified:
      break;
  }
  return "kind not stated";
}

std::string CoverageClassWords(CoverageClass coverage_class) {
  switch (coverage_class) {
    case CoverageClass::kMovingVehicle:
      return "moving vehicles";
    case CoverageClass::kStandingVehicle:
      return "standing vehicles";
    case CoverageClass::kGroup:
      return "groups of people";
    case CoverageClass::kUnspecified:
      break;
  }
  return "class not stated";
}

std::string CoverageStateWords(CoverageState state) {
  switch (state) {
    case CoverageState::kObservedNothing:
      return "observed, nothing seen";
    case CoverageState::kObservedActivity:
      return "observed, activity seen";
    case CoverageState::kDegraded:
      return "degraded";
    case CoverageState::kNotObserved:
      return "not observed";
    case CoverageState::kUnspecified:
      break;
  }
  return "not stated";
}

std::string ProbabilityWords(double probability) {
  if (probability > 0.999) return "more than 0.999";
  if (probability < 0.001) return "less than 0.001";
  return fmt::format("{:.3f}", probability);
}

}  // namespace trucewatch
