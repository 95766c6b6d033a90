// SPDX-License-Identifier: Apache-2.0
#include "fusion/imm.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "fusion/internal/motion_models.h"
#include "fusion/internal/polygon.h"

namespace trucewatch {
namespace {

constexpr double kLog2Pi = 1.8378770664093454836;

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

// Probability that a normal variable lies outside +-limit.
double ProbabilityOutside(double mean, double sigma, double limit) {
  return 1.0 - (NormalCdf((limit - mean) / sigma) - NormalCdf((-limit - mean) / sigma));
}

void Symmetrise(Eigen::Matrix4d& m) { m = (0.5 * (m + m.transpose())).eval(); }

// Measurement of two components of the state from `first` on. Returns the logarithm of its density.
double UpdatePair(Gaussian& g, int first, const Eigen::Vector2d& z, const Eigen::Matrix2d& r) {
  const Eigen::Vector2d y = z - g.mean.segment<2>(first);
  const Eigen::Matrix2d s = g.cov.block<2, 2>(first, first) + r;
  const double det = s(0, 0) * s(1, 1) - s(0, 1) * s(1, 0);
  Eigen::Matrix2d s_inv;
  s_inv << s(1, 1), -s(0, 1), -s(1, 0), s(0, 0);
  s_inv /= det;
  const Eigen::Matrix<double, 4, 2> ph = g.cov.middleCols<2>(first);
  const Eigen::Matrix<double, 4, 2> gain = ph * s_inv;
  g.mean += gain * y;
  g.cov -= gain * ph.transpose();
  Symmetrise(g.cov);
  return -0.5 * (y.dot(s_inv * y) + std::log(det)) - kLog2Pi;
}

// Radial speed seen from the sensor, linearised at the present mean (extended Kalman filter).
double UpdateRangeRate(Gaussian& g, const Eigen::Vector2d& sensor, double z, double sigma) {
  const Eigen::Vector2d d = g.mean.head<2>() - sensor;
  const double range = d.norm();
  if (range < 1.0) return 0.0;  // no direction: the range rate says nothing
  const Eigen::Vector2d u = d / range;
  const Eigen::Vector2d v = g.mean.tail<2>();
  const double predicted = u.dot(v);
  Eigen::Vector4d h;
  h << (v - predicted * u) / range, u;
  const Eigen::Vector4d ph = g.cov * h;
  const double s = h.dot(ph) + sigma * sigma;
  const double y = z - predicted;
  g.mean += ph * (y / s);
  g.cov -= ph * ph.transpose() / s;
  Symmetrise(g.cov);
  return -0.5 * (y * y / s + std::log(s) + kLog2Pi);
}

// Direction in which something is seen from a sensor, clockwise from north, and its gradient.
struct BearingTo {
  double residual_rad = 0;  // of a report, in -pi..pi
  double range_m = 0;
  Eigen::Vector2d gradient = Eigen::Vector2d::Zero();
};

BearingTo BearingResidual(const Eigen::Vector2d& p, const Eigen::Vector2d& sensor,
                          double reported_rad) {
  const Eigen::Vector2d d = p - sensor;
  BearingTo result;
  result.range_m = std::max(d.norm(), 1.0);
  result.residual_rad =
      std::remainder(reported_rad - std::atan2(d.x(), d.y()), 2.0 * std::numbers::pi);
  result.gradient = Eigen::Vector2d(d.y(), -d.x()) / (result.range_m * result.range_m);
  return result;
}

// A direction alone, linearised at the present mean (extended Kalman filter). Tracks begin where
// two directions cross (bearings.h), so that the range is known well enough for that.
double UpdateBearing(Gaussian& g, const Eigen::Vector2d& sensor, double z, double sigma) {
  const BearingTo bearing = BearingResidual(g.mean.head<2>(), sensor, z);
  const Eigen::Vector4d ph = g.cov.leftCols<2>() * bearing.gradient;
  const double s = bearing.gradient.dot(ph.head<2>()) + sigma * sigma;
  const double y = bearing.residual_rad;
  g.mean += ph * (y / s);
  g.cov -= ph * ph.transpose() / s;
  Symmetrise(g.cov);
  return -0.5 * (y * y / s + std::log(s) + kLog2Pi);
}

// The radial speed given that it was not reported: its density times 1 - pd outside +-limit. Mean
// and variance of that are put in the place of what was believed, the rest of the state follows by
// regression.
void MissRadial(Gaussian& g, const Eigen::Vector2d& sensor, double limit, double pd) {
  const Eigen::Vector2d d = g.mean.head<2>() - sensor;
  const double range = d.norm();
  if (range < 1.0) return;
  const Eigen::Vector2d u = d / range;
  const Eigen::Vector2d v = g.mean.tail<2>();
  const double mean = u.dot(v);
  Eigen::Vector4d h;
  h << (v - mean * u) / range, u;
  const Eigen::Vector4d ph = g.cov * h;
  const double variance = h.dot(ph);
  if (!(variance > 0)) return;
  const double sigma = std::sqrt(variance);
  const double a = (-limit - mean) / sigma, b = (limit - mean) / sigma;
  const double inside = NormalCdf(b) - NormalCdf(a);
  if (inside < 1e-6) return;
  const auto density = [](double z) {
    return std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
  };
  // Moments in standard units of the part inside, added to (1 - pd) times those of the whole.
  const double m1 = density(a) - density(b);
  const double m2 = inside + a * density(a) - b * density(b);
  const double mass = (1.0 - pd) + pd * inside;
  const double shift = pd * m1 / mass;
  const double spread = ((1.0 - pd) + pd * m2) / mass - shift * shift;
  g.mean += ph * (shift / sigma);
  g.cov += ph * ph.transpose() * ((spread - 1.0) / variance);
  Symmetrise(g.cov);
}

// Lifts the position covariance to at least `floor` in every direction (positive part of the
// difference).
void LiftPosition(Gaussian& g, const Eigen::Matrix2d& floor) {
  const Eigen::Matrix2d lack = floor - g.cov.topLeftCorner<2, 2>();
  const double mean = 0.5 * (lack(0, 0) + lack(1, 1));
  const double half = 0.5 * (lack(0, 0) - lack(1, 1));
  const double radius = std::sqrt(half * half + lack(0, 1) * lack(0, 1));
  const double high = mean + radius, low = mean - radius;
  if (high <= 0) return;
  if (low >= 0) {
    g.cov.topLeftCorner<2, 2>() += lack;
    return;
  }
  // Projection on the one eigenvector with a positive eigenvalue: (lack - low I) / (high - low).
  const Eigen::Matrix2d projection = (lack - low * Eigen::Matrix2d::Identity()) / (high - low);
  g.cov.topLeftCorner<2, 2>() += high * projection;
}

// The Gaussian of inverse covariance w P^-1 + (1 - w) M, M the report's, with the w that makes its
// determinant least.
void Intersect(Gaussian& g, const LookPlot& plot) {
  Eigen::Matrix4d report = Eigen::Matrix4d::Zero();
  Eigen::Vector4d value = Eigen::Vector4d::Zero();
  report.topLeftCorner<2, 2>() = plot.cov_en_m2.inverse();
  value.head<2>() = plot.p_en_m;
  if (plot.v_en_mps) {
    report.bottomRightCorner<2, 2>() = plot.v_cov_en.inverse();
    value.tail<2>() = *plot.v_en_mps;
  }
  const Eigen::Matrix4d prior = g.cov.inverse();
  constexpr int kSteps = 20;
  Eigen::Matrix4d best = prior;
  double highest = prior.determinant(), weight = 1.0;
  for (int k = 1; k < kSteps; ++k) {
    const double w = 1.0 - static_cast<double>(k) / kSteps;
    const Eigen::Matrix4d information = w * prior + (1.0 - w) * report;
    const double determinant = information.determinant();
    if (determinant <= highest) continue;
    highest = determinant;
    best = information;
    weight = w;
  }
  if (weight == 1.0) return;  // the report says nothing that is not known better
  const Eigen::Vector4d sum = weight * prior * g.mean + (1.0 - weight) * report * value;
  g.cov = best.inverse();
  Symmetrise(g.cov);
  g.mean = g.cov * sum;
}

double UpdateModel(Gaussian& g, const Look& look, const LookPlot& plot,
                   const UpdateOptions& options) {
  if (options.unknown_correlation && !plot.bearing_rad) {
    UpdateOptions independent = options;
    independent.unknown_correlation = independent.shared_georeference = false;
    Gaussian unchanged = g;
    const double log_density = UpdateModel(unchanged, look, plot, independent);
    Intersect(g, plot);
    return log_density;
  }
  if (plot.bearing_rad && look.sensor_en_m) {
    return UpdateBearing(g, *look.sensor_en_m, *plot.bearing_rad, plot.bearing_sigma_rad);
  }
  const double prior = g.cov(0, 0) + g.cov(1, 1);
  double log_density = UpdatePair(g, 0, plot.p_en_m, plot.cov_en_m2);
  if (plot.range_rate_mps && look.sensor_en_m) {
    log_density +=
        UpdateRangeRate(g, *look.sensor_en_m, *plot.range_rate_mps, plot.range_rate_sigma_mps);
  }
  if (plot.v_en_mps) {
    log_density += UpdatePair(g, 2, *plot.v_en_mps, options.velocity_cov_factor * plot.v_cov_en);
  }
  if (options.shared_georeference) {
    // Never above what was believed before: independent sources may have made it surer. After the
    // densities, which the lift must not touch.
    const double one = plot.cov_en_m2(0, 0) + plot.cov_en_m2(1, 1);
    LiftPosition(g, std::min(1.0, prior / one) * plot.cov_en_m2);
  }
  return log_density;
}

}  // namespace

ModelMatrix TransitionProbabilities(const ModelMatrix& rate_per_s, double dt_s) {
  // Scaling and squaring with a Taylor series: |A| <= 1/8 makes the eighth term smaller than 1e-12.
  ModelMatrix a = rate_per_s * dt_s;
  int squarings = 0;
  while (a.cwiseAbs().maxCoeff() > 0.125 && squarings < 40) {
    a *= 0.5;
    ++squarings;
  }
  ModelMatrix sum = ModelMatrix::Identity(), term = sum;
  for (int k = 1; k <= 8; ++k) {
    term = (term * a / k).eval();
    sum += term;
  }
  for (int k = 0; k < squarings; ++k) sum = (sum * sum).eval();
  sum = sum.cwiseMax(0.0).eval();
  for (int i = 0; i < kModelCount; ++i) sum.row(i) /= sum.row(i).sum();
  return sum;
}

Imm StartImm(const Look& look, const LookPlot& plot, const MotionModelOptions& options) {
  Gaussian g;
  g.mean.setZero();
  g.mean.head<2>() = plot.p_en_m;
  g.cov.setZero();
  g.cov.topLeftCorner<2, 2>() = plot.cov_en_m2;
  const double v2 = options.initial_speed_sigma_mps * options.initial_speed_sigma_mps;
  g.cov(2, 2) = g.cov(3, 3) = v2;
  if (plot.range_rate_mps && look.sensor_en_m) {
    UpdateRangeRate(g, *look.sensor_en_m, *plot.range_rate_mps, plot.range_rate_sigma_mps);
  }
  if (plot.v_en_mps) UpdatePair(g, 2, *plot.v_en_mps, plot.v_cov_en);
  Imm imm;
  imm.model.fill(g);
  imm.probability = {0.1, 0.5, 0.3, 0.1};
  Gaussian& stopped = imm.model[kStopped];
  stopped.mean.tail<2>().setZero();
  stopped.cov.bottomRows<2>().setZero();
  stopped.cov.rightCols<2>().setZero();
  stopped.cov(2, 2) = stopped.cov(3, 3) =
      options.stopped_speed_sigma_mps * options.stopped_speed_sigma_mps;
  return imm;
}

namespace {

void Step(Imm& imm, double dt, const ModelMatrix& transition, const MotionModelOptions& options) {
  PerModel predicted{};
  for (int j = 0; j < kModelCount; ++j) {
    for (int i = 0; i < kModelCount; ++i) {
      predicted[static_cast<std::size_t>(j)] +=
          imm.probability[static_cast<std::size_t>(i)] * transition(i, j);
    }
  }
  const Gaussian departing = internal::Departing(imm.model[kStopped], options);
  std::array<Gaussian, kModelCount> mixed;
  for (int j = 0; j < kModelCount; ++j) {
    Gaussian& m = mixed[static_cast<std::size_t>(j)];
    m.mean.setZero();
    m.cov.setZero();
    PerModel share{};
    for (int i = 0; i < kModelCount; ++i) {
      const auto k = static_cast<std::size_t>(i);
      share[k] = imm.probability[k] * transition(i, j) / predicted[static_cast<std::size_t>(j)];
      m.mean += share[k] * imm.model[k].mean;
    }
    for (int i = 0; i < kModelCount; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const Gaussian& from = (i == kStopped && j != kStopped) ? departing : imm.model[k];
      const Eigen::Vector4d d = from.mean - m.mean;
      m.cov += share[k] * (from.cov + d * d.transpose());
    }
  }
  internal::PredictStopped(mixed[kStopped], dt, options);
  for (int j = kCruise; j <= kManoeuvre; ++j) {
    internal::PredictConstantVelocity(mixed[static_cast<std::size_t>(j)], dt,
                                      internal::NoiseOf(j, options));
  }
  imm.model = mixed;
  imm.probability = predicted;
  internal::Normalise(imm.probability);
}

}  // namespace

void Predict(Imm& imm, double dt_s, const MotionModelOptions& options, TransitionMemo* memo) {
  if (!(dt_s > 0)) return;
  const int steps = std::max(1, static_cast<int>(std::ceil(dt_s / options.max_step_s)));
  const double dt = dt_s / steps;
  TransitionMemo alone;
  TransitionMemo& step = memo != nullptr ? *memo : alone;
  if (step.dt_s != dt) step = {dt, TransitionProbabilities(options.rate_per_s, dt)};
  for (int k = 0; k < steps; ++k) Step(imm, dt, step.probabilities, options);
}

Detectability DetectabilityOf(const Imm& imm, const Look& look) {
  Detectability result;
  for (std::size_t j = 0; j < kModelCount; ++j) {
    const Gaussian& g = imm.model[j];
    double p = look.detection_probability;
    const double limit = look.min_detectable_speed_mps;
    if (limit > 0) {
      const Eigen::Matrix2d vv = g.cov.bottomRightCorner<2, 2>();
      if (look.sensor_en_m) {
        const Eigen::Vector2d d = g.mean.head<2>() - *look.sensor_en_m;
        const double range = d.norm();
        if (range > 1.0) {
          const Eigen::Vector2d u = d / range;
          const double sigma = std::sqrt(std::max(u.dot(vv * u), 1e-6));
          p *= ProbabilityOutside(u.dot(g.mean.tail<2>()), sigma, limit);
        }
      } else {
        const double sigma = std::sqrt(std::max(0.5 * vv.trace(), 1e-6));
        p *= ProbabilityOutside(g.mean.tail<2>().norm(), sigma, limit);
      }
    }
    result.report[j] = std::max(p, 1e-4);
    if (look.footprint_en_m.empty()) {
      result.miss[j] = 0.0;
    } else {
      const double sigma = std::sqrt(std::max(0.5 * (g.cov(0, 0) + g.cov(1, 1)), 1.0));
      const double depth = internal::DepthInside(look.footprint_en_m, g.mean.head<2>());
      result.miss[j] = p * NormalCdf(depth / sigma);
    }
  }
  return result;
}

double GateDistance2(const Gaussian& g, const Look& look, const LookPlot& plot) {
  const Eigen::Matrix2d place = g.cov.topLeftCorner<2, 2>();
  if (plot.bearing_rad) {
    if (!look.sensor_en_m) return std::numeric_limits<double>::infinity();
    const BearingTo bearing =
        BearingResidual(g.mean.head<2>(), *look.sensor_en_m, *plot.bearing_rad);
    if (bearing.range_m - 3.0 * std::sqrt(place.trace()) > look.bearing_reach_m) {
      return std::numeric_limits<double>::infinity();
    }
    const double s = bearing.gradient.dot(place * bearing.gradient) +
                     plot.bearing_sigma_rad * plot.bearing_sigma_rad;
    return bearing.residual_rad * bearing.residual_rad / s;
  }
  const Eigen::Matrix2d s = place + plot.cov_en_m2;
  const Eigen::Vector2d y = plot.p_en_m - g.mean.head<2>();
  const double det = s(0, 0) * s(1, 1) - s(0, 1) * s(1, 0);
  return (s(1, 1) * y.x() * y.x() - 2.0 * s(0, 1) * y.x() * y.y() + s(0, 0) * y.y() * y.y()) / det;
}

double Update(Imm& imm, const PerModel& report_probability, const Look& look, const LookPlot& plot,
              const UpdateOptions& options) {
  PerModel log_weight{};
  double highest = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < kModelCount; ++j) {
    log_weight[j] = std::log(imm.probability[j] * report_probability[j]) +
                    UpdateModel(imm.model[j], look, plot, options);
    highest = std::max(highest, log_weight[j]);
  }
  double sum = 0;
  for (std::size_t j = 0; j < kModelCount; ++j) {
    imm.probability[j] = std::exp(log_weight[j] - highest);
    sum += imm.probability[j];
  }
  internal::Normalise(imm.probability);
  return highest + std::log(sum);
}

void Miss(Imm& imm, const PerModel& miss_probability, const Look& look) {
  for (std::size_t j = 0; j < kModelCount; ++j) {
    imm.probability[j] *= 1.0 - miss_probability[j];
    if (look.sensor_en_m && look.min_detectable_speed_mps > 0 && miss_probability[j] > 0) {
      MissRadial(imm.model[j], *look.sensor_en_m, look.min_detectable_speed_mps,
                 look.detection_probability);
    }
  }
  internal::Normalise(imm.probability);
}

void UpdateVelocity(Imm& imm, const Eigen::Vector2d& v_en_mps, const Eigen::Matrix2d& cov) {
  for (std::size_t j = kStopped + 1; j < kModelCount; ++j) {
    const Eigen::Matrix4d before = imm.model[j].cov;
    UpdatePair(imm.model[j], 2, v_en_mps, cov);
    imm.model[j].cov = before;
  }
}

Imm Merge(std::span<const Alternative> alternatives) {
  if (alternatives.size() == 1) return *alternatives.front().imm;
  Imm result;
  for (std::size_t j = 0; j < kModelCount; ++j) {
    Gaussian& merged = result.model[j];
    merged.mean.setZero();
    merged.cov.setZero();
    double sum = 0;
    for (const Alternative& a : alternatives) {
      const double weight = a.probability * a.imm->probability[j];
      sum += weight;
      merged.mean += weight * a.imm->model[j].mean;
    }
    result.probability[j] = sum;
    merged.mean /= sum;
    for (const Alternative& a : alternatives) {
      const double weight = a.probability * a.imm->probability[j] / sum;
      const Eigen::Vector4d d = a.imm->model[j].mean - merged.mean;
      merged.cov += weight * (a.imm->model[j].cov + d * d.transpose());
    }
  }
  internal::Normalise(result.probability);
  return result;
}

Gaussian Estimate(const Imm& imm) {
  Gaussian result;
  if (imm.probability[kStopped] > 0.5) {
    result.mean = imm.model[kStopped].mean;
  } else {
    result.mean.setZero();
    double moving = 0;
    for (std::size_t j = kCruise; j < kModelCount; ++j) {
      result.mean += imm.probability[j] * imm.model[j].mean;
      moving += imm.probability[j];
    }
    result.mean /= moving;
  }
  result.cov.setZero();
  for (std::size_t j = 0; j < kModelCount; ++j) {
    const Eigen::Vector4d d = imm.model[j].mean - result.mean;
    result.cov += imm.probability[j] * (imm.model[j].cov + d * d.transpose());
  }
  Symmetrise(result.cov);
  return result;
}

}  // namespace trucewatch
