// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <optional>
#include <vector>

#include "core/time/instant.h"
#include "core/types/observation.h"

namespace trucewatch {

// Shares of belief by ObjectClass (its number is the index). All zero: nothing is known.
inline constexpr std::size_t kObjectClassCount = 6;
using ClassWeights = std::array<double, kObjectClassCount>;

// One report inside a look, in the mission's plane (east, north of the mission origin, metres).
struct LookPlot {
  Eigen::Vector2d p_en_m = Eigen::Vector2d::Zero();
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Identity();
  // Radial ground speed, positive when it moves away from Look::sensor_en_m.
  std::optional<double> range_rate_mps;
  double range_rate_sigma_mps = 0;
  std::optional<Eigen::Vector2d> v_en_mps;
  Eigen::Matrix2d v_cov_en = Eigen::Matrix2d::Identity();
  ClassWeights classes{};
  double length_m = 0, width_m = 0;  // 0: it does not say
  double height_hae_m = 0;           // of the report; carried along for output only
  // Set: the report is a direction only, clockwise from north as seen from Look::sensor_en_m; the
  // place above says nothing.
  std::optional<double> bearing_rad;
  double bearing_sigma_rad = 0;
};

// A group reported as a whole: people in video, vehicles that stand together.
struct GroupReport {
  ObjectClass object_class = ObjectClass::kUnspecified;
  Eigen::Vector2d p_en_m = Eigen::Vector2d::Zero();
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Identity();
  double extent_m = 0;
  double count_expected = 0;
  int count_min = 0;  // 95 % interval
  int count_max = 0;
  double score = 0;
  double height_hae_m = 0;
};

// One look of one sensor: where it looked, how well, and what it reported. What every sensor
// becomes before the tracker sees it. To add a sensor: 1. make Looks of its messages in
// look_codec.cc; 2. if it measures something new, add the field to LookPlot, an update to imm.cc
// and its clutter density to TrackerOptions.
struct Look {
  SourceId source;
  Lineage lineage;
  Instant time;
  std::optional<Eigen::Vector2d>
      sensor_en_m;  // set: the speed limit below is radial, as seen from here
  std::vector<Eigen::Vector2d>
      footprint_en_m;  // polygon, not closed; empty: unknown, then a miss says nothing
  double detection_probability = 0;  // of a vehicle inside and faster than the limit
  double min_detectable_speed_mps = 0;
  double false_alarms_per_m2 = 0;
  // Of reports that are directions only: how far away what they report may be, and false ones.
  double bearing_reach_m = 0;
  double false_alarms_per_rad = 0;
  bool exercise = false;
  std::vector<LookPlot> plots;
  // Of one group of people of the least size, and of one standing vehicle; 0: says nothing of them.
  double group_detection_probability = 0;
  double standing_detection_probability = 0;
  std::vector<GroupReport> groups;
  std::vector<Digest> raw_digests;
};

}  // namespace trucewatch
