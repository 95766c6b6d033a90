// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <vector>

#include "core/geo/geodetic.h"
#include "fusion/look.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch::testing {

inline Instant At(double s) { return Instant::FromMicros(Duration::FromSeconds(s).micros()); }

// Where something truly is.
struct Truth {
  Eigen::Vector2d p_m, v_mps;
};

struct RadarModel {
  std::string source = "radar1";
  Eigen::Vector2d sensor_m{0, -9000};
  double half_m = 6000;  // footprint: a square about the origin
  double sigma_range_m = 10;
  double sigma_azimuth_rad = 0.003;  // 27 m across at 9 km
  double sigma_range_rate_mps = 0.5;
  double detection_probability = 0.9;
  double min_speed_mps = 0;
  double false_per_km2 = 0.05;
};

struct CameraModel {
  std::string source = "drone1";
  std::string georeference = "drone1-gps";
  Eigen::Vector2d centre_m{0, 0};
  double half_m = 500;
  double sigma_m = 4;
  double detection_probability = 0.9;
  double false_per_km2 = 0.5;
};

// One seeded look; reports in random order, false ones uniform over the footprint.
Look RadarLook(const RadarModel& model, double time_s, const std::vector<Truth>& truths,
               std::mt19937_64& random);
Look CameraLook(const CameraModel& model, double time_s, const std::vector<Truth>& truths,
                std::mt19937_64& random);

// `count` vehicles in file, `spacing_m` apart, heading along `heading_rad` from east, the head at
// `head_m`.
std::vector<Truth> Convoy(int count, double spacing_m, const Eigen::Vector2d& head_m,
                          double heading_rad, double speed_mps);

// The look as the message that would have brought it, serialised in its Envelope.
std::string EnvelopeOf(const Look& look, const LocalFrame& frame);
std::string StatusEnvelope(const std::string& source, double time_s, SourceState state);
std::string WatermarkEnvelope(const std::string& source, double time_s);

v1::config::FusionConfig DefaultConfig();

}  // namespace trucewatch::testing
