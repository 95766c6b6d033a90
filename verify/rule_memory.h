// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/rules/line_crossed.h"
#include "verify/zone_watch.h"

namespace trucewatch {

// Where a vehicle was most surely on one side of a line, and when it was last more likely there
// than not.
struct LinePlace {
  LineSide side;
  Instant last;
};

// How long a vehicle has been so near to a line that its side cannot be said.
struct NearLine {
  Instant since;
  Instant last;
};

// What one rule remembers beside its events. Bounded: vehicles of the last reopen, days of the
// rule.
struct RuleMemory {
  std::map<TrackId, LinePlace> behind;
  std::map<TrackId, LinePlace> beyond;
  std::map<TrackId, NearLine> near;
  std::vector<DayCount> days;  // ascending

  bool empty() const { return behind.empty() && beyond.empty() && near.empty() && days.empty(); }
};

// A vehicle is said to be near the line when it has been for so long, without its side being known.
inline constexpr Duration kNearLineLong = Duration::Seconds(60);

// LINE_CROSSED: takes the vehicles of a picture in that are of the rule's classes, and forgets
// those not seen on a side for longer than `memory`.
void RememberSides(RuleMemory& memory, const Agreement& agreement, const Rule& rule,
                   const Picture& picture, Duration keep);

// The crossing a vehicle may have made: from the side where it was to the one where it is more
// likely now. Nothing when it was never on the other.
std::optional<LineCrossing> CrossingOf(const RuleMemory& memory, const Agreement& agreement,
                                       const Rule& rule, const Track& vehicle);

// How many have been near the line for kNearLineLong and longer.
int CountNearLine(const RuleMemory& memory, Instant now);

}  // namespace trucewatch
