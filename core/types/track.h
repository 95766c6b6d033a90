// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
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

}  // namespace trucewatch
