// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/geo/geodetic.h"
#include "core/time/instant.h"

namespace trucewatch {

// Where on the earth the sun stands in the zenith: its declination, and the longitude at which the
// sidereal time is its right ascension. Low-precision formulas of the Astronomical Almanac (section
// C, "Low precision formulas for the Sun"): 0.01 degrees from 1950 to 2050.
struct SubsolarPoint {
  Angle latitude, longitude;
};
SubsolarPoint SubsolarPointAt(Instant time);

// Geometric direction to the sun's centre, without refraction (which lifts it by 0.03 degrees at an
// elevation of 30 degrees and by 0.6 at the horizon) and without parallax.
struct SunDirection {
  Angle azimuth;  // clockwise from true north, [0, 360) degrees
  Angle elevation;
};
SunDirection SunDirectionAt(Instant time, const Geodetic& place);

}  // namespace trucewatch
