// SPDX-License-Identifier: Apache-2.0
#include "fusion/internal/common_target.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "fusion/internal/motion_models.h"
#include "fusion/internal/plot_grid.h"
#include "fusion/internal/polygon.h"

namespace trucewatch::internal {
namespace {

constexpr double kFalseRangeRateSpanMps = 50.0;  // over which false reports spread

void ExpectRangeRate(const CommonTarget& target, const std::optional<Eigen::Vector2d>& sensor,
                     Expected& expected) {
  if (!sensor) return;
  const Eigen::Vector2d d = target.mean.head<2>() - *sensor;
  if (d.norm() < 1.0) return;
  const Eigen::Vector2d u = d.normalized();
  expected.range_rate_mps = u.dot(target.mean.segment<2>(2));
  expected.range_rate_variance = u.dot(target.cov.block<2, 2>(2, 2) * u);
}

}  // namespace

Eigen::Matrix2d PlaceJacobian(const std::optional<Eigen::Vector2d>& sensor,
                              const Eigen::Vector2d& p) {
  if (!sensor) return Eigen::Matrix2d::Identity();
  const Eigen::Vector2d d = p - *sensor;
  const double range = std::max(d.norm(), 1.0);
  Eigen::Matrix2d result;
  result.col(0) = d / range;
  result.col(1) = Eigen::Vector2d(d.y(), -d.x());  // azimuth is clockwise from north
  return result;
}

Eigen::Vector2d Displaced(const std::optional<Eigen::Vector2d>& sensor, const Eigen::Vector2d& p,
                          const Eigen::Vector2d& bias) {
  if (!sensor) return p + bias;
  const Eigen::Vector2d d = p - *sensor;
  const double range = std::max(d.norm() + bias(0), 0.0);
  const double azimuth = std::atan2(d.x(), d.y()) + bias(1);
  return *sensor + range * Eigen::Vector2d(std::sin(azimuth), std::cos(azimuth));
}

Expected ExpectReference(const CommonTarget& target, const Look& look) {
  Expected expected;
  expected.p = target.mean.head<2>();
  expected.cov = target.cov.topLeftCorner<2, 2>();
  ExpectRangeRate(target, look.sensor_en_m, expected);
  return expected;
}

Expected ExpectOther(const CommonTarget& target, const Look& look, const Bias& bias) {
  const Eigen::Vector2d v = target.mean.segment<2>(2);
  Matrix23 jacobian;
  jacobian << PlaceJacobian(look.sensor_en_m, target.mean.head<2>()), -v;
  Eigen::Matrix<double, 2, 4> state;
  state << Eigen::Matrix2d::Identity(), -bias.value(2) * Eigen::Matrix2d::Identity();
  Expected expected;
  expected.p =
      Displaced(look.sensor_en_m, target.mean.head<2>() - bias.value(2) * v, bias.value.head<2>());
  expected.cov = state * target.cov.topLeftCorner<4, 4>() * state.transpose() +
                 jacobian * bias.cov * jacobian.transpose();
  ExpectRangeRate(target, look.sensor_en_m, expected);
  return expected;
}

std::vector<SureReport> SureReports(const std::vector<Expected>& expected, const Look& look,
                                    double gate_d2) {
  std::vector<Eigen::Vector2d> points;
  Eigen::Vector2d widest = Eigen::Vector2d::Zero();
  for (const LookPlot& plot : look.plots) {
    points.push_back(plot.p_en_m);
    widest = widest.cwiseMax(plot.cov_en_m2.diagonal());
  }
  const internal::PlotGrid grid(points, 250.0);
  std::vector<int> claims(look.plots.size(), 0);
  std::vector<SureReport> result(expected.size());
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Expected& e = expected[i];
    found.clear();
    grid.Find(e.p, (gate_d2 * (e.cov.diagonal() + widest)).cwiseSqrt(), found);
    int inside = 0;
    for (const std::size_t k : found) {
      const LookPlot& plot = look.plots[k];
      if (plot.bearing_rad) continue;  // at no place
      const Eigen::Vector2d y = plot.p_en_m - e.p;
      if (y.dot((e.cov + plot.cov_en_m2).ldlt().solve(y)) > gate_d2) continue;
      if (plot.range_rate_mps && e.range_rate_mps) {
        const double off = *plot.range_rate_mps - *e.range_rate_mps;
        const double variance =
            e.range_rate_variance + plot.range_rate_sigma_mps * plot.range_rate_sigma_mps;
        if (off * off > gate_d2 * variance) continue;
      }
      ++inside;
      ++claims[k];
      result[i].plot = k;
    }
    if (inside > 1) result[i] = {.plot = std::nullopt, .crowded = true};
  }
  for (SureReport& report : result) {
    if (report.plot && claims[*report.plot] != 1) report = {.plot = std::nullopt, .crowded = true};
  }
  return result;
}

void PredictTarget(CommonTarget& target, Instant time, double noise_m2ps3) {
  const double dt = (time - target.time).seconds();
  if (!(dt > 0)) return;
  Gaussian moving{.mean = target.mean.head<4>(), .cov = target.cov.topLeftCorner<4, 4>()};
  internal::PredictConstantVelocity(moving, dt, noise_m2ps3);
  target.mean.head<4>() = moving.mean;
  target.cov.topLeftCorner<4, 4>() = moving.cov;
  target.cov.block<2, 3>(0, 4) += dt * target.cov.block<2, 3>(2, 4);
  target.cov.block<3, 2>(4, 0) = target.cov.block<2, 3>(0, 4).transpose();
  target.time = time;
}

void UpdateTarget(CommonTarget& target, const Matrix27& h, const Eigen::Vector2d& y,
                  const Eigen::Matrix2d& s) {
  const Eigen::Matrix<double, 7, 2> ph = target.cov * h.transpose();
  const Eigen::Matrix<double, 7, 2> gain = ph * s.inverse();
  target.mean += gain * y;
  target.cov -= gain * ph.transpose();
  target.cov = (0.5 * (target.cov + target.cov.transpose())).eval();
}

void UpdateTargetRangeRate(CommonTarget& target, const Look& look, const LookPlot& plot) {
  if (!plot.range_rate_mps || !look.sensor_en_m) return;
  const Eigen::Vector2d d = target.mean.head<2>() - *look.sensor_en_m;
  const double range = d.norm();
  if (range < 1.0) return;
  const Eigen::Vector2d u = d / range, v = target.mean.segment<2>(2);
  CommonTarget::Vector h = CommonTarget::Vector::Zero();
  h.head<2>() = (v - u.dot(v) * u) / range;
  h.segment<2>(2) = u;
  const CommonTarget::Vector ph = target.cov * h;
  const double s = h.dot(ph) + plot.range_rate_sigma_mps * plot.range_rate_sigma_mps;
  target.mean += ph * ((*plot.range_rate_mps - u.dot(v)) / s);
  target.cov -= ph * ph.transpose() / s;
  target.cov = (0.5 * (target.cov + target.cov.transpose())).eval();
}

double LogRatioOfMiss(const CommonTarget& target, const Expected& expected, const Look& look) {
  if (look.footprint_en_m.empty()) return 0;
  const Eigen::Vector2d sigma = expected.cov.diagonal().cwiseSqrt();
  if (internal::DepthInside(look.footprint_en_m, expected.p) < 2.0 * sigma.maxCoeff()) return 0;
  if (look.min_detectable_speed_mps > 0) {
    const double speed = expected.range_rate_mps ? std::abs(*expected.range_rate_mps) -
                                                       2.0 * std::sqrt(expected.range_rate_variance)
                                                 : target.mean.segment<2>(2).norm() - 5.0;
    if (speed < look.min_detectable_speed_mps) return 0;
  }
  return std::log(1.0 - std::min(look.detection_probability, 0.9));
}

double LogRatioOfReport(const CommonTarget& target, const Look& look, const LookPlot& plot,
                        double d2, const Eigen::Matrix2d& s) {
  double clutter = std::max(look.false_alarms_per_m2, 1e-9);
  double log_density = -0.5 * d2 - std::log(2.0 * std::numbers::pi * std::sqrt(s.determinant()));
  if (plot.range_rate_mps && look.sensor_en_m) {
    const Eigen::Vector2d u = (target.mean.head<2>() - *look.sensor_en_m).normalized();
    const double variance = u.dot(target.cov.block<2, 2>(2, 2) * u) +
                            plot.range_rate_sigma_mps * plot.range_rate_sigma_mps;
    const double off = *plot.range_rate_mps - u.dot(target.mean.segment<2>(2));
    log_density -= 0.5 * (off * off / variance + std::log(2.0 * std::numbers::pi * variance));
    clutter /= kFalseRangeRateSpanMps;
  }
  return std::log(std::max(look.detection_probability, 0.1) / clutter) + log_density;
}

}  // namespace trucewatch::internal
