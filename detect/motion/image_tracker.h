// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

namespace trucewatch::motion {

// A patch seen at one moment, in the stabilised plane (pixels of the segment's reference picture).
struct Sighting {
  Eigen::Vector2d place = Eigen::Vector2d::Zero();
  double size_px = 1;    // longest side, for the gate
  std::size_t blob = 0;  // the caller's number
};

struct ImageTrackerOptions {
  double max_speed_px_per_s = 100;  // in the stabilised plane
  double gate_px = 3;               // how far from its prediction a sighting may lie
  double max_gap_s = 0.35;          // without a sighting before a track ends
};

struct ImageTrack {
  struct Hit {
    std::size_t moment = 0;
    double time_s = 0;
    Eigen::Vector2d place = Eigen::Vector2d::Zero();
    std::size_t blob = 0;
  };
  std::vector<Hit> hits;  // ascending moments
};

// Half width of the window over which motion counts as straight.
inline constexpr double kFitWindow_s = 0.8;

// Straight-line motion about a moment, fitted to the hits within a window by least squares.
struct LineFit {
  Eigen::Vector2d place = Eigen::Vector2d::Zero();     // at the moment asked for
  Eigen::Vector2d velocity = Eigen::Vector2d::Zero();  // px/s
  double place_sigma_px = 0;                           // of each axis
  double velocity_sigma = 0;                           // of each axis, px/s
  double residual_px = 0;  // root mean square distance of the hits from the line
  int hits = 0;
};
LineFit FitLine(const ImageTrack& track, double time_s, double window_s);

// Follows sightings from moment to moment: globally nearest first within a gate about the
// constant-velocity prediction. `moments[i]` are the sightings at times_s[i], ascending.
std::vector<ImageTrack> FollowSightings(const std::vector<double>& times_s,
                                        const std::vector<std::vector<Sighting>>& moments,
                                        const ImageTrackerOptions& options);

}  // namespace trucewatch::motion
