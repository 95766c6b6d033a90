// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "detect/motion/blobs.h"
#include "detect/motion/ground_view.h"
#include "detect/motion/homography.h"
#include "detect/motion/image_tracker.h"
#include "detect/motion/motion_detector.h"

namespace trucewatch::motion {

// Everything known about one sampled picture after differencing.
struct Moment {
  std::size_t picture = 0;
  double time_s = 0;  // since the first sampled picture
  bool compared = false;
  std::string failure;  // when not compared
  Homography stable_from_working = Homography::Identity();
  double noise = 1;    // grey levels
  double level = 128;  // mean grey level
  std::vector<Blob> blobs;
  std::vector<Eigen::Vector2d> overlap;  // working pixels
  double overlap_share = 0;
};

// An image track that passed every gate.
struct Mover {
  ImageTrack track;
  // Of a vehicle longer than the way it moves between the pictures compared only the ends show, in
  // turn: its centre and velocity come from all sightings together (stabilised pixels, at time 0 of
  // the segment). Not for tracks so long that the vehicle may have turned.
  bool pieced = false;
  Eigen::Vector2d centre = Eigen::Vector2d::Zero();
  Eigen::Vector2d velocity = Eigen::Vector2d::Zero();
  double velocity_sigma = 0;
  double length_m = 0;
  double width_m = 0;
  double box_width = 0;  // working pixels
  double box_height = 0;
  double score = 0;
  ClassProbabilities classes;
};

// Keeps the tracks that move like vehicles over the ground, one for each vehicle; the others are
// counted.
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
std::optional<Detection> DetectionAt(const Mover& mover, const Moment& moment,
                                     const GroundView& view);

// Half width of the window over which motion counts as straight.
inline constexpr double kFitWindow_s = 0.8;

}  // namespace trucewatch::motion
