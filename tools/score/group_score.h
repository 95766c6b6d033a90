// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/score/track_files.h"
#include "tools/score/track_score.h"

namespace trucewatch::tools {

// A group as a tracker states it at one epoch. Frame: the scenario's plane.
struct GroupPoint {
  std::string id;
  Eigen::Vector2d p_en_m{0, 0};
  double count_expected = 0;
  int count_min = 0, count_max = 0;
  double extent_m = 0;
};
// By time in milliseconds.
using GroupRows = std::map<std::int64_t, std::vector<GroupPoint>>;

// Reads what `trucewatch track --groups` writes, plain or packed with gzip. kBadInput with file and
// line.
Result<GroupRows> LoadGroupRows(const std::string& path);
Result<GroupRows> ParseGroupRows(const std::string& text, const std::string& name);

// Groups against the truth's convoys: targets that share a group_id, two at least at an epoch. A
// convoy's group is the one whose middle is nearest to its own, within the convoy's extent and the
// cutoff, one each (exact assignment). Errors are relative to the true count.
struct GroupScore {
  std::size_t convoys = 0;        // in the truth
  std::size_t convoy_epochs = 0;  // convoy and epoch
  double found_share = 0;         // of those, with a group
  // Means over the convoys of their means over the epochs in which they have a group.
  double count_error = 0;       // |expected - true| / true
  double count_bias = 0;        // (expected - true) / true
  double inside_ratio = 0;      // share of true counts within count_min .. count_max
  double interval = 0;          // (count_max - count_min) / true
  double place_m = 0;           // between the middles
  double extent_error = 0;      // |extent - true| / true
  std::size_t id_changes = 0;   // a convoy has another group than it had last
  double others_per_epoch = 0;  // groups that are no convoy's
};
GroupScore ScoreGroups(const TrackedScenario& scenario, const GroupRows& groups,
                       const TrackScoreOptions& options);

}  // namespace trucewatch::tools
