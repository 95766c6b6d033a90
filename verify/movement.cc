// SPDX-License-Identifier: Apache-2.0
#include "verify/movement.h"

#include <algorithm>
#include <cmath>

namespace trucewatch {
namespace {

// WGS-84, at the equator, a (1 - e^2): nowhere is a radian of latitude shorter on the ground.
constexpr double kLeastMeridianRadiusM = 6'335'439.0;

bool BeforeById(const Track* a, const Track* b) { return a->id < b->id; }

// Of tracks with the same id the first stays.
void SortById(std::vector<const Track*>& tracks) {
  if (!std::is_sorted(tracks.begin(), tracks.end(), BeforeById))
    std::stable_sort(tracks.begin(), tracks.end(), BeforeById);
  tracks.erase(std::unique(tracks.begin(), tracks.end(),
                           [](const Track* a, const Track* b) { return a->id == b->id; }),
               tracks.end());
}

std::vector<const Track*> TracksById(const Picture& picture) {
  std::vector<const Track*> tracks;
  tracks.reserve(picture.tracks.size());
  for (const Track& track : picture.tracks) tracks.push_back(&track);
  SortById(tracks);
  return tracks;
}

}  // namespace

std::vector<GroupView> ViewGroups(const Picture& picture, int min_group_size) {
  std::vector<GroupView> views;
  if (picture.groups.empty()) return views;
  const std::vector<const Track*> tracks = TracksById(picture);
  for (const Group& group : picture.groups) {
    GroupView view{&group, {}};
    for (const TrackId id : group.members) {
      const auto found =
          std::lower_bound(tracks.begin(), tracks.end(), id,
                           [](const Track* track, TrackId wanted) { return track->id < wanted; });
      if (found != tracks.end() && (*found)->id == id) view.vehicles.push_back(*found);
    }
    if (static_cast<int>(view.vehicles.size()) >= min_group_size) views.push_back(std::move(view));
  }
  std::sort(views.begin(), views.end(),
            [](const GroupView& a, const GroupView& b) { return a.group->id < b.group->id; });
  return views;
}

std::vector<GroupView> ViewWholeGroups(const Picture& picture, int min_group_size) {
  std::vector<GroupView> views;
  for (const Group& group : picture.groups) {
    if (group.members.empty() && group.object_class != ObjectClass::kUnspecified &&
        group.count_expected + 0.5 >= min_group_size)
      views.push_back({&group, {}});
  }
  std::sort(views.begin(), views.end(),
            [](const GroupView& a, const GroupView& b) { return a.group->id < b.group->id; });
  return views;
}

std::vector<GroupView> ViewVehicles(const Picture& picture) {
  const std::vector<const Track*> tracks = TracksById(picture);
  std::vector<GroupView> views;
  views.reserve(tracks.size());
  for (const Track* track : tracks) views.push_back({nullptr, {track}});
  return views;
}

std::vector<const Track*> Pool(std::span<const GroupView* const> groups) {
  std::vector<const Track*> out;
  for (const GroupView* view : groups)
    out.insert(out.end(), view->vehicles.begin(), view->vehicles.end());
  SortById(out);
  return out;
}

Kinematics MeanKinematics(std::span<const Track* const> vehicles) {
  Kinematics out;
  if (vehicles.empty()) return out;
  if (vehicles.size() == 1) {
    const Track& only = *vehicles.front();
    return {only.position, only.cov.topLeftCorner<2, 2>(), only.velocity_en_mps};
  }
  const LocalFrame frame(vehicles.front()->position);
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (const Track* track : vehicles) {
    sum += frame.EnuFromGeodetic(track->position);
    out.cov_en_m2 += track->cov.topLeftCorner<2, 2>();
    out.velocity_en_mps += track->velocity_en_mps;
  }
  const double n = static_cast<double>(vehicles.size());
  out.position = frame.GeodeticFromEnu(sum / n);
  out.cov_en_m2 /= n;
  out.velocity_en_mps /= n;
  return out;
}

Kinematics KinematicsOf(const GroupView& view) {
  if (!view.vehicles.empty() || view.group == nullptr) return MeanKinematics(view.vehicles);
  return {view.group->position, view.group->cov_en_m2, view.group->velocity_en_mps};
}

Likeness Compare(const Movement& movement, const GroupView& view, const EventIdentity& terms,
                 Instant now) {
  if (view.vehicles.empty() && view.group != nullptr && movement.wholes.contains(view.group->id))
    return Likeness::kShares;
  std::size_t shared = 0;
  std::size_t shared_recent = 0;
  std::size_t recent = 0;
  for (const auto& [id, seen] : movement.members) recent += seen == movement.last_seen ? 1 : 0;
  for (const Track* track : view.vehicles) {
    const auto found = movement.members.find(track->id);
    if (found == movement.members.end()) continue;
    ++shared;
    if (found->second == movement.last_seen) ++shared_recent;
  }
  if (shared > 0 && (2 * shared >= view.vehicles.size() || 2 * shared_recent >= recent))
    return Likeness::kShares;

  const Kinematics group = KinematicsOf(view);
  const double dt_s = std::max((now - movement.last_seen).seconds(), 0.0);
  const double change_mps = (group.velocity_en_mps - movement.velocity_en_mps).norm();
  if (change_mps > terms.velocity_mps + terms.acceleration_mps2 * dt_s) return Likeness::kNone;
  const double speed_mps = std::max(group.velocity_en_mps.norm(), movement.velocity_en_mps.norm());
  const double limit_m = terms.distance_m + speed_mps * dt_s;
  // Most events are far away, and most of those by their latitude alone.
  if (std::abs(movement.position.latitude.rad() - group.position.latitude.rad()) *
          kLeastMeridianRadiusM >
      limit_m)
    return Likeness::kNone;
  const Geodetic a{movement.position.latitude, movement.position.longitude, 0.0};
  const Geodetic b{group.position.latitude, group.position.longitude, 0.0};
  return GeodesicDistanceM(a, b) <= limit_m ? Likeness::kNear : Likeness::kNone;
}

void Follow(Movement& movement, std::span<const GroupView* const> groups, Duration memory,
            Instant now) {
  if (groups.empty()) return;
  const std::vector<const Track*> vehicles = Pool(groups);
  if (!vehicles.empty()) {
    const Kinematics kinematics = MeanKinematics(vehicles);
    movement.position = kinematics.position;
    movement.velocity_en_mps = kinematics.velocity_en_mps;
  } else {
    // Of groups seen as wholes the largest speaks for the place; equal ones, the first.
    const GroupView* largest = groups.front();
    for (const GroupView* view : groups) {
      if (view->group->count_expected > largest->group->count_expected) largest = view;
    }
    movement.position = largest->group->position;
    movement.velocity_en_mps = largest->group->velocity_en_mps;
  }
  movement.last_seen = now;
  for (const Track* track : vehicles) movement.members[track->id] = now;
  for (const GroupView* view : groups) {
    if (view->vehicles.empty() && view->group != nullptr) movement.wholes[view->group->id] = now;
  }
  std::erase_if(movement.members, [&](const auto& member) { return now - member.second > memory; });
  std::erase_if(movement.wholes, [&](const auto& whole) { return now - whole.second > memory; });
}

}  // namespace trucewatch
