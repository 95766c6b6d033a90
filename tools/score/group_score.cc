// SPDX-License-Identifier: Apache-2.0
#include "tools/score/group_score.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/archive/gzip.h"
#include "core/storage/storage.h"
#include "tools/score/assignment.h"
#include "tools/score/csv_rows.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kMaxGroupFileBytes = std::uint64_t{512} << 20;

struct TrueGroup {
  std::string id;
  std::vector<Eigen::Vector2d> members;
  Eigen::Vector2d middle_en_m{0, 0};
  double extent_m = 0;
};

std::vector<TrueGroup> ConvoysOf(const TrackedScenario& scenario, const ScoredEpoch& epoch) {
  std::map<std::string, TrueGroup> by_id;
  for (const TruthPoint& truth : epoch.truths) {
    const TruthTarget& target = scenario.targets[truth.target];
    if (target.InConvoy()) by_id[target.group].members.push_back(truth.p_en_m);
  }
  std::vector<TrueGroup> convoys;
  for (auto& [id, group] : by_id) {
    if (group.members.size() < 2) continue;
    group.id = id;
    for (const auto& p : group.members) group.middle_en_m += p;
    group.middle_en_m /= static_cast<double>(group.members.size());
    for (const auto& p : group.members) {
      group.extent_m = std::max(group.extent_m, (p - group.middle_en_m).norm());
    }
    convoys.push_back(std::move(group));
  }
  return convoys;
}

// Of one convoy over its epochs.
struct ConvoySums {
  double found = 0;
  double error = 0, bias = 0, inside = 0, interval = 0, place_m = 0, extent = 0;
  std::string group;  // that it had last
};

}  // namespace

Result<GroupRows> ParseGroupRows(const std::string& text, const std::string& name) {
  static constexpr std::array kColumns = {"time",      "x",         "y",       "count_expected",
                                          "count_min", "count_max", "extent_m"};
  TW_ASSIGN_OR_RETURN(CsvRows rows, CsvRows::Open(text, name,
                                                  {"time", "group_id", "x", "y", "count_expected",
                                                   "count_min", "count_max", "extent_m"}));
  const std::size_t id = *rows.PlaceOf("group_id");
  GroupRows groups;
  while (true) {
    TW_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) return groups;
    std::array<double, kColumns.size()> v{};
    for (std::size_t k = 0; k < v.size(); ++k) {
      TW_ASSIGN_OR_RETURN(v[k], rows.Number(*rows.PlaceOf(kColumns[k])));
    }
    if (!(v[4] >= 0 && v[5] >= v[4] && v[5] <= 1e6)) {
      return rows.Wrong("count_min and count_max are no interval of counts");
    }
    groups[std::llround(v[0] * 1000)].push_back({.id = std::string(rows.Text(id)),
                                                 .p_en_m = {v[1], v[2]},
                                                 .count_expected = v[3],
                                                 .count_min = static_cast<int>(v[4]),
                                                 .count_max = static_cast<int>(v[5]),
                                                 .extent_m = v[6]});
  }
}

Result<GroupRows> LoadGroupRows(const std::string& path) {
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(std::string text, ReadWholeFile(*storage, path, kMaxGroupFileBytes));
  if (IsGzip(text)) {
    TW_ASSIGN_OR_RETURN(text, Gunzip(text, path, kMaxGroupFileBytes));
  }
  return ParseGroupRows(text, path);
}

GroupScore ScoreGroups(const TrackedScenario& scenario, const GroupRows& groups,
                       const TrackScoreOptions& options) {
  GroupScore score;
  std::map<std::string, ConvoySums> by_convoy;
  double others = 0, found = 0;
  std::size_t epochs = 0;
  for (const ScoredEpoch& epoch : scenario.epochs) {
    if (epoch.time_s < options.from_s || epoch.time_s > options.to_s) continue;
    ++epochs;
    const auto at = groups.find(std::llround(epoch.time_s * 1000));
    const std::vector<GroupPoint> none;
    const std::vector<GroupPoint>& stated = at == groups.end() ? none : at->second;
    const std::vector<TrueGroup> convoys = ConvoysOf(scenario, epoch);
    score.convoy_epochs += convoys.size();
    std::vector<AllowedPair> allowed;
    for (std::size_t c = 0; c < convoys.size(); ++c) {
      by_convoy.try_emplace(convoys[c].id);
      for (std::size_t g = 0; g < stated.size(); ++g) {
        const double apart_m = (stated[g].p_en_m - convoys[c].middle_en_m).norm();
        const double reach_m = convoys[c].extent_m + options.cutoff_m;
        if (apart_m < reach_m) allowed.push_back({c, g, apart_m - reach_m});
      }
    }
    const auto group_of = AssignAtLeastCost(convoys.size(), stated.size(), allowed);
    others += static_cast<double>(stated.size());
    for (std::size_t c = 0; c < convoys.size(); ++c) {
      if (group_of[c] == kUnassigned) continue;
      const GroupPoint& group = stated[group_of[c]];
      const double n = static_cast<double>(convoys[c].members.size());
      ConvoySums& sums = by_convoy[convoys[c].id];
      found += 1;
      others -= 1;
      sums.found += 1;
      sums.error += std::abs(group.count_expected - n) / n;
      sums.bias += (group.count_expected - n) / n;
      sums.inside += group.count_min <= n && n <= group.count_max ? 1 : 0;
      sums.interval += (group.count_max - group.count_min) / n;
      sums.place_m += (group.p_en_m - convoys[c].middle_en_m).norm();
      sums.extent +=
          std::abs(group.extent_m - convoys[c].extent_m) / std::max(convoys[c].extent_m, 1.0);
      score.id_changes += !sums.group.empty() && sums.group != group.id ? 1 : 0;
      sums.group = group.id;
    }
  }
  score.convoys = by_convoy.size();
  double counted = 0;
  for (const auto& [id, sums] : by_convoy) {
    if (sums.found <= 0) continue;
    counted += 1;
    score.count_error += sums.error / sums.found;
    score.count_bias += sums.bias / sums.found;
    score.inside_ratio += sums.inside / sums.found;
    score.interval += sums.interval / sums.found;
    score.place_m += sums.place_m / sums.found;
    score.extent_error += sums.extent / sums.found;
  }
  counted = std::max(counted, 1.0);
  for (double* mean : {&score.count_error, &score.count_bias, &score.inside_ratio, &score.interval,
                       &score.place_m, &score.extent_error}) {
    *mean /= counted;
  }
  score.found_share = found / std::max(static_cast<double>(score.convoy_epochs), 1.0);
  score.others_per_epoch = others / std::max(static_cast<double>(epochs), 1.0);
  return score;
}

}  // namespace trucewatch::tools
