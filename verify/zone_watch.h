// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/coverage/zone_grid.h"

namespace trucewatch {

// How well one source watched a zone: of a standing vehicle to be seen, its best look at each cell.
struct ZoneWatch {
  SourceId source;
  Lineage lineage;
  std::vector<double> probability;
  int looks = 0;  // that saw it better than those before
  Instant first;
  Instant last;
  std::vector<Digest> digests;  // newest first
};

// One day of a zone, or the time since a deadline.
struct DayCount {
  int day = 0;                // D, the first day of the agreement's first phase, is 0
  std::vector<double> count;  // element k: P(the largest number at once was k); empty: none seen
  std::vector<ZoneWatch> watched;
};

// The day of the truce; it begins at the time of day at which the first phase does.
int DayOf(const Agreement& agreement, Instant time);

// Cells of a zone for the question how well it was watched: about 25, whatever its size; fewer of a
// zone that is long and narrow.
ZoneGrid WatchGrid(const Zone& zone);

// The entry of a day, made if it is not there. Those more than `keep` days before it are forgotten.
DayCount& DayIn(std::vector<DayCount>& days, int day, int keep);

// Takes in a count at one moment: the one with the largest mean stays.
void TakeCount(DayCount& day, std::span<const double> distribution);

// Takes in a look. Looks that give a reason why they are degraded, or say nothing of standing
// vehicles, are none. The number of standing vehicles that a pass counted has no places; it is
// taken as if all stood in the zone, so that nothing is called absent that was seen.
void TakeWatch(DayCount& day, const ZoneGrid& grid, const SettledLook& look);

// P(a vehicle that stood in the zone would have been seen): mean over the cells of
//   1 - product over sources of (1 - best p of that source).
// Looks of one source miss together, so the best one counts.
double Watched(const DayCount& day);
// The same by one source alone.
double WatchedBy(const ZoneWatch& watch);

}  // namespace trucewatch
