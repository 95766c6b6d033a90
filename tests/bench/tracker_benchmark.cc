// SPDX-License-Identifier: Apache-2.0
// The tracker on dense radar scenes: vehicles over the inner quarter of a square, half as many
// false reports a scan all over it. 300 vehicles in 12 by 12 km, scanned each 3 s, is the usual
// one; more or fewer have a larger or smaller square, so that the density stays.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <memory>
#include <random>
#include <vector>

#include "fusion/live_tracker.h"
#include "fusion/tracker.h"

namespace trucewatch {
namespace {

struct SceneSize {
  int vehicles = 300;
  double period_s = 3;
  int scans = 40;
  double half_m() const { return 6000 * std::sqrt(vehicles / 300.0); }
  int clutter() const { return vehicles / 2; }
};
constexpr double kDetectionProbability = 0.9;
constexpr double kSigmaM = 15;
constexpr double kRangeRateSigmaMps = 0.5;

std::vector<Look> DenseScene(const SceneSize& size, std::uint64_t seed) {
  const double half = size.half_m();
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> place(-half, half), share(0, 1), speed(3, 20);
  std::normal_distribution<double> noise;
  const Eigen::Vector2d sensor(0, -half - 14000);
  std::vector<Eigen::Vector2d> at(static_cast<std::size_t>(size.vehicles)),
      velocity(static_cast<std::size_t>(size.vehicles));
  for (std::size_t i = 0; i < at.size(); ++i) {
    at[i] = {place(random) / 2, place(random) / 2};  // all stay inside for the whole scene
    const double heading = share(random) * 6.283185307179586;
    velocity[i] = speed(random) * Eigen::Vector2d(std::cos(heading), std::sin(heading));
  }
  std::vector<Look> looks;
  for (int scan = 0; scan < size.scans; ++scan) {
    Look look;
    look.source.value = "radar1";
    look.lineage.modality = Modality::kRadarGmti;
    look.lineage.sensor = "radar1";
    look.time = Instant::FromMicros(static_cast<std::int64_t>(scan * size.period_s * 1e6));
    look.sensor_en_m = sensor;
    look.footprint_en_m = {{-half, -half}, {half, -half}, {half, half}, {-half, half}};
    look.detection_probability = kDetectionProbability;
    look.false_alarms_per_m2 = size.clutter() / (4 * half * half);
    const auto report = [&](const Eigen::Vector2d& p, double range_rate_mps) {
      LookPlot plot;
      plot.p_en_m = p;
      plot.cov_en_m2 *= kSigmaM * kSigmaM;
      plot.range_rate_mps = range_rate_mps;
      plot.range_rate_sigma_mps = kRangeRateSigmaMps;
      look.plots.push_back(plot);
    };
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double range_rate = velocity[i].dot((at[i] - sensor).normalized());
      const Eigen::Vector2d error(noise(random), noise(random));
      if (share(random) < kDetectionProbability)
        report(at[i] + kSigmaM * error, range_rate + kRangeRateSigmaMps * noise(random));
      at[i] += size.period_s * velocity[i];
    }
    for (int i = 0; i < size.clutter(); ++i) {
      const double east = place(random), north = place(random);
      report({east, north}, place(random) / half * 20);
    }
    looks.push_back(std::move(look));
  }
  return looks;
}

// A tracker that follows nothing would be fast.
void CheckFollowed(std::size_t tracks, const SceneSize& size, benchmark::State& state) {
  const auto vehicles = static_cast<std::size_t>(size.vehicles);
  if (tracks < vehicles * 8 / 10 || tracks > vehicles * 12 / 10) {
    state.SkipWithError("the tracker does not follow the scene");
  }
  state.counters["confirmed_tracks"] = static_cast<double>(tracks);
}

std::int64_t PlotsOf(const std::vector<Look>& looks) {
  std::int64_t plots = 0;
  for (const Look& look : looks) plots += static_cast<std::int64_t>(look.plots.size());
  return plots;
}

void TrackDenseScene(benchmark::State& state) {
  const SceneSize size{.vehicles = static_cast<int>(state.range(0)), .period_s = 3, .scans = 40};
  const std::vector<Look> looks = DenseScene(size, 1);
  std::size_t tracks = 0;
  for (auto _ : state) {
    Tracker tracker{TrackerOptions{}};
    for (const Look& look : looks) tracker.Process(look);
    tracks = tracker.Estimates(tracker.time()).size();
  }
  CheckFollowed(tracks, size, state);
  state.SetItemsProcessed(state.iterations() * PlotsOf(looks));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(TrackDenseScene)->Arg(300)->Unit(benchmark::kMillisecond);
BENCHMARK(TrackDenseScene)
    ->RangeMultiplier(10)
    ->Range(100, 10'000)
    ->Complexity(benchmark::oNLogN)
    ->Unit(benchmark::kMillisecond);

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// 1,000 vehicles that are reported more than 5,000 times a second: what one update of the live
// picture costs, the estimates included.
void UpdateLivePicture(benchmark::State& state) {
  const SceneSize size{.vehicles = 1000, .period_s = 0.25, .scans = 240};
  const std::vector<Look> looks = DenseScene(size, 1);
  std::vector<double> costs_s;
  std::size_t tracks = 0;
  for (auto _ : state) {
    LiveTracker live(TrackerOptions{}, Duration::Seconds(10));
    for (const Look& look : looks) {
      const double before = CpuSeconds();
      live.Add(std::make_shared<Look>(look));
      tracks = live.Estimates(look.time).size();
      costs_s.push_back(CpuSeconds() - before);
    }
  }
  CheckFollowed(tracks, size, state);
  std::sort(costs_s.begin(), costs_s.end());
  const double seconds = size.period_s * size.scans;
  state.counters["plots_per_s_of_the_scene"] = static_cast<double>(PlotsOf(looks)) / seconds;
  state.counters["p50_ms"] = 1e3 * costs_s[costs_s.size() / 2];
  state.counters["p99_ms"] = 1e3 * costs_s[costs_s.size() * 99 / 100];
  state.SetItemsProcessed(state.iterations() * PlotsOf(looks));
}
BENCHMARK(UpdateLivePicture)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trucewatch
