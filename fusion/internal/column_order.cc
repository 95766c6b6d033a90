// SPDX-License-Identifier: Apache-2.0
#include "fusion/internal/column_order.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <utility>

namespace trucewatch::internal {
namespace {

using Member = Company::Member;

double Sigma(const Eigen::Matrix2d& a, const Eigen::Matrix2d& b, const Eigen::Vector2d& along) {
  return std::sqrt(std::max(0.0, along.dot((a + b) * along)));
}

// One column's members from front to back, and its direction.
struct Column {
  std::vector<const Member*> places;
  Eigen::Vector2d along = Eigen::Vector2d::Zero();
};

// Members that are joined by pairs that drive alike. Those of one that winds so much that "before"
// has no meaning are left out.
std::vector<Column> Columns(const std::vector<Member>& members) {
  constexpr double kLeastCosine = 0.5;  // between a vehicle's direction and the column's
  std::vector<Column> columns;
  std::vector<char> seen(members.size(), 0);
  std::vector<std::size_t> queue;
  for (std::size_t first = 0; first < members.size(); ++first) {
    if (seen[first]) continue;
    Column column;
    queue.assign(1, first);
    seen[first] = 1;
    while (!queue.empty()) {
      const Member& member = members[queue.back()];
      queue.pop_back();
      column.places.push_back(&member);
      column.along += member.state.mean.tail<2>();
      for (const std::size_t k : member.alike) {
        if (std::exchange(seen[k], 1) == 0) queue.push_back(k);
      }
    }
    if (column.places.size() < 3 || !(column.along.norm() > 0)) continue;
    column.along.normalize();
    if (std::any_of(column.places.begin(), column.places.end(), [&](const Member* member) {
          const Eigen::Vector2d v = member->state.mean.tail<2>();
          return column.along.dot(v) < kLeastCosine * v.norm();
        })) {
      continue;
    }
    std::sort(column.places.begin(), column.places.end(), [&](const Member* a, const Member* b) {
      const double at_a = column.along.dot(a->state.mean.head<2>());
      const double at_b = column.along.dot(b->state.mean.head<2>());
      return at_a != at_b ? at_a > at_b : a->track < b->track;
    });
    columns.push_back(std::move(column));
  }
  return columns;
}

// Of each vehicle so many behind it are known, and so far it is moved in one look: bounds the work
// where thousands drive alike (DESIGN rule 9).
constexpr std::size_t kMost = 64;

bool IsBehind(const TrackState& track, TrackId other) {
  return std::binary_search(track.behind.begin(), track.behind.end(), other);
}

void SetBehind(TrackState& front, TrackState& back) {
  const auto other = std::lower_bound(back.behind.begin(), back.behind.end(), front.id);
  if (other != back.behind.end() && *other == front.id) back.behind.erase(other);
  const auto place = std::lower_bound(front.behind.begin(), front.behind.end(), back.id);
  if (place != front.behind.end() && *place == back.id) return;
  if (front.behind.size() < kMost) front.behind.insert(place, back.id);
}

// The first of two places is taken by the one that used to be behind. Not so, if it is plainly
// overtaking or beside the other.
bool HaveCrossed(const Member& front, const Member& back, const Eigen::Vector2d& along) {
  constexpr double kOvertakesMps = 2.0, kPlainly = 2.0;
  const Eigen::Vector2d across(-along.y(), along.x());
  const Eigen::Vector4d d = front.state.mean - back.state.mean;
  const Eigen::Matrix2d p = front.state.cov.topLeftCorner<2, 2>(),
                        q = back.state.cov.topLeftCorner<2, 2>();
  const double faster = along.dot(d.tail<2>());
  const bool overtakes = faster > kOvertakesMps &&
                         faster > kPlainly * Sigma(front.state.cov.bottomRightCorner<2, 2>(),
                                                   back.state.cov.bottomRightCorner<2, 2>(), along);
  const bool beside = std::abs(across.dot(d.head<2>())) > kPlainly * Sigma(p, q, across);
  return !overtakes && !beside;
}

bool IsPlainlyAhead(const Member& front, const Member& back, const Eigen::Vector2d& along) {
  constexpr double kGapM = 5.0;  // a vehicle's length
  const Eigen::Vector2d d = (front.state.mean - back.state.mean).head<2>();
  const double gap = along.dot(d), beside = std::abs(along.x() * d.y() - along.y() * d.x());
  return gap > kGapM && gap > 2.0 * beside &&
         gap > Sigma(front.state.cov.topLeftCorner<2, 2>(), back.state.cov.topLeftCorner<2, 2>(),
                     along);
}

void ChangePlaces(std::vector<TrackState>& tracks, const Column& column,
                  const std::vector<std::size_t>& holder) {
  struct Kinematics {
    Imm imm;
    double existence;
    decltype(TrackState::opportunities) opportunities;
    std::size_t next_opportunity;
  };
  std::vector<Kinematics> at;
  for (const Member* place : column.places) {
    const TrackState& t = tracks[place->track];
    at.push_back({t.imm, t.existence, t.opportunities, t.next_opportunity});
  }
  for (std::size_t k = 0; k < at.size(); ++k) {
    if (holder[k] == column.places[k]->track) continue;
    TrackState& t = tracks[holder[k]];
    t.imm = at[k].imm;
    t.existence = at[k].existence;
    t.opportunities = at[k].opportunities;
    t.next_opportunity = at[k].next_opportunity;
  }
}

// Those that are gone or have parted are forgotten.
void Forget(std::vector<TrackState>& tracks, const Member& member) {
  constexpr double kPartedM = 1000.0;
  std::erase_if(tracks[member.track].behind, [&](TrackId id) {
    const auto other = std::lower_bound(tracks.begin(), tracks.end(), id,
                                        [](const TrackState& t, TrackId x) { return t.id < x; });
    if (other == tracks.end() || other->id != id) return true;
    const Eigen::Vector2d d = (other->imm.model[kSteady].mean - member.state.mean).head<2>();
    return d.norm() > kPartedM;
  });
}

}  // namespace

void KeepOrder(std::vector<TrackState>& tracks, const Company& company) {
  for (const Member& member : company.members()) Forget(tracks, member);
  for (const Column& column : Columns(company.members())) {
    const std::vector<const Member*>& places = column.places;
    std::vector<std::size_t> holder;  // by place, the track whose it is
    for (const Member* place : places) holder.push_back(place->track);
    bool changed = true, any = false;
    for (std::size_t pass = 0; changed && pass < std::min(places.size(), kMost); ++pass) {
      changed = false;
      for (std::size_t k = 0; k + 1 < places.size(); ++k) {
        if (!IsBehind(tracks[holder[k + 1]], tracks[holder[k]].id) ||
            !HaveCrossed(*places[k], *places[k + 1], column.along)) {
          continue;
        }
        std::swap(holder[k], holder[k + 1]);
        changed = any = true;
      }
    }
    if (any) ChangePlaces(tracks, column, holder);
    for (std::size_t k = 0; k < places.size(); ++k) {
      for (std::size_t m = k + 1; m < std::min(places.size(), k + 1 + kMost); ++m) {
        if (IsPlainlyAhead(*places[k], *places[m], column.along)) {
          SetBehind(tracks[holder[k]], tracks[holder[m]]);
        }
      }
    }
  }
}

}  // namespace trucewatch::internal
