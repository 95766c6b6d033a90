// SPDX-License-Identifier: Apache-2.0
#include "fusion/groups.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "fusion/internal/plot_grid.h"

namespace trucewatch {
namespace {

// One standard deviation of the difference of two states along `d` of a pair of components.
double SigmaAlong(const Eigen::Vector2d& d, const Eigen::Matrix2d& cov) {
  const double length = d.norm();
  if (length < 1e-9) return 0.0;
  const Eigen::Vector2d u = d / length;
  return std::sqrt(std::max(u.dot(cov * u), 0.0));
}

// Within the limit, or beyond it by no more than the difference is uncertain (at most half the
// limit: an uncertain track does not join everything).
bool Within(const Eigen::Vector2d& d, const Eigen::Matrix2d& cov, double limit) {
  return d.norm() <= limit + std::min(SigmaAlong(d, cov), 0.5 * limit);
}

std::size_t SharedMembers(const std::vector<TrackId>& a, const std::vector<TrackId>& b) {
  std::size_t shared = 0;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    if (*x == *y) {
      ++shared;
      ++x;
      ++y;
    } else if (*x < *y) {
      ++x;
    } else {
      ++y;
    }
  }
  return shared;
}

// Its count: of the members alone.
GroupEstimate Describe(GroupId id, const std::vector<const TrackEstimate*>& members) {
  GroupEstimate group;
  group.id = id;
  std::vector<double> existence;
  for (const TrackEstimate* track : members) {
    group.members.push_back(track->id);
    existence.push_back(track->existence);
    group.count_expected += track->existence;
    group.p_en_m += track->state.mean.head<2>();
    group.v_en_mps += track->state.mean.tail<2>();
    group.height_hae_m += track->height_hae_m;
  }
  const double n = static_cast<double>(members.size());
  group.p_en_m /= n;
  group.v_en_mps /= n;
  group.height_hae_m /= n;
  for (const TrackEstimate* track : members) {
    group.extent_m = std::max(group.extent_m, (track->state.mean.head<2>() - group.p_en_m).norm());
  }
  const CountInterval interval = PoissonBinomialInterval(existence);
  group.count_min = interval.low;
  group.count_max = interval.high;
  return group;
}

// Two doubts: whether the members exist, and who else is there.
void TakeCount(const CountFilter& filter, int counted, GroupEstimate& group) {
  const auto count = filter.Current();
  if (!count) return;
  group.count_expected = count->expected;
  group.count_min = std::max(count->min - std::max(counted - group.count_min, 0), 0);
  group.count_max = count->max + std::max(group.count_max - counted, 0);
}

}  // namespace

CountInterval PoissonBinomialInterval(std::span<const double> probabilities) {
  std::vector<double> mass(probabilities.size() + 1, 0.0);
  mass[0] = 1.0;
  std::size_t trials = 0;
  for (const double p : probabilities) {
    ++trials;
    for (std::size_t k = trials; k > 0; --k) mass[k] = mass[k] * (1.0 - p) + mass[k - 1] * p;
    mass[0] *= 1.0 - p;
  }
  CountInterval interval;
  double below = 0;
  bool low_found = false;
  for (std::size_t k = 0; k < mass.size(); ++k) {
    below += mass[k];
    if (!low_found && below >= 0.025) {
      interval.low = static_cast<int>(k);
      low_found = true;
    }
    if (below >= 0.975 || k + 1 == mass.size()) {
      interval.high = static_cast<int>(k);
      break;
    }
  }
  return interval;
}

std::vector<std::vector<std::size_t>> GroupTracker::Cluster(
    std::span<const TrackEstimate> tracks) const {
  const auto group_of = [&](TrackId id) -> std::uint64_t {
    for (const GroupState& group : groups_) {
      if (std::binary_search(group.members.begin(), group.members.end(), id)) return group.id.value;
    }
    return 0;
  };
  std::vector<Eigen::Vector2d> points;
  std::vector<std::size_t> index;
  std::vector<std::uint64_t> group;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (IsLikelyPeople(tracks[i].classes)) continue;
    const std::uint64_t of = group_of(tracks[i].id);
    if (of == 0 && tracks[i].state.mean.tail<2>().norm() < options_.moving_mps) continue;
    points.push_back(tracks[i].state.mean.head<2>());
    index.push_back(i);
    group.push_back(of);
  }
  const double reach = options_.distance_m * options_.loosening * 1.5;
  const internal::PlotGrid grid(points, reach);
  std::vector<std::size_t> open, near;
  std::vector<char> seen(points.size(), 0);
  std::vector<std::vector<std::size_t>> clusters;
  for (std::size_t start = 0; start < points.size(); ++start) {
    if (seen[start]) continue;
    seen[start] = 1;
    open.assign(1, start);
    std::vector<std::size_t> members;
    while (!open.empty()) {
      const std::size_t a = open.back();
      open.pop_back();
      members.push_back(index[a]);
      near.clear();
      grid.Find(points[a], Eigen::Vector2d::Constant(reach), near);
      for (const std::size_t b : near) {
        if (seen[b]) continue;
        const Gaussian &x = tracks[index[a]].state, &y = tracks[index[b]].state;
        const double factor = group[a] != 0 && group[a] == group[b] ? options_.loosening : 1.0;
        const Eigen::Matrix4d cov = x.cov + y.cov;
        if (!Within(x.mean.head<2>() - y.mean.head<2>(), cov.topLeftCorner<2, 2>(),
                    options_.distance_m * factor) ||
            !Within(x.mean.tail<2>() - y.mean.tail<2>(), cov.bottomRightCorner<2, 2>(),
                    options_.speed_mps * factor)) {
          continue;
        }
        seen[b] = 1;
        open.push_back(b);
      }
    }
    if (members.size() < 2) continue;
    std::sort(members.begin(), members.end());
    clusters.push_back(std::move(members));
  }
  return clusters;
}

std::vector<GroupEstimate> GroupTracker::Update(Instant time,
                                                std::span<const TrackEstimate> tracks) {
  const std::vector<std::vector<std::size_t>> clusters = Cluster(tracks);
  std::vector<std::vector<TrackId>> ids;
  for (const auto& cluster : clusters) {
    std::vector<TrackId> members;
    for (const std::size_t i : cluster) members.push_back(tracks[i].id);
    ids.push_back(std::move(members));
  }
  // Largest overlap first; ties to the older group, then to the cluster with the lowest track.
  struct Match {
    std::size_t shared, group, cluster;
  };
  std::vector<Match> matches;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (std::size_t c = 0; c < ids.size(); ++c) {
      const std::size_t shared = SharedMembers(groups_[g].members, ids[c]);
      if (shared > 0) matches.push_back({shared, g, c});
    }
  }
  std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
    return std::tie(b.shared, a.group, a.cluster) < std::tie(a.shared, b.group, b.cluster);
  });
  // Where each track was and is.
  std::map<TrackId, std::size_t> was_in, is_in;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (const TrackId id : groups_[g].members) was_in.try_emplace(id, g);
  }
  for (std::size_t c = 0; c < ids.size(); ++c) {
    for (const TrackId id : ids[c]) is_in.try_emplace(id, c);
  }
  std::vector<char> cluster_taken(ids.size(), 0), group_taken(groups_.size(), 0);
  for (const Match& match : matches) {
    if (cluster_taken[match.cluster] || group_taken[match.group]) continue;
    cluster_taken[match.cluster] = group_taken[match.group] = 1;
    // Who came from another group, or went to one, is counted there no more.
    int moved = 0;
    for (const TrackId id : ids[match.cluster]) {
      const auto from = was_in.find(id);
      moved += from != was_in.end() && from->second != match.group ? 1 : 0;
    }
    for (const TrackId id : groups_[match.group].members) {
      const auto to = is_in.find(id);
      moved -= to != is_in.end() && to->second != match.cluster ? 1 : 0;
    }
    groups_[match.group].count.Shift(moved);
    groups_[match.group].members = ids[match.cluster];
    groups_[match.group].last_whole = time;
  }
  for (std::size_t c = 0; c < ids.size(); ++c) {
    if (cluster_taken[c]) continue;
    groups_.push_back({.id = {++last_id_},
                       .members = ids[c],
                       .last_whole = time,
                       .last_large = time,
                       .published = false,
                       .count = {}});
  }

  std::vector<GroupEstimate> result;
  std::vector<GroupState> kept;
  for (GroupState& group : groups_) {
    const bool whole = group.last_whole == time;
    if (!whole) {
      // Its members may belong to another group by now; what is left of it lingers.
      std::erase_if(group.members, [&](TrackId id) {
        for (std::size_t c = 0; c < ids.size(); ++c) {
          if (std::binary_search(ids[c].begin(), ids[c].end(), id)) return true;
        }
        return false;
      });
    }
    std::vector<const TrackEstimate*> members;
    for (const TrackId id : group.members) {
      const auto track =
          std::lower_bound(tracks.begin(), tracks.end(), id,
                           [](const TrackEstimate& t, TrackId x) { return t.id < x; });
      if (track != tracks.end() && track->id == id) members.push_back(&*track);
    }
    if (members.empty() || (time - group.last_whole).seconds() > options_.linger_s) continue;
    GroupEstimate estimate = Describe(group.id, members);
    const int counted = static_cast<int>(std::lround(estimate.count_expected));
    if (whole) group.count.Add(time, counted, options_.count);
    if (whole && estimate.count_expected + 0.5 >= options_.min_count) {
      group.last_large = time;
      group.published = true;
    }
    if (group.published && (time - group.last_large).seconds() > options_.linger_s) {
      group.published = false;
    }
    if (group.published && members.size() >= 2) {
      TakeCount(group.count, counted, estimate);
      result.push_back(std::move(estimate));
    }
    kept.push_back(std::move(group));
  }
  groups_ = std::move(kept);
  return result;
}

void GroupTracker::Restore(std::uint64_t last_id, std::vector<GroupState> groups) {
  last_id_ = last_id;
  groups_ = std::move(groups);
}

}  // namespace trucewatch
