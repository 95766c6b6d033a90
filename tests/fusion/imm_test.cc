// SPDX-License-Identifier: Apache-2.0
#include "fusion/imm.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <random>

namespace trucewatch {
namespace {

Look GroundRadarLook() {
  Look look;
  look.sensor_en_m = Eigen::Vector2d(0, -10000);
  look.footprint_en_m = {{-5000, -5000}, {5000, -5000}, {5000, 5000}, {-5000, 5000}};
  look.detection_probability = 0.9;
  look.min_detectable_speed_mps = 2.0;
  return look;
}

LookPlot PlotAt(double e, double n, double sigma) {
  LookPlot plot;
  plot.p_en_m = {e, n};
  plot.cov_en_m2 = sigma * sigma * Eigen::Matrix2d::Identity();
  return plot;
}

Imm ImmAt(const Eigen::Vector4d& mean, double p_sigma, double v_sigma) {
  Imm imm;
  for (Gaussian& g : imm.model) {
    g.mean = mean;
    g.cov.setZero();
    g.cov(0, 0) = g.cov(1, 1) = p_sigma * p_sigma;
    g.cov(2, 2) = g.cov(3, 3) = v_sigma * v_sigma;
  }
  imm.model[kStopped].mean.tail<2>().setZero();
  imm.model[kStopped].cov.bottomRightCorner<2, 2>() = 0.09 * Eigen::Matrix2d::Identity();
  imm.probability = {0.2, 0.1, 0.4, 0.3};
  return imm;
}

TEST(Imm, TransitionProbabilitiesAreTheMatrixExponential) {
  const MotionModelOptions options;
  // Independent reference: (I + A/n)^n with n = 2^20.
  for (const double dt : {0.04, 0.5, 5.0, 60.0}) {
    ModelMatrix expected = ModelMatrix::Identity() + options.rate_per_s * dt / 1048576.0;
    for (int k = 0; k < 20; ++k) expected = (expected * expected).eval();
    const ModelMatrix got = TransitionProbabilities(options.rate_per_s, dt);
    EXPECT_LT((got - expected).cwiseAbs().maxCoeff(), 1e-5) << dt;
    EXPECT_LT((got.rowwise().sum() - Eigen::Vector4d::Ones()).cwiseAbs().maxCoeff(), 1e-12);
  }
}

// With one model holding all probability the update is the textbook Kalman filter.
TEST(Imm, UpdateOfOneModelEqualsTheMatrixForm) {
  Look look = GroundRadarLook();
  LookPlot plot = PlotAt(110, 95, 20);
  plot.cov_en_m2 << 400, 90, 90, 250;
  plot.range_rate_mps = 9.0;
  plot.range_rate_sigma_mps = 0.5;
  Imm imm = ImmAt({100, 100, 5, 8}, 30, 4);
  imm.model[kSteady].cov(0, 2) = imm.model[kSteady].cov(2, 0) = 40;
  const Gaussian prior = imm.model[kSteady];
  Update(imm, {1, 1, 1, 1}, look, plot, {});

  // Reference: position first, then the range rate linearised there; both in information form.
  Eigen::Matrix<double, 2, 4> h = Eigen::Matrix<double, 2, 4>::Identity();
  Eigen::Matrix4d info = prior.cov.inverse() + h.transpose() * plot.cov_en_m2.inverse() * h;
  Eigen::Matrix4d cov = info.inverse();
  Eigen::Vector4d mean = cov * (prior.cov.inverse() * prior.mean +
                                h.transpose() * plot.cov_en_m2.inverse() * plot.p_en_m);
  const Eigen::Vector2d d = mean.head<2>() - *look.sensor_en_m, u = d.normalized();
  Eigen::RowVector4d row;
  const Eigen::Vector2d v = mean.tail<2>();
  row << ((v - u.dot(v) * u) / d.norm()).transpose(), u.transpose();
  const Eigen::Matrix4d cov2 = (cov.inverse() + row.transpose() * row / 0.25).inverse();
  const Eigen::Vector4d mean2 = mean + cov2 * row.transpose() * (9.0 - u.dot(v)) / 0.25;
  EXPECT_LT((imm.model[kSteady].mean - mean2).norm(), 1e-6);
  EXPECT_LT((imm.model[kSteady].cov - cov2).norm(), 1e-5);
}

TEST(Imm, PredictionKeepsCovariancesPositiveAndGrowing) {
  Imm imm = ImmAt({0, 0, 10, 0}, 10, 1);
  double last = 0;
  for (int k = 0; k < 20; ++k) {
    Predict(imm, 3.0, MotionModelOptions{});
    for (const Gaussian& g : imm.model) {
      EXPECT_GT(Eigen::SelfAdjointEigenSolver<Eigen::Matrix4d>(g.cov).eigenvalues().minCoeff(), 0);
    }
    const double size = imm.model[kSteady].cov(0, 0);
    EXPECT_GT(size, last);
    last = size;
  }
}

TEST(Imm, AStoppedObjectIsNotDetectableByRadarAndAMissMakesItMoreLikelyStopped) {
  const Look look = GroundRadarLook();
  Imm imm = ImmAt({0, 0, 0, 10}, 10, 1);
  const Detectability detect = DetectabilityOf(imm, look);
  EXPECT_LT(detect.miss[kStopped], 0.01);
  EXPECT_NEAR(detect.miss[kSteady], 0.9, 0.01);
  Miss(imm, detect.miss, look);
  EXPECT_GT(imm.probability[kStopped], 0.65);
}

TEST(Imm, MovingAcrossTheBeamIsNotDetectableEither) {
  EXPECT_LT(DetectabilityOf(ImmAt({0, 0, 12, 0}, 10, 0.5), GroundRadarLook()).miss[kSteady], 0.01);
}

// Radial speed at most the limit, or missed by chance: its density summed up on a fine grid.
TEST(Imm, AMissLeavesTheRadialSpeedsThatTheRadarCannotSee) {
  const Look look = GroundRadarLook();
  for (const double radial : {0.0, 2.0, 4.0}) {
    Imm imm = ImmAt({0, 0, 12, radial}, 10, 2);
    double sum = 0, first = 0, second = 0;
    for (double v = radial - 20; v < radial + 20; v += 1e-3) {
      const double z = (v - radial) / 2.0;
      const double seen =
          std::abs(v) > look.min_detectable_speed_mps ? look.detection_probability : 0;
      const double density = std::exp(-0.5 * z * z) * (1.0 - seen);
      sum += density;
      first += density * v;
      second += density * v * v;
    }
    const double mean = first / sum;
    Miss(imm, DetectabilityOf(imm, look).miss, look);
    const Gaussian& g = imm.model[kSteady];
    EXPECT_NEAR(g.mean(3), mean, 0.02) << radial;
    EXPECT_NEAR(g.cov(3, 3), second / sum - mean * mean, 0.05) << radial;
    EXPECT_NEAR(g.mean(2), 12.0, 0.05);  // across the beam nothing is learnt
  }
}

TEST(Imm, OutsideTheFootprintAMissSaysNothingAndOnItsEdgeHalf) {
  const Look look = GroundRadarLook();
  EXPECT_LT(DetectabilityOf(ImmAt({5100, 0, 0, 10}, 10, 1), look).miss[kSteady], 1e-6);
  EXPECT_NEAR(DetectabilityOf(ImmAt({5000, 0, 0, 10}, 10, 1), look).miss[kSteady], 0.45, 0.01);
  Look unknown = look;
  unknown.footprint_en_m.clear();
  EXPECT_EQ(DetectabilityOf(ImmAt({0, 0, 0, 10}, 10, 1), unknown).miss[kSteady], 0.0);
}

// A camera whose georeference is wrong by 5 m says so in each report: a hundred of them must not
// make 0.5 m.
TEST(Imm, RepeatedLooksOfOneGeoreferenceDoNotBecomeSurerThanOne) {
  Look look;
  look.detection_probability = 0.9;
  Imm shared = ImmAt({0, 0, 10, 0}, 30, 5), independent = shared;
  for (int k = 1; k <= 100; ++k) {
    for (Imm* imm : {&shared, &independent}) {
      Predict(*imm, 0.5, MotionModelOptions{});
      Update(*imm, {0.9, 0.9, 0.9, 0.9}, look, PlotAt(5.0 * k, 0, 5),
             {.shared_georeference = imm == &shared});
    }
  }
  const Gaussian a = Estimate(shared), b = Estimate(independent);
  EXPECT_GE(a.cov(0, 0), 24.9);
  EXPECT_GE(a.cov(1, 1), 24.9);
  EXPECT_LT(b.cov(1, 1), 15.0);
  EXPECT_LT(a.cov(2, 2), 4.0);  // the velocity still becomes known
}

TEST(Imm, TheEstimateIsEitherThereOrOnTheWayButCoversBoth) {
  Imm imm = ImmAt({1000, 0, 10, 0}, 10, 1);
  imm.model[kStopped].mean.head<2>() << 0, 0;
  imm.probability = {0.6, 0, 0.3, 0.1};
  const Gaussian estimate = Estimate(imm);
  EXPECT_EQ(estimate.mean(0), 0.0);
  EXPECT_GT(estimate.cov(0, 0), 0.39e6);
}

}  // namespace
}  // namespace trucewatch
