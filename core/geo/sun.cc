// SPDX-License-Identifier: Apache-2.0
#include "core/geo/sun.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace trucewatch {
namespace {

constexpr std::int64_t kJ2000_us = 946'728'000'000'000;  // 2000-01-01T12:00:00 UTC
constexpr double kMicrosADay = 86'400e6;

}  // namespace

SubsolarPoint SubsolarPointAt(Instant time) {
  const double n = static_cast<double>(time.micros() - kJ2000_us) / kMicrosADay;
  const Angle mean_longitude = Angle::Degrees(280.460 + 0.9856474 * n);
  const double anomaly = Angle::Degrees(357.528 + 0.9856003 * n).rad();
  const double longitude =
      (mean_longitude + Angle::Degrees(1.915 * std::sin(anomaly) + 0.020 * std::sin(2 * anomaly)))
          .rad();
  const double obliquity = Angle::Degrees(23.439 - 0.0000004 * n).rad();
  const double right_ascension =
      std::atan2(std::cos(obliquity) * std::sin(longitude), std::cos(longitude));
  // Greenwich mean sidereal time; UTC for UT1 is off by less than a second, 0.004 degrees.
  const Angle sidereal = Angle::Degrees(280.46062 + 360.98564737 * n);
  return {Angle::Radians(std::asin(std::sin(obliquity) * std::sin(longitude))),
          (Angle::Radians(right_ascension) - sidereal).NormalisedSigned()};
}

SunDirection SunDirectionAt(Instant time, const Geodetic& place) {
  const SubsolarPoint below = SubsolarPointAt(time);
  const double hour = (place.longitude - below.longitude).rad();  // positive in the afternoon
  const double north = place.latitude.rad(), declination = below.latitude.rad();
  const double sine = std::sin(north) * std::sin(declination) +
                      std::cos(north) * std::cos(declination) * std::cos(hour);
  const double to_east = -std::cos(declination) * std::sin(hour);
  const double to_north = std::cos(north) * std::sin(declination) -
                          std::sin(north) * std::cos(declination) * std::cos(hour);
  return {Angle::Radians(std::atan2(to_east, to_north)).NormalisedPositive(),
          Angle::Radians(std::asin(std::clamp(sine, -1.0, 1.0)))};
}

}  // namespace trucewatch
