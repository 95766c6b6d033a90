// SPDX-License-Identifier: Apache-2.0
#include "fusion/bearings.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <numbers>

#include "fusion/imm.h"
#include "fusion/tracker.h"
#include "tests/fusion/simulation.h"

namespace trucewatch {
namespace {

using testing::At;
using testing::Truth;

constexpr double kBearingSigmaRad = 0.5 * std::numbers::pi / 180.0;

struct Station {
  std::string source;
  Eigen::Vector2d at_m;
  double false_per_look = 0.3;  // all round
  double detection_probability = 0.9;
};

Look Bearings(const Station& station, double time_s, const std::vector<Truth>& truths,
              std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0, 1);
  Look look;
  look.source.value = station.source;
  look.time = At(time_s);
  look.sensor_en_m = station.at_m;
  look.bearing_reach_m = 9000;
  look.footprint_en_m = {{-9000, -9000}, {9000, -9000}, {9000, 9000}, {-9000, 9000}};
  look.detection_probability = station.detection_probability;
  look.false_alarms_per_rad = station.false_per_look / (2 * std::numbers::pi);
  const auto report = [&](double bearing) {
    LookPlot plot;
    plot.bearing_rad = bearing;
    plot.bearing_sigma_rad = kBearingSigmaRad;
    look.plots.push_back(plot);
  };
  for (const Truth& truth : truths) {
    if (uniform(random) > station.detection_probability) continue;
    const Eigen::Vector2d d = truth.p_m - station.at_m;
    report(std::atan2(d.x(), d.y()) + kBearingSigmaRad * normal(random));
  }
  std::poisson_distribution<int> clutter(station.false_per_look);
  for (int k = clutter(random); k > 0; --k) {
    report(std::numbers::pi * (2 * uniform(random) - 1));
  }
  return look;
}

const Station kWest{"west", {-4000, -1000}};
const Station kEast{"east", {4000, -1500}};

Truth VehicleAt(double t) { return {{-900 + 11 * t, 2500 - 4 * t}, {11, -4}}; }

// Two stations 8 km apart, 0.5 degrees, a report each two seconds, false ones among them.
TEST(Bearings, ATrackFromDirectionsAloneConvergesAndKnowsHowWell) {
  double nees = 0, worst_m = 0, squares = 0;
  int runs = 0;
  constexpr unsigned kSeeds = 40;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    std::mt19937_64 random(seed);
    Tracker tracker(TrackerOptions{});
    for (double t = 0; t < 120; t += 2) {
      tracker.Process(Bearings(kWest, t, {VehicleAt(t)}, random));
      tracker.Process(Bearings(kEast, t + 0.8, {VehicleAt(t + 0.8)}, random));
    }
    const auto tracks = tracker.Estimates(At(120));
    ASSERT_EQ(tracks.size(), 1u) << "seed " << seed;
    Eigen::Vector4d error = tracks[0].state.mean;
    error.head<2>() -= VehicleAt(120).p_m;
    error.tail<2>() -= VehicleAt(120).v_mps;
    nees += error.dot(tracks[0].state.cov.inverse() * error) / 4.0;
    squares += error.head<2>().squaredNorm();
    worst_m = std::max(worst_m, error.head<2>().norm());
    ++runs;
    EXPECT_EQ(tracks[0].supports.size(), 2u);
  }
  RecordProperty("nees_over_4", std::to_string(nees / runs));
  RecordProperty("rms_m", std::to_string(std::sqrt(squares / runs)));
  RecordProperty("worst_m", std::to_string(worst_m));
  // One pair of directions alone gives 50 m here.
  EXPECT_LT(std::sqrt(squares / runs), 30.0);
  EXPECT_LT(worst_m, 70.0);
  // Never over-confident; a mixture that reckons with manoeuvres is wider on a straight line.
  EXPECT_LT(nees / runs, 1.25);
  EXPECT_GT(nees / runs, 0.3);
}

TEST(Bearings, OneDirectionAloneBeginsNoTrack) {
  std::mt19937_64 random(1);
  Tracker tracker(TrackerOptions{});
  for (double t = 0; t < 60; t += 2) {
    tracker.Process(Bearings(kWest, t, {VehicleAt(t)}, random));
    EXPECT_TRUE(tracker.tracks().empty());
  }
}

TEST(Bearings, DirectionsThatDoNotCrossBeforeBothStationsBeginNoTrack) {
  BearingMemory memory;
  std::mt19937_64 random(2);
  Station west = kWest, east = kEast;
  west.detection_probability = east.detection_probability = 1;
  west.false_per_look = east.false_per_look = 0;
  const auto count = [&](const Truth& seen_west, const Truth& seen_east, double later_s) {
    memory = {};
    EXPECT_TRUE(memory.Cross(Bearings(west, 0, {seen_west}, random), {0.0}).empty());
    return memory.Cross(Bearings(east, later_s, {seen_east}, random), {0.0}).size();
  };
  const Truth north{{0, 3000}, {0, 0}}, behind{{9000, -4000}, {0, 0}};
  EXPECT_EQ(count(north, north, 1), 1u);
  EXPECT_EQ(count(north, behind, 1), 0u);                               // they part
  EXPECT_EQ(count(north, north, 5), 0u);                                // too long ago
  EXPECT_EQ(count({{0, -1250}, {0, 0}}, {{0, -1250}, {0, 0}}, 1), 0u);  // along the base line
}

// The covariance of the crossing against a sample of crossings.
TEST(Bearings, TheCrossingStatesItsErrors) {
  std::mt19937_64 random(3);
  Station west = kWest, east = kEast;
  west.detection_probability = east.detection_probability = 1;
  west.false_per_look = east.false_per_look = 0;
  const Truth truth{{500, 2200}, {0, 0}};
  double nees = 0;
  constexpr int kRuns = 400;
  for (int k = 0; k < kRuns; ++k) {
    BearingMemory memory;
    memory.Cross(Bearings(west, 0, {truth}, random), {0.0});
    const auto crossings = memory.Cross(Bearings(east, 0, {truth}, random), {0.0});
    ASSERT_EQ(crossings.size(), 1u);
    const Eigen::Vector2d error = crossings[0].plot.p_en_m - truth.p_m;
    nees += error.dot(crossings[0].plot.cov_en_m2.inverse() * error) / 2 / kRuns;
  }
  EXPECT_NEAR(nees, 1.0, 0.15);  // sigma 0.05
}

// A track that others hold is made surer by directions from one station alone.
TEST(Bearings, ADirectionSharpensATrackThatGatesIt) {
  std::mt19937_64 random(4);
  testing::RadarModel radar;
  radar.false_per_km2 = 0;
  radar.sigma_azimuth_rad = 0.01;
  Tracker plain(TrackerOptions{}), helped(TrackerOptions{});
  for (double t = 0; t < 60; t += 4) {
    const Look look = RadarLook(radar, t, {VehicleAt(t)}, random);
    plain.Process(look);
    helped.Process(look);
    helped.Process(Bearings({"south", {-200, -1500}, 0.0, 1.0}, t + 1, {VehicleAt(t + 1)}, random));
  }
  const auto a = plain.Estimates(At(60)), b = helped.Estimates(At(60));
  ASSERT_EQ(a.size(), 1u);
  ASSERT_EQ(b.size(), 1u);
  const auto area = [](const TrackEstimate& track) {
    return track.state.cov.topLeftCorner<2, 2>().determinant();
  };
  EXPECT_LT(area(b[0]), 0.7 * area(a[0]));
}

// Density of a bearing over its whole circle adds up to 1.
TEST(Bearings, TheUpdateIsADensityOverTheCircle) {
  Look look;
  look.sensor_en_m = Eigen::Vector2d(0, 0);
  look.bearing_reach_m = 20e3;
  LookPlot place;
  place.p_en_m = {-300, -4000};
  place.cov_en_m2 = 400 * Eigen::Matrix2d::Identity();
  const Imm start = StartImm(look, place, {});
  LookPlot plot;
  plot.bearing_sigma_rad = 0.01;
  PerModel always;
  always.fill(1.0);
  double sum = 0;
  constexpr double kStep = 0.0005;
  for (double bearing = 0; bearing < 2 * std::numbers::pi; bearing += kStep) {
    Imm imm = start;
    plot.bearing_rad = bearing;
    sum += kStep * std::exp(Update(imm, always, look, plot, {}));
  }
  EXPECT_NEAR(sum, 1.0, 0.01);
}

}  // namespace
}  // namespace trucewatch
