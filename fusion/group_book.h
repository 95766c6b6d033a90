// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/types/track.h"
#include "fusion/look.h"

namespace trucewatch {

// How groups of one kind behave. One set for all scenarios.
struct GroupKindOptions {
  double wander_m2ps = 1.0;     // random walk of the middle
  double mean_life_s = 1200.0;  // existence fades with this while nobody looks
  double unseen_s = 300.0;      // forgotten when not reported for so long
};

struct GroupBookOptions {
  GroupKindOptions people;
  // The next satellite pass may be hours away, but what was parked an hour ago is no longer known.
  GroupKindOptions vehicles{.wander_m2ps = 0.0, .mean_life_s = 7200.0, .unseen_s = 3600.0};
  double gate_d2 = 9.21;           // chi-square with 2 degrees of freedom, 99 %
  double publish_existence = 0.5;  // in pictures from here on
  double delete_existence = 0.05;
  double max_existence = 0.999;
  double independent_s = 5.0;    // looks of one source closer than this repeat one another's errors
  double count_memory_s = 30.0;  // counts older than this are forgotten ...
  double count_fade_s = 10.0;    // ... and weigh less by 1/e each so long
  double georeference_memory_s = 30.0;
  std::size_t max_groups = 1000;
  std::size_t max_counts = 64;  // remembered of one group
};

// What one look said of a group's size.
struct CountReport {
  Instant time;
  SourceId source;
  double expected = 0;
  int min = 0, max = 0;  // 95 % interval
};

struct FusedCount {
  double expected = 0;
  int min = 0, max = 0;  // 95 % interval
};

// The counts of several looks as one. Reports of one source repeat the same faults (who stands
// hidden, who is told apart from his neighbour), so their mean is no surer than one of them, and
// less sure by as much as they differ. Sources are independent of one another: they combine by
// inverse variance, widened by the Birge ratio when they disagree. Upper and lower half of the
// intervals are treated apart (a miss is likelier than an invention). Reports fade with age.
FusedCount FuseCounts(std::span<const CountReport> reports, double fade_s);

// When a source last had the chance to report a group.
struct GroupOpportunity {
  SourceId source;
  Instant time;
};

// What is known of one group that is seen as a whole, in the mission's plane. Never of a person.
struct BookGroup {
  GroupId id;
  ObjectClass object_class = ObjectClass::kUnspecified;
  Instant time;  // of position and existence
  Eigen::Vector2d p_en_m = Eigen::Vector2d::Zero();
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Identity();
  double extent_m = 0;
  double height_hae_m = 0;
  double existence = 0;
  Instant first, last;  // reported
  FusedCount count;
  std::vector<CountReport> counts;              // oldest first
  std::vector<TrackSupport> supports;           // ordered by source
  std::vector<GroupOpportunity> opportunities;  // ordered by source
};

// Keeps groups that sensors report as a whole: people in video, vehicles that stand together. A
// report belongs to the nearest group of its kind within the gate (both covariances, and how far
// the groups reach) or where the two overlap by half; existence follows Bernoulli updates: a look
// that covers the group and could have seen it, and did not report it, speaks against it.
// Determinism: a function of the options and the looks in their order. Threads: thread-compatible.
class GroupBook {
 public:
  explicit GroupBook(const GroupBookOptions& options) : options_(options) {}

  // Takes in what one look says of groups. Looks in order of time; an older one is taken at the
  // group's time. Answers how many reports found no place (max_groups).
  std::size_t Process(const Look& look, const std::function<GroupId()>& new_id);

  // The groups to publish at `time`, ascending id. Forgets those not reported for too long.
  std::vector<BookGroup> Estimates(Instant time);

  const std::vector<BookGroup>& groups() const { return groups_; }  // ascending id
  void Restore(std::vector<BookGroup> groups) { groups_ = std::move(groups); }

 private:
  const GroupKindOptions& Kind(ObjectClass object_class) const;
  void Advance(BookGroup& group, Instant time) const;
  double TakeOpportunity(BookGroup& group, const Look& look) const;
  void TakeReport(BookGroup& group, const Look& look, const GroupReport& report) const;
  void TakeMiss(BookGroup& group, const Look& look) const;

  GroupBookOptions options_;
  std::vector<BookGroup> groups_;
};

}  // namespace trucewatch
