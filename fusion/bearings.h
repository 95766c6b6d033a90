// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <vector>

#include "fusion/look.h"

namespace trucewatch {

// A report that is a direction only, and no track's.
struct LoneBearing {
  Instant time;
  SourceId source;
  Eigen::Vector2d sensor_en_m = Eigen::Vector2d::Zero();
  double bearing_rad = 0, sigma_rad = 0;
  double reach_m = 0;
  double false_per_rad = 0;
};

// Where two of them cross: a place with its covariance.
struct Crossing {
  LookPlot plot;
  double clutter_per_m2 = 0;  // density of crossings that have a false report in them
};

// Directions that no track explains, until one from elsewhere crosses them: a track begins there,
// for from one direction the range is not known. Where several objects are seen from two stations
// only, false crossings are tracked until misses and other sensors end them. Copyable.
class BearingMemory {
 public:
  // Takes the look's bearings of which `taken` (by plot: probability that a track made it) is
  // small; returns where they cross remembered ones of other sources: within 3 s, under 10 degrees
  // at least, inside both reaches.
  std::vector<Crossing> Cross(const Look& look, const std::vector<double>& taken);

  // State, for snapshots; in order of time.
  const std::vector<LoneBearing>& lone() const { return lone_; }
  void Restore(std::vector<LoneBearing> lone) { lone_ = std::move(lone); }

 private:
  std::vector<LoneBearing> lone_;
};

}  // namespace trucewatch
