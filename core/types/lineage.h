// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>

namespace trucewatch {

// Physical principle of an observation. Independence of evidence starts here (DESIGN.md rule 5).
enum class Modality {
  kUnspecified = 0,
  kVideoRgb = 1,
  kVideoInfrared = 2,
  kRadarGmti = 3,
  kSatelliteOptical = 4,
  kRadarSurveillance = 5,
  kHuman = 6,
  kSatelliteSar = 7
};

// Sees the ground once a pass, not all the time.
constexpr bool IsSatellite(Modality modality) {
  return modality == Modality::kSatelliteOptical || modality == Modality::kSatelliteSar;
}

// Which ancestors an observation has. Two observations are independent when they share none of
// those the agreement lists as breaking. Empty means "none of this kind" and is never shared.
struct Lineage {
  Modality modality = Modality::kUnspecified;
  std::string sensor;        // the instrument
  std::string platform;      // what carries it
  std::string station;       // who sent it
  std::string clock;         // what timed it
  std::string georeference;  // what placed it
  std::string model;         // detector or network that made it, with its version
  std::string derived_from;  // the track or product it was computed from
  auto operator<=>(const Lineage&) const = default;
};

}  // namespace trucewatch
