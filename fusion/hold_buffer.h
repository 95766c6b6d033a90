// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/time/instant.h"
#include "core/types/observation.h"

namespace trucewatch {

// A measurement on its way through the hold. The order of the fields is the order of release.
struct HeldMeasurement {
  Instant time;
  SourceId source;
  std::int32_t index = 0;  // sequence within the source, where its messages carry one
  std::string payload;     // what it is: the exact message
  auto operator<=>(const HeldMeasurement&) const = default;
};

// Brings measurements of all sources into one order that does not depend on their arrival (DESIGN
// rule 3). A source has passed a time when its watermark says so, or when it has spoken of a time
// later by more than the hold; what lies before the earliest such time of all live sources is
// released, in order of (time, source, index, payload). A source that is expected or has started,
// and has not spoken, holds everything; one that is late or has ended (also without ever having
// started) holds nothing. A sparse source (a satellite, a patrol) never holds anything back: only
// what it brings is put into the order. Within the hold arrival order
// changes nothing: what is released between two times is a function of what was added. Threads:
// thread-compatible.
class HoldBuffer {
 public:
  struct Options {
    Duration hold;
    Duration max_step = Duration::Seconds(24 * 3600);  // no measurement may lead the others by more
    std::size_t max_measurements = 1'000'000;
    std::size_t max_bytes = std::size_t{512} << 20;  // a snapshot must stay below 2 GiB
    std::set<SourceId> expected = {};  // live from the start: nothing is settled before they speak
    std::set<SourceId> sparse = {};    // their statuses and watermarks are not heeded
  };
  enum class Verdict {
    kHeld,
    kLate,      // older than what was released: later than the hold
    kRepeated,  // the same measurement is being held already
    kTooFar,    // further ahead than max_step: a wrong clock
    kFull,
  };

  // What is known of one source.
  struct Progress {
    bool live = false;
    std::optional<Instant> newest;   // measurement
    std::optional<Instant> promise;  // watermark
  };

  explicit HoldBuffer(const Options& options);

  // `aside`: it is put into the order only, as those of sparse sources are; its source is not
  // waited for because of it.
  Verdict Add(HeldMeasurement measurement, bool aside = false);
  // False when the time is further ahead than max_step; it is then not believed.
  bool Watermark(const SourceId& source, Instant time);
  void Status(const SourceStatus& status);
  bool IsSparse(const SourceId& source) const { return options_.sparse.contains(source); }

  // Everything before this time may be released now; never goes back. Nothing while nothing may be.
  std::optional<Instant> Horizon() const;
  // True when sources are known and none of them holds anything back any more.
  bool NothingLive() const;
  // Takes out what lies before `horizon`, in order; from now on such a time is late.
  std::vector<HeldMeasurement> Release(Instant horizon);

  // State, for snapshots.
  const std::map<SourceId, Progress>& sources() const { return sources_; }
  const std::set<HeldMeasurement>& held() const { return held_; }
  std::optional<Instant> released() const { return released_; }
  std::optional<Instant> newest() const { return newest_; }
  void Restore(std::map<SourceId, Progress> sources, std::set<HeldMeasurement> held,
               std::optional<Instant> released, std::optional<Instant> newest);

 private:
  bool Believable(Instant time) const;

  Options options_;
  std::map<SourceId, Progress> sources_;
  std::set<HeldMeasurement> held_;
  std::size_t held_bytes_ = 0;
  std::optional<Instant> released_;  // everything before this has been released
  std::optional<Instant> newest_;    // measurement of any source
};

}  // namespace trucewatch
