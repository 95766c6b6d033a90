// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <span>
#include <vector>

#include "fusion/imm.h"
#include "fusion/track_state.h"

namespace trucewatch {

// One step of an IMM's backward pass: what is known at a time from before it (`filtered`), given
// all that is known dt_s later (`later`). For each pair of models a Rauch-Tung-Striebel step, the
// pairs weighed by how well they lead to what followed, and merged by the earlier model
// (Nadarajah, Tharmarasa, McDonald, Kirubarajan 2012, section III; there with the mixing of the
// forward pass, here pair by pair). dt_s > 0.
Imm SmoothBack(const Imm& filtered, const Imm& later, double dt_s,
               const MotionModelOptions& options);

// Probability that the object existed at a time, from what was believed then and how it went on;
// survival is the probability that it lives through the time between. Backward pass of a
// two-state Markov chain; what is gone does not come back.
double ExistenceBack(double filtered, double later, double survival);

// What the tracker believed of each track after each look, and from there, with hindsight, where
// the tracks were: the settled picture. Fixed-lag smoothing; a track is shown from its first report
// on once it is confirmed within the lag, and no longer than it existed. Frames and order as in
// Tracker. Determinism: a function of what was noted. Threads: thread-compatible.
class Smoother {
 public:
  struct Options {
    MotionModelOptions motion;
    double mean_life_s = 3600.0;
    double min_existence = 0.5;  // of what is shown
    Duration keep;               // how long before the last look estimates may be asked for
    std::size_t max_states_per_track = 2000;  // the oldest are dropped first
  };

  struct State {
    Instant time;
    Imm imm;
    double existence = 0;
  };
  struct History {
    std::deque<State> states;  // ascending time, the first at or before what may be asked for
    bool gone = false;
    TrackState newest;  // as it was last noted
  };

  explicit Smoother(const Options& options) : options_(options) {}

  // After each look, in order of time: all tracks as they are now, ascending id. A track that is no
  // longer among them is gone; `time` is the look's.
  void Note(Instant time, std::span<const TrackState> tracks);

  // Where the tracks were at `time`, from everything noted so far; ascending id. `time` not before
  // the last noted look by more than `keep`.
  std::vector<TrackEstimate> Estimates(Instant time) const;

  // State, for snapshots.
  Instant time() const { return time_; }
  const std::map<TrackId, History>& histories() const { return histories_; }
  void Restore(Instant time, std::map<TrackId, History> histories);

 private:
  Options options_;
  Instant time_;
  std::map<TrackId, History> histories_;
};

}  // namespace trucewatch
