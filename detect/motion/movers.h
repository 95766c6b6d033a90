// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "detect/motion/ground_view.h"
#include "detect/motion/image_tracker.h"
#include "detect/motion/moment.h"
#include "detect/motion/motion_detector.h"
#include "detect/motion/trail.h"

namespace trucewatch::motion {

// Numbers with their names, in an order that is always the same.
using Evidence = std::vector<std::pair<const char*, double>>;

// An image track that may be a vehicle.
struct Mover {
  ImageTrack track;
  bool doubtful = false;  // a rule speaks against it
  double pixel_m = 0;     // metres a stabilised pixel, there
  // Of a vehicle longer than the way it moves between the pictures compared only the ends show, in
  // turn: its centre and velocity come from all sightings together (stabilised pixels, at time 0 of
  // the segment). Not for tracks so long that the vehicle may have turned.
  bool pieced = false;
  Eigen::Vector2d centre = Eigen::Vector2d::Zero();
  Eigen::Vector2d velocity = Eigen::Vector2d::Zero();
  double velocity_sigma = 0;
  // When its pixels could be followed: where they were, and where its middle lies from them, metres
  // along the way and to the right of it; metres per stabilised pixel.
  std::optional<Trail> trail;
  Eigen::Vector2d from_trail = Eigen::Vector2d::Zero();
  Eigen::Matrix2d metres = Eigen::Matrix2d::Identity();
  double whole_length_m = 0, whole_breadth_m = 0;  // the patches' rims included
  double length_m = 0;
  double width_m = 0;
  double box_width = 0;  // working pixels
  double box_height = 0;
  double score = 0;
  ClassProbabilities classes;
  Evidence evidence;  // of all its sightings together
};

// A mover at a moment.
struct Sight {
  Detection detection;
  Eigen::Vector2d velocity = Eigen::Vector2d::Zero();  // stabilised px/s
  Eigen::Vector2d middle = Eigen::Vector2d::Zero();    // working pixels
  Eigen::Vector2d half = Eigen::Vector2d::Zero();      // sides of its box, working pixels
};

// The tracks that move over the ground and are of a vehicle's size, one for each vehicle. Those
// against which a rule speaks are counted and come, too, as doubtful ones.
std::vector<Mover> SelectMovers(const std::vector<ImageTrack>& tracks,
                                const std::vector<Moment>& moments,
                                const std::vector<GroundView>& views,
                                const std::vector<cv::Mat>& images,
                                const std::vector<MotionPicture>& pictures,
                                const MotionOptions& options, MotionCounts& counts);

// Honest, flat-ish shares by length alone.
ClassProbabilities ClassesByLength(double length_m);

// The mover at a moment; nothing when it was not followed then or lies outside the ground in view.
// Without a pose the position stays at its default.
std::optional<Sight> SightAt(const Mover& mover, const Moment& moment, const GroundView& view);

}  // namespace trucewatch::motion
