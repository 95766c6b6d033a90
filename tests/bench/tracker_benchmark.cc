// SPDX-License-Identifier: Apache-2.0
// The tracker on a dense radar scene: 300 vehicles and 150 false reports a scan of 3 s over 12 by
// 12 km.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <vector>

#include "fusion/tracker.h"

namespace trucewatch {
namespace {

constexpr int kVehicles = 300;
constexpr int kClutter = 150;
constexpr int kScans = 40;
constexpr double kPeriodS = 3;
constexpr double kHalfM = 6000;
constexpr double kDetectionProbability = 0.9;
constexpr double kSigmaM = 15;
constexpr double kRangeRateSigmaMps = 0.5;

std::vector<Look> DenseScene(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> place(-kHalfM, kHalfM), share(0, 1), speed(3, 20);
  std::normal_distribution<double> noise;
  const Eigen::Vector2d sensor(0, -20000);
  std::vector<Eigen::Vector2d> at(kVehicles), velocity(kVehicles);
  for (int i = 0; i < kVehicles; ++i) {
    at[i] = {place(random) / 2, place(random) / 2};  // all stay inside for the whole scene
    const double heading = share(random) * 6.283185307179586;
    velocity[i] = speed(random) * Eigen::Vector2d(std::cos(heading), std::sin(heading));
  }
  std::vector<Look> looks;
  for (int scan = 0; scan < kScans; ++scan) {
    Look look;
    look.source.value = "radar1";
    look.lineage.modality = Modality::kRadarGmti;
    look.lineage.sensor = "radar1";
    look.time = Instant::FromMicros(static_cast<std::int64_t>(scan * kPeriodS * 1e6));
    look.sensor_en_m = sensor;
    look.footprint_en_m = {
        {-kHalfM, -kHalfM}, {kHalfM, -kHalfM}, {kHalfM, kHalfM}, {-kHalfM, kHalfM}};
    look.detection_probability = kDetectionProbability;
    look.false_alarms_per_m2 = kClutter / (4 * kHalfM * kHalfM);
    const auto report = [&](const Eigen::Vector2d& p, double range_rate_mps) {
      LookPlot plot;
      plot.p_en_m = p;
      plot.cov_en_m2 *= kSigmaM * kSigmaM;
      plot.range_rate_mps = range_rate_mps;
      plot.range_rate_sigma_mps = kRangeRateSigmaMps;
      look.plots.push_back(plot);
    };
    for (int i = 0; i < kVehicles; ++i) {
      const double range_rate = velocity[i].dot((at[i] - sensor).normalized());
      const Eigen::Vector2d error(noise(random), noise(random));
      if (share(random) < kDetectionProbability)
        report(at[i] + kSigmaM * error, range_rate + kRangeRateSigmaMps * noise(random));
      at[i] += kPeriodS * velocity[i];
    }
    for (int i = 0; i < kClutter; ++i) {
      const double east = place(random), north = place(random);
      report({east, north}, place(random) / kHalfM * 20);
    }
    looks.push_back(std::move(look));
  }
  return looks;
}

void TrackDenseScene(benchmark::State& state) {
  const std::vector<Look> looks = DenseScene(1);
  std::int64_t plots = 0;
  for (const Look& look : looks) plots += static_cast<std::int64_t>(look.plots.size());
  std::size_t tracks = 0;
  for (auto _ : state) {
    Tracker tracker{TrackerOptions{}};
    for (const Look& look : looks) tracker.Process(look);
    tracks = tracker.Estimates(tracker.time()).size();
  }
  // A tracker that follows nothing would be fast.
  if (tracks < kVehicles * 8 / 10 || tracks > kVehicles * 12 / 10)
    state.SkipWithError("the tracker does not follow the scene");
  state.SetItemsProcessed(state.iterations() * plots);
  state.counters["confirmed_tracks"] = static_cast<double>(tracks);
}
BENCHMARK(TrackDenseScene)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trucewatch
