// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "fusion/imm.h"
#include "fusion/joint_association.h"

namespace trucewatch {

// The tracker's model of the world and its bounds. One set for all scenarios; what a mission
// decides is in FusionConfig (confirm_existence, delete_existence).
struct TrackerOptions {
  MotionModelOptions motion;
  double confirm_existence = 0.99;  // published from here on ...
  int confirm_updates = 2;          // ... and after this many looks have reported it
  // Published until here. What was never published is forgotten below it once it has been missed
  // forget_misses times on end, for the first report of what is rare may be less probable than
  // that.
  double delete_existence = 0.005;
  int forget_misses = 2;
  double max_existence = 0.9995;  // what no number of reports exceeds
  double mean_life_s = 3600.0;    // after which an object has left the area or hidden for good
  double max_position_sigma_m = 500.0;  // a track known no better than this is deleted
  // Objects that nobody has reported yet: where a sensor looks for the first time, and how they
  // become more while it looks: what comes, starts or turns out of the radar's blind speeds.
  double unseen_per_km2 = 0.3;
  double births_per_km2_s = 0.0003;
  double gate_d2 = 18.0;  // squared Mahalanobis distance in position: 1 in 8,000 true reports lost
  // Pairs less probable than this against "missed" are not looked at (natural logarithm).
  double min_log_ratio = -5.0;
  AssociationOptions association;
  double max_speed_mps = 45.0;  // of what is tracked; bounds the gates of new tracks
  // What false reports look like beside their place: uniform over these spans.
  double clutter_range_rate_span_mps = 50.0;
  double clutter_velocity_span_mps = 60.0;  // each of east and north
  // Looks of one georeference within this time share their error.
  double georeference_memory_s = 30.0;
  // Velocities from overlapping pieces of one image track repeat one another within this time.
  double velocity_memory_s = 2.0;
  double velocity_repeat_factor = 4.0;
  // Same thing twice: closer than this in state (chi-square with 4 degrees of freedom, 95 %) and
  // never both reported by one look in at least so many looks that could have reported both.
  double duplicate_d2 = 9.488;
  int duplicate_looks = 4;
  // Share of a classifier's word that always remains possible; the variance of what it is wrong by
  // about one vehicle throughout (natural logarithm of a class's probability); how often it looks
  // anew.
  double class_floor = 0.02;
  double class_habit_variance = 0.5;
  double class_period_s = 2.0;
  // Standard deviation of one report's length and width: so much, and so much of the length; of all
  // reports together at least so much.
  double size_sigma_m = 0.7;
  double size_sigma_share = 0.15;
  double size_floor_m = 0.4;
  double size_repeat_weight = 0.2;  // of a report of the same source shortly after
  // Three vehicles and more that are this near to one another and go alike will go on alike, but
  // for this; and how long it takes until that is news again.
  double company_distance_m = 100.0;
  double company_speed_sigma_mps = 1.5;
  double company_time_s = 3.0;
  // Bounds (DESIGN rule 9).
  std::size_t max_tracks = 20000;
  std::size_t max_candidates = 32;  // nearest reports a track considers in one look
};

}  // namespace trucewatch
