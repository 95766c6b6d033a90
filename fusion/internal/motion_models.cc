// SPDX-License-Identifier: Apache-2.0
#include "fusion/internal/motion_models.h"

#include <algorithm>
#include <cmath>

namespace trucewatch::internal {
namespace {

constexpr double kMinProbability = 1e-6;  // no model ever dies out

}  // namespace

void Normalise(PerModel& probability) {
  double sum = 0;
  for (double& p : probability) sum += p;
  if (!(sum > 0)) {
    probability.fill(1.0 / kModelCount);
    return;
  }
  double floored = 0;
  for (double& p : probability) {
    p = std::max(p / sum, kMinProbability);
    floored += p;
  }
  for (double& p : probability) p /= floored;
}

double NoiseOf(int model, const MotionModelOptions& options) {
  if (model == kCruise) return options.cruise_noise_m2ps3;
  return model == kSteady ? options.steady_noise_m2ps3 : options.manoeuvre_noise_m2ps3;
}

void PredictConstantVelocity(Gaussian& g, double dt_s, double q) {
  const double dt = dt_s;
  g.mean.head<2>() += dt * g.mean.tail<2>();
  const Eigen::Matrix2d pv = g.cov.topRightCorner<2, 2>();
  const Eigen::Matrix2d vv = g.cov.bottomRightCorner<2, 2>();
  const Eigen::Matrix2d new_pv = pv + dt * vv;
  g.cov.topLeftCorner<2, 2>() += dt * (pv + pv.transpose()) + dt * dt * vv;
  g.cov.topRightCorner<2, 2>() = new_pv;
  g.cov.bottomLeftCorner<2, 2>() = new_pv.transpose();
  for (int i = 0; i < 2; ++i) {
    g.cov(i, i) += q * dt * dt * dt / 3.0;
    g.cov(i, i + 2) += q * dt * dt / 2.0;
    g.cov(i + 2, i) += q * dt * dt / 2.0;
    g.cov(i + 2, i + 2) += q * dt;
  }
}

void PredictStopped(Gaussian& g, double dt_s, const MotionModelOptions& options) {
  const double dt = dt_s;
  const double speed = g.mean.tail<2>().norm();
  const double roll = options.braking_share_sigma * speed * std::min(dt, options.braking_time_s);
  const double growth = options.stopped_noise_m2ps * dt + roll * roll;
  const double v2 = options.stopped_speed_sigma_mps * options.stopped_speed_sigma_mps;
  const Eigen::Matrix2d place = g.cov.topLeftCorner<2, 2>();
  g.mean.tail<2>().setZero();
  g.cov.setZero();
  g.cov.topLeftCorner<2, 2>() = place + growth * Eigen::Matrix2d::Identity();
  g.cov(2, 2) = g.cov(3, 3) = v2;
}

Gaussian Departing(const Gaussian& stopped, const MotionModelOptions& options) {
  Gaussian departing = stopped;
  const double v2 = options.departure_speed_sigma_mps * options.departure_speed_sigma_mps;
  departing.cov(2, 2) += v2;
  departing.cov(3, 3) += v2;
  return departing;
}

}  // namespace trucewatch::internal
