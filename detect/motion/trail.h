// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <vector>

#include "detect/motion/moment.h"

namespace trucewatch::motion {

// A patch of one picture, found again in the others.
struct PatchSeed {
  std::size_t moment = 0;
  Eigen::Vector2d centre = Eigen::Vector2d::Zero();  // working pixels of that moment
  double half_width = 0, half_height = 0;            // working pixels
  Eigen::Vector2d guess = Eigen::Vector2d::Zero();   // stabilised px/s
};

struct TrailPoint {
  std::size_t moment = 0;
  double time_s = 0;
  Eigen::Vector2d place = Eigen::Vector2d::Zero();  // of the patch's centre, stabilised pixels
  double turn = 0;    // of the patch since the seed, radians in the stabilised plane
  double moving = 0;  // mean grey-level difference of the patch there
  double still = 0;   // the same if it had stayed where the seed was
};

// A path of the second order in time, fitted by least squares to the places within a window.
struct PathFit {
  double time_s = 0;                                // the middle of what was fitted
  Eigen::Vector2d place = Eigen::Vector2d::Zero();  // then
  Eigen::Vector2d velocity = Eigen::Vector2d::Zero();
  Eigen::Vector2d half_acceleration = Eigen::Vector2d::Zero();
  double residual_px = 0;  // root mean square distance
  int points = 0;

  Eigen::Vector2d PlaceAt(double t) const {
    const double dt = t - time_s;
    return place + velocity * dt + half_acceleration * dt * dt;
  }
  Eigen::Vector2d VelocityAt(double t) const {
    return velocity + 2 * half_acceleration * (t - time_s);
  }
};
PathFit FitPath(const std::vector<double>& times_s, const std::vector<Eigen::Vector2d>& places);

// What became of a patch.
struct Trail {
  std::vector<TrailPoint> points;  // ascending moments
  std::size_t seed = 0;            // of the points
  PathFit path;                    // through all of them
  double moving = 0, still = 0;    // mean differences of those not close to the seed
};

// Its path about a moment, fitted to the points near by; carried on in a straight line outside the
// trail.
PathFit PathAbout(const Trail& trail, double time_s);

// Where the patch was, picture by picture, forwards and backwards in time from the seed until it is
// lost; the seed's own point has no differences. Empty when the patch is not other than the ground
// or does not move. Unlike MeasurePatchMotion it may change its speed and turn.
std::vector<TrailPoint> FollowPatch(const PatchSeed& seed, const std::vector<Moment>& moments,
                                    const std::vector<cv::Mat>& images);

}  // namespace trucewatch::motion
