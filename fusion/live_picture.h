// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/geo/geodetic.h"
#include "fusion/group_book.h"
#include "fusion/groups.h"
#include "fusion/hold_buffer.h"
#include "fusion/tracker.h"

namespace trucewatch {

// The live picture of the stage: what is settled, and all that is held on top of it, in order. It
// has no state of its own: what it keeps is only saved work, and any of it can be made again from
// the hold buffer and the settled parts; so a restored stage shows the same bytes. Looks that come
// in order are taken once; one that comes late within the hold sends the tracker back to a copy
// from before it. Later than the hold: not in it. Where a silent source has held everything back
// for long, only the looks of the last minute or two are taken. Bounds: the looks are the hold
// buffer's; at most kMaxCopies copies of the tracker. Threads: thread-compatible.
class LivePicture {
 public:
  static constexpr std::size_t kMaxCopies = 8;

  // `hold` > 0 spaces the copies.
  LivePicture(Duration hold, const LocalFrame& frame)
      : step_(hold / 5), window_(std::max(hold * 2, Duration::Seconds(60))), frame_(frame) {}

  // What has newly come into the hold buffer, or waits beside it for its time to go out: the look
  // made of it.
  void Note(const HeldMeasurement& measurement, const Look& look);
  void Note(const HeldMeasurement& measurement);
  // What lies before `settled_to` is in the settled group book by now.
  void Forget(Instant settled_to);
  // All that was noted is gone; to be noted again.
  void Clear();

  struct Content {
    std::vector<TrackEstimate> tracks;  // ascending id, at `time`
    std::vector<GroupEstimate> groups;
    std::vector<BookGroup> whole_groups;
    bool exercise = false;  // some look past the hold was
  };
  // Where sources are registered on a reference (registration.h): what is released and the tracker
  // has yet to take, in order, and how a held look is corrected. Nothing: they are not.
  struct Registered {
    std::vector<const Look*> aligned = {};
    std::function<Look(Look)> correct = {};
  };
  // `time`: not before any look. `tracker` has taken what `hold` has released; `groups` and `book`
  // are as of what went out. Groups keep their settled ids; those not settled yet have the next ids
  // for the time being. People are left out of the tracks.
  Content Show(Instant time, const HoldBuffer& hold, const Tracker& tracker,
               const GroupTracker& groups, const GroupBook& book, const Registered& registered);

 private:
  // The tracker after everything held up to and including `last`.
  struct Copy {
    HeldMeasurement last;
    Tracker tracker;
    bool exercise = false;
  };
  // In the order of HeldMeasurement, its payload by a hash.
  struct Key {
    Instant time;
    SourceId source;
    std::int32_t index = 0;
    std::size_t hash = 0;
    auto operator<=>(const Key&) const = default;
  };
  void ForgetStale(Instant time, const HoldBuffer& hold, bool registered);
  void CatchUp(const HoldBuffer& hold, const Tracker& tracker, const Registered& registered);
  void KeepCopy(Instant since);

  Duration step_;
  Duration window_;
  LocalFrame frame_;
  // Looks before this are not taken; whether there were such when the copies were made, and what
  // was released then.
  Instant cut_ = Instant::FromMicros(INT64_MIN);
  bool cut_off_ = false;
  std::optional<Instant> released_;
  std::optional<Copy> newest_;  // nothing: as the settled tracker
  std::deque<Copy> copies_;     // of it, from before; ascending `last`
  // Looks that say something of groups seen as a whole, without their plots.
  std::map<Key, std::shared_ptr<const Look>> group_looks_;
};

}  // namespace trucewatch
