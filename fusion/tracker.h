// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "fusion/bearings.h"
#include "fusion/look.h"
#include "fusion/track_state.h"
#include "fusion/tracker_options.h"

namespace trucewatch {

// Where a source looked last, and what it has not found yet.
struct Watch {
  Instant time;
  Eigen::Vector2d low_en_m = Eigen::Vector2d::Zero();  // box around the footprint
  Eigen::Vector2d high_en_m = Eigen::Vector2d::Zero();
  double unseen_per_m2 = 0;  // objects that could be reported and never were

  bool operator==(const Watch&) const = default;
};

// Counts since the mission's start.
struct TrackerCounts {
  std::uint64_t looks = 0;
  std::uint64_t plots = 0;
  std::uint64_t associated = 0;
  std::uint64_t initiated = 0;
  std::uint64_t merged = 0;   // taken out because they were another track's double
  std::uint64_t deleted = 0;  // existence or accuracy lost
  std::uint64_t refused = 0;  // plots that would have begun a track past max_tracks
};

// Follows vehicles through looks of any sensors: interacting multiple models, gating over a spatial
// index, joint integrated probabilistic data association (joint_association.h). Frames: the
// mission's plane. Time: looks in order of time; the caller sorts (hold_buffer.h). Determinism: the
// state is a function of the options and the looks. Threads: thread-compatible. Copyable: a copy
// runs ahead (live_tracker.h).
class Tracker {
 public:
  explicit Tracker(const TrackerOptions& options) : options_(options) {}

  // Takes one look in. look.time must not lie before an earlier look's; such a look is taken at the
  // tracker's time.
  void Process(const Look& look);

  // Confirmed tracks, ascending id, predicted to `time` (not before the last look).
  std::vector<TrackEstimate> Estimates(Instant time) const;

  const std::vector<TrackState>& tracks() const {
    return tracks_;
  }  // ascending id, tentative ones too
  const TrackerCounts& counts() const { return counts_; }
  std::uint64_t last_id() const { return last_id_; }
  Instant time() const { return time_; }
  const std::map<SourceId, Watch>& watches() const { return watches_; }
  const BearingMemory& bearings() const { return bearings_; }
  void RestoreBearings(std::vector<LoneBearing> lone) { bearings_.Restore(std::move(lone)); }
  // Puts back what the readers above gave (snapshots). `tracks` ascending by id.
  void Restore(Instant time, std::uint64_t last_id, const TrackerCounts& counts,
               std::map<SourceId, Watch> watches, std::vector<TrackState> tracks);

 private:
  struct Candidate;
  void NoteLook(const Look& look);
  void Advance(TrackState& track, Instant time, TransitionMemo& memo) const;
  std::vector<Candidate> Candidates(const Look& look);
  // Fills in the candidates' probabilities; returns for each report how probably it is one of
  // theirs.
  std::vector<double> Associate(const Look& look, std::vector<Candidate>& candidates) const;
  void TakeReports(TrackState& track, const Look& look, const Candidate& candidate) const;
  void Confirm(const std::vector<std::size_t>& ready);
  void Initiate(const Look& look, const std::vector<double>& taken);
  void Begin(const Look& look, const LookPlot& plot, double existence);
  void MergeDuplicates(const std::vector<Candidate>& candidates);
  void Prune();

  TrackerOptions options_;
  Instant time_;
  std::uint64_t last_id_ = 0;
  TrackerCounts counts_;
  std::map<SourceId, Watch> watches_;
  double births_per_m2_ = 0;  // first reports expected in the look at hand, if all were detected
  std::vector<TrackState> tracks_;
  BearingMemory bearings_;
};

}  // namespace trucewatch
