// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/simulate/clip/land.h"

namespace trucewatch::clip {

// A paved yard about the origin with rows of bays, a road past it, houses and trees about, some of
// whose crowns reach over bays; in land.parked every stay of a vehicle in a bay, with its times.
void FillYard(const ClipPlan& plan, simulate::Random& random, Land& land);

// Sun and weather at a time; of a clip those drawn for it.
struct Weather {
  double sun_azimuth_deg = 0, sun_elevation_deg = 30;
  double direct = 1;  // 0..1, of the sun's light that comes through
  double light = 1;   // what the exposure makes of it, relative
  double rain = 0;    // 0..1
  double wet = 0;     // 0..1, of the ground; dries in half an hour
};
Weather WeatherAt(const ClipPlan& plan, double t_s);

}  // namespace trucewatch::clip
