// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "core/types/observation.h"

namespace trucewatch {

// How one source supports a track.
struct TrackSupport {
  SourceId source;
  Lineage lineage;
  int updates = 0;  // measurements of this source used so far
  Instant first;
  Instant last;
  std::vector<Digest> raw_digests;  // newest first, at most kMaxSupportDigests
};
inline constexpr std::size_t kMaxSupportDigests = 8;

// How large something is, with the standard deviation of each, metres.
struct ObjectSize {
  double length_m = 0;
  double width_m = 0;
  double sigma_m = 0;
};

// State of one moving object at Picture::time.
struct Track {
  TrackId id;
  Geodetic position;
  Eigen::Vector2d velocity_en_mps = Eigen::Vector2d::Zero();
  // Covariance of (east, north, east velocity, north velocity), SI.
  Eigen::Matrix4d cov = Eigen::Matrix4d::Zero();
  double existence_probability = 0;
  Instant initiated;
  Instant last_update;
  ClassProbabilities classes;
  std::vector<TrackSupport> supports;  // ordered by source
  std::optional<ObjectSize> size;      // nothing: no source has said
};

// Tracks that move together, or people that stand together. A count with its interval, never a list
// of people.
struct Group {
  GroupId id;
  std::vector<TrackId> members;  // ascending; tracks of vehicles only
  double count_expected = 0;
  int count_min = 0;  // 95 % interval
  int count_max = 0;
  Geodetic position;  // centroid
  Eigen::Vector2d velocity_en_mps = Eigen::Vector2d::Zero();
  double extent_m = 0;  // largest distance of a member from the centroid
  // Of groups that are seen as a whole and have no members: people, vehicles that stand together.
  ObjectClass object_class = ObjectClass::kUnspecified;  // unspecified: moving vehicles
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Zero();
  double existence_probability = 0;
  Instant first, last;                 // observed
  std::vector<TrackSupport> supports;  // ordered by source
};

// What fusion believes at one event time. `settled` pictures are past the hold: arrival order no
// longer matters.
struct Picture {
  Instant time;
  bool settled = false;
  bool exercise = false;      // some input in it was
  std::vector<Track> tracks;  // ascending id
  std::vector<Group> groups;  // ascending id
};

// Where a source looked and how well, past the hold: what the coverage account is made of, and what
// satellite passes saw. One for each observation set and dwell, before the picture of its time.
struct SettledLook {
  SourceId source;
  Lineage lineage;
  Instant time;
  std::vector<Geodetic> footprint;  // empty: unknown
  // Of one such object inside the footprint; 0: this look says nothing about it.
  double moving_vehicle_probability = 0;
  double min_detectable_speed_mps = 0;
  double standing_vehicle_probability = 0;
  double group_probability = 0;
  std::string degraded_reason;
  bool exercise = false;
  bool late = false;  // came after the hold
  std::optional<Instant> baseline;
  std::vector<SiteChange> changes;
  int standing_vehicles = 0;
  std::vector<Digest> raw_digests;
  std::optional<Geodetic> sensor;  // radars: the speed limit is radial, as seen from here
  double resolution_m = 0;
};

struct LateMatch {
  TrackId track;
  double distance2 = 0;  // squared Mahalanobis distance
};

// A look that came after the hold, held against the tracks that were settled without it.
struct LateLook {
  SourceId source;
  Lineage lineage;
  Instant time;
  bool exercise = false;
  int reports = 0;
  std::vector<LateMatch> matches;  // ascending track
  std::vector<Digest> raw_digests;
};

}  // namespace trucewatch
