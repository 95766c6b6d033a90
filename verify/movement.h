// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <vector>

#include "core/types/track.h"
#include "verify/agreement/agreement.h"

namespace trucewatch {

// What a rule is held against: a moving group of one picture with its tracks found, a group that is
// seen as a whole (people, vehicles that stand together), or one vehicle by itself.
struct GroupView {
  const Group* group = nullptr;        // nothing: one vehicle by itself, or several of a zone
  std::vector<const Track*> vehicles;  // ascending id; empty: a group seen as a whole
};

// Groups of at least min_group_size tracks that are in the picture. The views refer into it.
std::vector<GroupView> ViewGroups(const Picture& picture, int min_group_size);

// Groups seen as a whole of which at least min_group_size are expected: smaller ones, of people
// above all, are never looked at nor published.
std::vector<GroupView> ViewWholeGroups(const Picture& picture, int min_group_size);
// Every track as a view of its own.
std::vector<GroupView> ViewVehicles(const Picture& picture);

// Tracks of several groups, each once, ascending id.
std::vector<const Track*> Pool(std::span<const GroupView* const> groups);

// Mean position and velocity of some vehicles. The covariance is the mean of theirs: not less than
// that of the centroid, whatever errors they share.
struct Kinematics {
  Geodetic position;
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Zero();
  Eigen::Vector2d velocity_en_mps = Eigen::Vector2d::Zero();
};
Kinematics MeanKinematics(std::span<const Track* const> vehicles);
Kinematics KinematicsOf(const GroupView& view);

// Where something that moves was last seen and of what it consisted: the thread by which an event
// stays one event while fusion loses, splits, merges or renumbers its groups.
struct Movement {
  std::map<TrackId, Instant> members;  // and when each was last part of it
  std::map<GroupId, Instant> wholes;   // groups seen as a whole, likewise
  Geodetic position;
  Eigen::Vector2d velocity_en_mps = Eigen::Vector2d::Zero();
  Instant last_seen;
};

enum class Likeness {
  kNone,
  kNear,    // within distance + speed * dt, and velocity + acceleration * dt
  kShares,  // the group seen as a whole belonged to the movement, half the group belonged to the
            // movement, or half of what it was when last seen is in the group
};
Likeness Compare(const Movement& movement, const GroupView& view, const EventIdentity& terms,
                 Instant now);

// Takes the groups in. Members not seen for longer than `memory` are forgotten.
void Follow(Movement& movement, std::span<const GroupView* const> groups, Duration memory,
            Instant now);

}  // namespace trucewatch
