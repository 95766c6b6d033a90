// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <Eigen/Dense>

#include "fusion/tracker.h"
#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::RadarLook;
using testing::RadarModel;
using testing::Truth;

// Another system's tracker: a Kalman filter of constant velocity over one radar's plots. What it
// sends goes on erring as before from one report to the next.
class ForeignTracker {
 public:
  Look Take(const Look& radar_look) {
    const double dt = (radar_look.time - time_).seconds();
    time_ = radar_look.time;
    for (const LookPlot& plot : radar_look.plots) {
      if (!begun_) {
        mean_.head<2>() = plot.p_en_m;
        cov_.setIdentity();
        cov_ *= 200;
        cov_.topLeftCorner<2, 2>() = plot.cov_en_m2;
        begun_ = true;
        continue;
      }
      Eigen::Matrix4d f = Eigen::Matrix4d::Identity();
      f.topRightCorner<2, 2>() = dt * Eigen::Matrix2d::Identity();
      Eigen::Matrix<double, 4, 2> g;
      g << 0.5 * dt * dt * Eigen::Matrix2d::Identity(), dt * Eigen::Matrix2d::Identity();
      mean_ = f * mean_;
      cov_ = f * cov_ * f.transpose() + 0.02 * g * g.transpose();
      const Eigen::Matrix2d s = cov_.topLeftCorner<2, 2>() + plot.cov_en_m2;
      const Eigen::Matrix<double, 4, 2> gain = cov_.leftCols<2>() * s.inverse();
      mean_ += gain * (plot.p_en_m - mean_.head<2>());
      cov_ -= gain * s * gain.transpose();
    }
    Look look;
    look.source.value = "centre";
    look.lineage.derived_from = "tracker of centre";
    look.time = radar_look.time;
    look.footprint_en_m = radar_look.footprint_en_m;
    look.detection_probability = 0.95;
    look.false_alarms_per_m2 = 1e-8;
    if (begun_) {
      LookPlot plot;
      plot.p_en_m = mean_.head<2>();
      plot.cov_en_m2 = cov_.topLeftCorner<2, 2>();
      look.plots.push_back(plot);
    }
    return look;
  }

 private:
  bool begun_ = false;
  Instant time_;
  Eigen::Vector4d mean_ = Eigen::Vector4d::Zero();
  Eigen::Matrix4d cov_ = Eigen::Matrix4d::Identity();
};

struct Honesty {
  double nees_over_2 = 0;  // of the position
  double variance_m2 = 0;
  int tracks = 0;
};

// Over seeded runs of 80 s: the radar's plots (where `plots`) and the tracks another system makes
// of the same plots.
Honesty RunsWith(bool plots, bool foreign, bool say_so) {
  constexpr int kRuns = 60;
  Honesty result;
  for (int run = 0; run < kRuns; ++run) {
    std::mt19937_64 random(500 + static_cast<unsigned>(run));
    RadarModel radar;
    radar.false_per_km2 = 0;
    ForeignTracker centre;
    Tracker tracker(TrackerOptions{});
    const auto truth = [](double t) { return Truth{{-400 + 8 * t, 100 + 7 * t}, {8, 7}}; };
    for (double t = 0; t <= 80; t += 2) {
      const Look look = RadarLook(radar, t, {truth(t)}, random);
      Look theirs = centre.Take(look);
      if (!say_so) theirs.lineage.derived_from.clear();
      if (plots) tracker.Process(look);
      if (foreign) tracker.Process(theirs);
    }
    const auto tracks = tracker.Estimates(At(80));
    result.tracks += static_cast<int>(tracks.size());
    if (tracks.empty()) continue;
    const Eigen::Vector2d error = tracks[0].state.mean.head<2>() - truth(80).p_m;
    const Eigen::Matrix2d cov = tracks[0].state.cov.topLeftCorner<2, 2>();
    result.nees_over_2 += error.dot(cov.inverse() * error) / 2 / kRuns;
    result.variance_m2 += cov.trace() / kRuns;
  }
  return result;
}

TEST(TracksOfOtherSystems, AreNotCountedTwiceBesideTheirOwnPlots) {
  const Honesty alone = RunsWith(true, false, true), naive = RunsWith(true, true, false),
                honest = RunsWith(true, true, true);
  RecordProperty("nees_naive", std::to_string(naive.nees_over_2));
  RecordProperty("nees", std::to_string(honest.nees_over_2));
  EXPECT_EQ(honest.tracks, 60);
  EXPECT_LT(honest.nees_over_2, 1.25);
  EXPECT_GT(naive.nees_over_2, 1.4 * honest.nees_over_2);  // what taking them as plots would do
  EXPECT_LT(honest.variance_m2, 1.3 * alone.variance_m2);  // and they do no harm
}

TEST(TracksOfOtherSystems, AloneAreNeverMadeSurerThanTheyAre) {
  const Honesty honest = RunsWith(false, true, true), naive = RunsWith(false, true, false);
  RecordProperty("nees_naive", std::to_string(naive.nees_over_2));
  RecordProperty("nees", std::to_string(honest.nees_over_2));
  EXPECT_EQ(honest.tracks, 60);
  EXPECT_LT(honest.nees_over_2, 1.25);
  EXPECT_GT(naive.nees_over_2, 1.4 * honest.nees_over_2);
  EXPECT_GT(honest.variance_m2, naive.variance_m2);
}

}  // namespace
}  // namespace trucewatch
