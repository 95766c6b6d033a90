// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <span>

#include "fusion/look.h"

namespace trucewatch {

// Mean and covariance of (east, north, east velocity, north velocity) in the mission's plane, SI.
struct Gaussian {
  Eigen::Vector4d mean = Eigen::Vector4d::Zero();
  Eigen::Matrix4d cov = Eigen::Matrix4d::Identity();
};

// Ways to move. kStopped holds its place; the others are constant velocity with little, some and
// much process noise.
inline constexpr int kStopped = 0;
inline constexpr int kCruise = 1;
inline constexpr int kSteady = 2;
inline constexpr int kManoeuvre = 3;
inline constexpr int kModelCount = 4;
using PerModel = std::array<double, kModelCount>;
using ModelMatrix = Eigen::Matrix4d;  // row: from, column: into

// What vehicles do. Not a tuning to a scenario: one set for all.
struct MotionModelOptions {
  double cruise_noise_m2ps3 = 0.02;    // white-acceleration density while the speed is held
  double steady_noise_m2ps3 = 0.3;     // in traffic, along a road that winds
  double manoeuvre_noise_m2ps3 = 3.0;  // while braking, starting or turning
  double stopped_noise_m2ps = 0.05;    // random walk of a stopped vehicle's place
  double stopped_speed_sigma_mps = 0.3;
  double braking_share_sigma =
      0.3;  // how far it rolls on while stopping, as a share of speed x braking time
  double braking_time_s = 2.0;
  double departure_speed_sigma_mps = 4.0;  // speed it may have picked up when a stop ends
  double initial_speed_sigma_mps = 12.0;   // each of east and north
  double max_step_s = 5.0;                 // longer predictions are made in steps of this
  // Rates of change between the models [1/s]; each row adds up to 0.
  ModelMatrix rate_per_s = (ModelMatrix() << -0.022, 0.0000, 0.0020, 0.0200,  //
                            0.0005, -0.0013, 0.0005, 0.0003,                  //
                            0.001, 0.0100, -0.0130, 0.0020,                   //
                            0.020, 0.0200, 0.0800, -0.1200)
                               .finished();
};

// Interacting multiple models (Blom and Bar-Shalom 1988): one Gaussian a model and the models'
// probabilities.
struct Imm {
  std::array<Gaussian, kModelCount> model;
  PerModel probability{};
};

// State after one report: no velocity but what the report says, and the prior.
Imm StartImm(const Look& look, const LookPlot& plot, const MotionModelOptions& options);

// Probabilities of changing models over the step taken last: the tracks of a look all go the same
// step, and the matrix costs more than moving one of them. Changes no result.
struct TransitionMemo {
  double dt_s = -1;
  ModelMatrix probabilities;
};

// Moves the state dt_s >= 0 ahead. One memo serves one set of options.
void Predict(Imm& imm, double dt_s, const MotionModelOptions& options,
             TransitionMemo* memo = nullptr);

// Probability by model that this look would have reported the object: it is inside the footprint,
// faster than the least detectable speed, and detected. A miss then weighs accordingly: outside or
// too slow, it says nothing. The first is for a miss (an unknown footprint gives 0), the second for
// a report (an unknown footprint gives 1).
struct Detectability {
  PerModel miss{};
  PerModel report{};
};
Detectability DetectabilityOf(const Imm& imm, const Look& look);

// Squared Mahalanobis distance of the report from where the model expects it, by its place or its
// bearing alone; infinite for a bearing from beyond its reach.
double GateDistance2(const Gaussian& g, const Look& look, const LookPlot& plot);

// How one update treats the report.
struct UpdateOptions {
  // Reports of one georeference share most of their error: then the position does not become surer
  // than one of them (README, "Shared georeference").
  bool shared_georeference = false;
  double velocity_cov_factor = 1.0;
  // The report is a track of another system: its errors go on from one report to the next and may
  // be ours too. Covariance intersection (Julier and Uhlmann 1997, "A non-divergent estimation
  // algorithm in the presence of unknown correlations") then takes the place of the update: honest
  // whatever they share, never surer than the better of the two.
  bool unknown_correlation = false;
};

// Takes the report in. Returns the logarithm of the sum over models of probability x detectability
// x density of the report [1/m^2, and per m/s of range rate, per (m/s)^2 of velocity; of a bearing
// alone 1/rad].
double Update(Imm& imm, const PerModel& report_probability, const Look& look, const LookPlot& plot,
              const UpdateOptions& options);
// Takes in that nothing was reported. That too is a measurement: what a radar with a least
// detectable speed does not see probably drives across its beam or stands (Koch 2004, "On negative
// information in tracking and sensor data fusion").
void Miss(Imm& imm, const PerModel& miss_probability, const Look& look);

// Takes in a velocity that is known from elsewhere, in the moving models; none becomes surer, for
// what it rests on is not independent of them.
void UpdateVelocity(Imm& imm, const Eigen::Vector2d& v_en_mps, const Eigen::Matrix2d& cov);

// One of several ways it may have gone, and how probable that is.
struct Alternative {
  double probability = 0;
  const Imm* imm = nullptr;
};
// All of them in one, with the mean and covariance of their mixture model by model. At least one
// probability is above 0.
Imm Merge(std::span<const Alternative> alternatives);

// One Gaussian for readers: the mean of the more probable of "moving" and "stopped" (their average
// would be a place where it is not), with the second moment of the whole mixture about it.
Gaussian Estimate(const Imm& imm);

// exp(rate x dt): probabilities of going from row to column in dt.
ModelMatrix TransitionProbabilities(const ModelMatrix& rate_per_s, double dt_s);

}  // namespace trucewatch
