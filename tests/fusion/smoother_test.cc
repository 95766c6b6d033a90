// SPDX-License-Identifier: Apache-2.0
#include "fusion/smoother.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <random>

#include "fusion/tracker.h"
#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::CameraLook;
using testing::CameraModel;
using testing::RadarLook;
using testing::RadarModel;
using testing::Truth;

// One model only: it never changes and holds all probability.
MotionModelOptions SteadyOnly() {
  MotionModelOptions options;
  options.rate_per_s.setZero();
  return options;
}

Imm Steady(const Eigen::Vector4d& mean, const Eigen::Matrix4d& cov) {
  Imm imm;
  for (Gaussian& g : imm.model) g = {mean, cov};
  imm.probability = {1e-9, 1e-9, 1.0 - 3e-9, 1e-9};
  return imm;
}

// Independent reference: the mean and covariance of the first of two states given the second's
// smoothed density, by conditioning their joint Gaussian and integrating.
TEST(Smoother, OneModelEqualsConditioningOfTheJointGaussian) {
  const MotionModelOptions options = SteadyOnly();
  const double dt = 4.0, q = options.steady_noise_m2ps3;
  Eigen::Matrix4d p;
  p << 400, 30, 20, 5, 30, 300, -4, 12, 20, -4, 9, 1, 5, 12, 1, 16;
  const Eigen::Vector4d x(100, -50, 8, 3);
  Eigen::Matrix4d f = Eigen::Matrix4d::Identity(), noise = Eigen::Matrix4d::Zero();
  f(0, 2) = f(1, 3) = dt;
  for (int i = 0; i < 2; ++i) {
    noise(i, i) = q * dt * dt * dt / 3;
    noise(i, i + 2) = noise(i + 2, i) = q * dt * dt / 2;
    noise(i + 2, i + 2) = q * dt;
  }
  const Eigen::Matrix4d predicted = f * p * f.transpose() + noise;
  const Eigen::Vector4d later_mean = f * x + Eigen::Vector4d(12, -7, 1, 0.5);
  const Eigen::Matrix4d later_cov = 0.3 * predicted;
  const Eigen::Matrix4d regression = p * f.transpose() * predicted.inverse();
  const Eigen::Vector4d mean = x + regression * (later_mean - f * x);
  const Eigen::Matrix4d left = p - regression * predicted * regression.transpose();
  const Eigen::Matrix4d cov = left + regression * later_cov * regression.transpose();

  const Imm got = SmoothBack(Steady(x, p), Steady(later_mean, later_cov), dt, options);
  EXPECT_GT(got.probability[kSteady], 0.999);
  EXPECT_LT((got.model[kSteady].mean - mean).cwiseAbs().maxCoeff(), 1e-9);
  EXPECT_LT((got.model[kSteady].cov - cov).cwiseAbs().maxCoeff(), 1e-9);
}

// Independent reference: every course the object can have taken, added up.
TEST(Smoother, ExistenceEqualsTheSumOverEveryCourse) {
  std::mt19937_64 random(61);
  std::uniform_real_distribution<double> uniform(0.05, 0.95);
  for (int round = 0; round < 50; ++round) {
    constexpr int kSteps = 4;
    const double prior = uniform(random), survival = uniform(random);
    double miss[kSteps];  // likelihood of what was seen, existing over not
    for (double& m : miss) m = 2.0 * uniform(random);
    // Forward.
    double filtered[kSteps];
    double r = prior;
    for (int k = 0; k < kSteps; ++k) {
      if (k > 0) r *= survival;
      r = r * miss[k] / (r * miss[k] + 1.0 - r);
      filtered[k] = r;
    }
    double smoothed = filtered[kSteps - 1];
    for (int k = kSteps - 2; k >= 0; --k) smoothed = ExistenceBack(filtered[k], smoothed, survival);
    // It exists at the times 0 to n - 1.
    double all = 0, at_first = 0;
    for (int n = 0; n <= kSteps; ++n) {
      double p = n == 0 ? 1.0 - prior : prior;
      for (int k = 0; k < n; ++k) p *= miss[k] * (k > 0 ? survival : 1.0);
      if (n > 0 && n < kSteps) p *= 1.0 - survival;
      all += p;
      if (n > 0) at_first += p;
    }
    EXPECT_NEAR(smoothed, at_first / all, 1e-9);
  }
}

// Drives, stands for 20 s, drives on; a radar each 5 s that does not see it stand.
Truth StopAndGo(double t) {
  const Eigen::Vector2d along = Eigen::Vector2d(0.5, 0.85).normalized();
  const double s = 10 * std::min(t, 60.0) + 10 * std::max(t - 80.0, 0.0);
  const bool stands = t > 60 && t < 80;
  return {s * along, (stands ? 0.0 : 10.0) * along};
}

TEST(Smoother, HindsightIsNearerToTheTruthAndSaysHowNear) {
  double live2 = 0, settled2 = 0, nees = 0;
  int count = 0;
  for (unsigned run = 0; run < 30; ++run) {
    std::mt19937_64 random(700 + run);
    RadarModel radar;
    radar.min_speed_mps = 1.5;
    Tracker tracker(TrackerOptions{});
    Smoother smoother({.motion = {}, .keep = Duration::Seconds(30)});
    std::vector<Eigen::Vector2d> live(200, Eigen::Vector2d::Constant(1e9));
    for (int t = 0; t <= 140; ++t) {
      if (t % 5 == 0) {
        tracker.Process(RadarLook(radar, t, {StopAndGo(t)}, random));
        smoother.Note(At(t), tracker.tracks());
      }
      for (const TrackEstimate& e : tracker.Estimates(At(t))) {
        const Eigen::Vector2d p = e.state.mean.head<2>();
        const auto k = static_cast<std::size_t>(t);
        if ((p - StopAndGo(t).p_m).norm() < (live[k] - StopAndGo(t).p_m).norm()) live[k] = p;
      }
      if (t < 50) continue;
      const int then = t - 20;
      const auto k = static_cast<std::size_t>(then);
      const auto tracks = smoother.Estimates(At(then));
      if (tracks.size() != 1 || live[k].norm() > 1e8) continue;
      const Eigen::Vector2d d = tracks[0].state.mean.head<2>() - StopAndGo(then).p_m;
      settled2 += d.squaredNorm();
      live2 += (live[k] - StopAndGo(then).p_m).squaredNorm();
      const Eigen::Matrix2d cov = tracks[0].state.cov.topLeftCorner<2, 2>();
      nees += d.dot(cov.inverse() * d);
      ++count;
    }
  }
  ASSERT_GT(count, 2000);
  RecordProperty("rms_live_m", std::to_string(std::sqrt(live2 / count)));
  RecordProperty("rms_settled_m", std::to_string(std::sqrt(settled2 / count)));
  RecordProperty("nees_over_2", std::to_string(nees / count / 2));
  EXPECT_LT(settled2, 0.6 * live2);
  EXPECT_LT(nees / count / 2, 1.6);  // not over-confident, the stops and starts among them
}

TEST(Smoother, ATrackIsShownFromItsFirstReportOn) {
  std::mt19937_64 random(71);
  CameraModel camera;
  camera.false_per_km2 = 0.01;
  camera.detection_probability = 1.0;
  Tracker tracker(TrackerOptions{});
  Smoother smoother({.motion = {}, .keep = Duration::Seconds(20)});
  for (int t = 0; t <= 10; ++t) {
    tracker.Process(CameraLook(camera, t, {{{-50.0 + 5 * t, 0.0}, {5.0, 0.0}}}, random));
    smoother.Note(At(t), tracker.tracks());
  }
  const auto first = smoother.Estimates(At(0));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_LT((first[0].state.mean.head<2>() - Eigen::Vector2d(-50, 0)).norm(), 12.0);
  EXPECT_NEAR(first[0].state.mean(2), 5.0, 1.5);  // one report has no speed; hindsight has
  EXPECT_TRUE(smoother.Estimates(At(-1)).empty());
}

// It leaves at 30 s without a word. Live it lingers until enough looks have missed it.
TEST(Smoother, WhatWasGoneIsNotShownAfterIt) {
  std::mt19937_64 random(72);
  CameraModel camera;
  camera.false_per_km2 = 0.01;
  Tracker tracker(TrackerOptions{});
  Smoother smoother({.motion = {}, .keep = Duration::Seconds(60)});
  int lingered = 0, shown = 0;
  for (int t = 0; t <= 60; ++t) {
    std::vector<Truth> truths;
    if (t <= 30) truths.push_back({{-150.0 + 5 * t, 0.0}, {5.0, 0.0}});
    tracker.Process(CameraLook(camera, t, truths, random));
    smoother.Note(At(t), tracker.tracks());
    if (t > 31) lingered += static_cast<int>(tracker.Estimates(At(t)).size());
  }
  for (int t = 32; t <= 60; ++t) shown += static_cast<int>(smoother.Estimates(At(t)).size());
  EXPECT_GE(lingered, 1);
  EXPECT_EQ(shown, 0);
  EXPECT_EQ(smoother.Estimates(At(29)).size(), 1u);
}

}  // namespace
}  // namespace trucewatch
