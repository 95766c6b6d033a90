// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "fusion/tracker.h"

namespace trucewatch {

// The live picture: what the tracker would say if it had taken all looks that are there in the
// order they were measured, whatever the order they came in. A look that comes late, within the
// hold, sends the tracker back to a copy of itself from before, and it goes on from there; looks
// that come in order cost nothing extra but the copies. Determinism: a function of the looks there,
// not of their order (ties by time, source, then order of arrival). Threads: thread-compatible.
class LiveTracker {
 public:
  // A look measured more than `hold` before the newest one is refused. hold > 0.
  LiveTracker(const TrackerOptions& options, Duration hold);

  // False: later than the hold. The look is taken in when estimates are next asked for.
  bool Add(std::shared_ptr<const Look> look);

  // Confirmed tracks from every look added, ascending id, predicted to `time` (not before the
  // newest look).
  std::vector<TrackEstimate> Estimates(Instant time);

  const Tracker& tracker() const { return tracker_; }

 private:
  struct Copy {
    std::uint64_t next = 0;  // look it has not taken yet
    Tracker tracker;
  };
  void CatchUp();
  void Forget();

  Duration hold_;
  std::deque<std::shared_ptr<const Look>> looks_;  // in order of time, source, arrival
  std::uint64_t first_ = 0;                        // number of looks_.front(), counted from 0
  std::uint64_t next_ = 0;                         // look that tracker_ has not taken yet
  std::deque<Copy> copies_;                        // ascending `next`; the first is the oldest
  Instant copied_;                                 // tracker's time in the newest copy
  Tracker tracker_;
};

}  // namespace trucewatch
