// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "core/time/instant.h"
#include "fusion/count_filter.h"
#include "fusion/track_state.h"

namespace trucewatch {

struct GroupOptions {
  double distance_m = 100.0;  // members within this of another member ...
  double speed_mps = 4.0;     // ... and within this of its velocity
  int min_count = 3;          // published from this expected count on, rounded to the nearest
  double moving_mps = 1.5;    // slower tracks begin no group, but stay in theirs
  double loosening = 1.5;     // factor on both limits between two that are in one group already
  double linger_s = 10.0;     // how long a group outlives what made it one
  CountFilterOptions count;
};

// A group in the mission's plane.
struct GroupEstimate {
  GroupId id;
  std::vector<TrackId> members;  // ascending
  // Of vehicles, those that have no track of their own at the moment too.
  double count_expected = 0;
  int count_min = 0;  // 95 % interval
  int count_max = 0;
  Eigen::Vector2d p_en_m = Eigen::Vector2d::Zero();
  Eigen::Vector2d v_en_mps = Eigen::Vector2d::Zero();
  double extent_m = 0;
  double height_hae_m = 0;
};

// What is remembered of a group between pictures.
struct GroupState {
  GroupId id;
  std::vector<TrackId> members;  // ascending
  Instant last_whole;            // when it last was a cluster of its own
  Instant last_large;            // when it last had the count to be published
  bool published = false;
  CountFilter count;  // of its vehicles, those without a track too
};

// Finds tracks that move together and keeps their identity: single-link clusters, matched to the
// groups of the last picture by the members they share (a split leaves the id with the larger
// part). Ids ascend and are never reused. Determinism: a function of the options and the pictures.
// Threads: thread-compatible.
class GroupTracker {
 public:
  explicit GroupTracker(const GroupOptions& options) : options_(options) {}

  // `tracks` ascending by id, all at `time`; times do not go back. Answer ascending by id.
  std::vector<GroupEstimate> Update(Instant time, std::span<const TrackEstimate> tracks);

  // The next id, for groups that are found by other means: one space for all.
  GroupId NewId() { return {++last_id_}; }

  const std::vector<GroupState>& groups() const { return groups_; }  // ascending id
  std::uint64_t last_id() const { return last_id_; }
  void Restore(std::uint64_t last_id, std::vector<GroupState> groups);

 private:
  std::vector<std::vector<std::size_t>> Cluster(std::span<const TrackEstimate> tracks) const;

  GroupOptions options_;
  std::uint64_t last_id_ = 0;
  std::vector<GroupState> groups_;
};

// Interval that holds the number of successes of independent trials with at least 95 %: 2.5 %
// and 97.5 % quantiles of the Poisson-binomial distribution. Cost: quadratic in the trials.
struct CountInterval {
  int low = 0;
  int high = 0;
};
CountInterval PoissonBinomialInterval(std::span<const double> probabilities);

}  // namespace trucewatch
