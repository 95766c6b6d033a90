// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "verify/agreement/shape.h"

namespace trucewatch::internal {

// What two zones have in common, or what lies between them where they should meet.
struct Strip {
  double area_m2 = 0.0;
  double length_m = 0.0;  // its longest extent
  double width_m = 0.0;   // of an overlap: area over length; of a gap: the widest place
  Geodetic place;         // somewhere in it
};

// The ground that lies in both; nothing when there is none. Costs (n + m + crossings) * (n + m) for
// n and m vertices.
std::optional<Strip> Overlap(const PolygonShape& a, const PolygonShape& b);

// A strip along the boundary of `a` that is in neither zone, wider than `least_m` and at most
// `most_m`, and at least five times as long as wide: two borders that were meant to be one. The
// longest one. Costs 4 n + 200 distances to `b`.
std::optional<Strip> Gap(const PolygonShape& a, const PolygonShape& b, double least_m,
                         double most_m);

// The point of the zone that is farthest from its boundary, to about a tenth of the distance.
struct InnerPoint {
  Geodetic place;
  double inside_m = 0.0;
};
InnerPoint FarthestInside(const PolygonShape& zone);

// Whether the two come nearer than `reach_m` to one another, by the circles round them: may say yes
// where they do not.
bool MayMeet(const PolygonShape& a, const PolygonShape& b, double reach_m);

}  // namespace trucewatch::internal
