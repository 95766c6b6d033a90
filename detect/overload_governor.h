// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time/instant.h"
#include "core/types/ids.h"
#include "detect/load_meter.h"

namespace trucewatch {

struct OverloadOptions {
  Duration max_lag = Duration::Seconds(10);
  int max_skip = 8;  // one segment of so many is always looked at
};

// How far detection is, at one moment.
struct DetectProgress {
  std::uint64_t available = 0;  // last input there is
  std::uint64_t handled = 0;    // last input that was handled
  std::map<SourceId, StreamCost> costs = {};
};

// From now on one segment in `one_in` of a source is looked at.
struct ThinningDecision {
  SourceId source;
  int one_in = 1;
  std::string reason;  // of the source's note (core/types/source_notes.h)
};

// Decides which live streams are thinned out when detection falls behind. Brain: time is given. Its
// decisions depend on the machine, so each must get into the journal as a note before it has any
// effect; everything after that is a function of the journal.
// A live stream brings a second of video a second: what a station sends later because its link was
// cut is no overload, and waits. Lag: how long the oldest input that waits has been there. Beyond
// max_lag the processors are shared out: a stream needs the processor time that a second of its
// video costs (of the segments looked at lately); four fifths of what all used together lately are
// given out in equal shares, of which a stream that needs less leaves the rest to the others; what
// needs more than its share is thinned to one segment in need / share, rounded up. When the lag
// does not get shorter by that, those thinned most get one step more. Once the lag has been below a
// quarter of max_lag for twice max_lag, the thinned ones get half of their steps back. After a
// decision none is made until detection has come to the note, and max_lag longer.
class OverloadGovernor {
 public:
  explicit OverloadGovernor(const OverloadOptions& options) : options_(options) {}

  // `in_force`: what was decided so far and holds (1 in N; others 1). Call about once a second;
  // nothing is done in between.
  std::vector<ThinningDecision> Step(Instant now, const DetectProgress& progress,
                                     const std::map<SourceId, int>& in_force);

  Duration lag() const { return lag_; }  // at the last step

  static constexpr Duration kStep = Duration::Seconds(1);

 private:
  struct Sample {
    Instant time;
    DetectProgress progress;
  };
  std::vector<ThinningDecision> Thin(const std::map<SourceId, int>& in_force, bool shorter) const;
  std::vector<ThinningDecision> Relax(const std::map<SourceId, int>& in_force) const;
  void Forget();

  const OverloadOptions options_;
  std::deque<Sample> samples_;  // oldest first; back to the one before the oldest input that waits
  Duration lag_;
  std::optional<Instant> idle_since_;     // the lag has been short
  std::optional<std::uint64_t> note_at_;  // input that detection has to come to first
  std::optional<Instant> settles_until_;  // what was decided has an effect by then
  Duration lag_before_;                   // when it was last looked at
};

}  // namespace trucewatch
