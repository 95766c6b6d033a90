// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "tools/score/track_files.h"

namespace trucewatch::tools {

// Whether stated covariances are true: over pairs whose track states one. A normalised estimation
// error squared (Bar-Shalom, Li, Kirubarajan 2001, 5.4.2) over its dimension of 1 is right, above 1
// over-confident.
struct Consistency {
  std::size_t pairs = 0;
  double position_nees_ratio = 0;  // mean of e' P^-1 e / 2
  double inside_95_ratio = 0;      // share of e within the 95 % ellipse of P
  std::size_t velocity_pairs = 0;  // of the pairs, those with a covariance of velocity
  double velocity_nees_ratio = 0;
};

class ConsistencySum {
 public:
  void Add(const TruthPoint& truth, const TrackPoint& track);
  std::optional<Consistency> Finish() const;  // nothing without pairs

 private:
  Consistency sum_;
  double position_ = 0, inside_ = 0, velocity_ = 0;
};

// Over which pairs: those of GOSPA's assignment, epoch by epoch, so that a covariance answers for
// where the track is and not for whose it once was; and, because that assignment ends at the cutoff
// and would leave out the large errors of honestly uncertain tracks, also a track and a target
// farther apart that were each other's last pair, while the target lies within the track's own
// 99.99 % ellipse. Epochs in order of time. Threads: one.
class ConsistencyScore {
 public:
  explicit ConsistencyScore(const TrackedScenario& scenario);

  // `track_of`: of each of the epoch's truths the place of its track, or kUnassigned.
  void Add(const ScoredEpoch& epoch, const std::vector<std::size_t>& track_of);

  // Without manoeuvre onsets, and only those.
  std::optional<Consistency> steady() const { return steady_.Finish(); }
  std::optional<Consistency> onsets() const { return onsets_.Finish(); }
  std::optional<Consistency> steady_of(std::size_t kind) const { return kinds_[kind].Finish(); }

 private:
  void AddPair(const ScoredEpoch& epoch, const TruthPoint& truth, const TrackPoint& track);

  const TrackedScenario& scenario_;
  std::vector<std::size_t> last_track_;   // of each target
  std::vector<std::size_t> last_target_;  // of each track
  std::vector<std::size_t> place_of_;     // of each track in the epoch, or kUnassigned
  ConsistencySum steady_, onsets_;
  std::array<ConsistencySum, kTruthKindCount> kinds_;
};

}  // namespace trucewatch::tools
