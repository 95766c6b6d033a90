// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/radar_recording.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "core/base/bytes.h"
#include "ingest/radar/stanag4607_stream.h"
#include "tests/tools/simulate/demo_scenario.h"
#include "tools/simulate/flight.h"

namespace trucewatch::simulate {
namespace {

struct Polar {
  double range_m, azimuth_rad;
};
Polar PolarOf(const LocalFrame& radar, const Geodetic& place) {
  const Eigen::Vector3d p = radar.EnuFromGeodetic(place);
  return {p.norm(), std::atan2(p.x(), p.y())};
}

TEST(SimulateScans, ErrorsDetectionsAndFalseAlarmsAreAsStated) {
  const Scenario scenario = testing::DemoScenario("scenario", 11);
  const auto& config = scenario.config.radar();
  const World world = MakeWorld(scenario);
  const LocalFrame area(scenario.origin), radar(RadarPlace(scenario));
  const auto scans = SimulateScans(scenario, world);
  ASSERT_EQ(scans.size(), 66U);  // of 80; the outage takes 14
  double range2 = 0, azimuth2 = 0, rate2 = 0, range1 = 0;
  int real = 0, chances = 0, false_alarms = 0;
  for (const auto& scan : scans) {
    for (const auto& plot : scan.plots) {
      if (plot.mover_id == 0) {
        ++false_alarms;
        continue;
      }
      const Mover& mover = world.movers[static_cast<std::size_t>(plot.mover_id - 1)];
      const auto state = world.StateOf(mover, scan.t_s);
      ASSERT_TRUE(state);
      const Geodetic truth = GroundPlace(area, state->position);
      const Polar expected = PolarOf(radar, truth), got = PolarOf(radar, plot.position);
      range1 += got.range_m - expected.range_m;
      range2 += std::pow(got.range_m - expected.range_m, 2);
      azimuth2 += std::pow(got.azimuth_rad - expected.azimuth_rad, 2);
      // Radial speed from the change of range, without the simulator's formula.
      const auto before = world.StateOf(mover, scan.t_s - 0.01),
                 after = world.StateOf(mover, scan.t_s + 0.01);
      if (before && after) {
        const double rate = (PolarOf(radar, GroundPlace(area, after->position)).range_m -
                             PolarOf(radar, GroundPlace(area, before->position)).range_m) /
                            0.02;
        EXPECT_GT(std::abs(rate), 1.0);  // MDV 1.5 m/s; a joint of the road may add a little
        if (std::abs(rate - plot.range_rate_mps) < 5)
          rate2 += std::pow(rate - plot.range_rate_mps, 2);
      }
      ++real;
    }
    for (const Mover& mover : world.movers) {
      const auto state = world.StateOf(mover, scan.t_s);
      if (!state || mover.group.empty() || mover.kind == MoverKind::kPersonGroup) continue;
      ++chances;  // convoys: always inside the sector, always fast enough
    }
  }
  ASSERT_GT(real, 3000);
  const double n = real;
  EXPECT_NEAR(range1 / n, 0, 5 * config.sigma_range_m() / std::sqrt(n));
  EXPECT_NEAR(std::sqrt(range2 / n), config.sigma_range_m(), 0.06 * config.sigma_range_m());
  const double azimuth_sigma = config.sigma_azimuth_deg() * std::numbers::pi / 180;
  EXPECT_NEAR(std::sqrt(azimuth2 / n), azimuth_sigma, 0.06 * azimuth_sigma);
  EXPECT_NEAR(std::sqrt(rate2 / n), config.sigma_range_rate_mps(),
              0.1 * config.sigma_range_rate_mps());
  int convoy_plots = 0;
  for (const auto& scan : scans) {
    for (const auto& plot : scan.plots) {
      if (plot.mover_id != 0 &&
          !world.movers[static_cast<std::size_t>(plot.mover_id - 1)].group.empty()) {
        ++convoy_plots;
      }
    }
  }
  EXPECT_NEAR(convoy_plots / static_cast<double>(chances), 0.9, 0.05);
  const double area_km2 = 50.0 / 360 * std::numbers::pi * (20.0 * 20 - 8.0 * 8);
  const double expected_alarms = 66 * area_km2 * config.false_alarms_per_km2();
  EXPECT_NEAR(false_alarms, expected_alarms, 5 * std::sqrt(expected_alarms));
}

TEST(SimulateScans, WalkingGroupsAreTooSlowForTheRadar) {
  const Scenario scenario = testing::DemoScenario("scenario", 12);
  const World world = MakeWorld(scenario);
  for (const auto& scan : SimulateScans(scenario, world)) {
    for (const auto& plot : scan.plots) {
      if (plot.mover_id == 0) continue;
      EXPECT_NE(world.movers[static_cast<std::size_t>(plot.mover_id - 1)].kind,
                MoverKind::kPersonGroup);
    }
  }
}

TEST(EncodeScans, TheDecoderReadsWhatWasSimulatedMarkedAsAnExercise) {
  const Scenario scenario = testing::DemoScenario("scenario", 13);
  const World world = MakeWorld(scenario);
  const auto scans = SimulateScans(scenario, world);
  const auto bytes = EncodeScans(scenario, scans);
  ASSERT_TRUE(bytes) << bytes.error().message;
  stanag4607::Stanag4607Stream stream;
  auto items = stream.Push(AsBytes(*bytes));
  for (auto& item : stream.Finish()) items.push_back(std::move(item));
  std::size_t dwells = 0;
  int missions = 0, jobs = 0;
  for (const auto& item : items) {
    ASSERT_TRUE(std::holds_alternative<stanag4607::Packet>(item));
    const auto& packet = std::get<stanag4607::Packet>(item);
    EXPECT_EQ(packet.header.exercise, 129);
    for (const auto& segment : packet.segments) {
      missions += std::holds_alternative<stanag4607::MissionSegment>(segment.body) ? 1 : 0;
      jobs += std::holds_alternative<stanag4607::JobDefinitionSegment>(segment.body) ? 1 : 0;
      const auto* dwell = std::get_if<stanag4607::DwellSegment>(&segment.body);
      if (dwell == nullptr) continue;
      const auto& scan = scans[dwells++];
      EXPECT_EQ(dwell->time_ms,
                12U * 3'600'000 + static_cast<unsigned>(std::lround(scan.t_s * 1000)));
      ASSERT_EQ(dwell->targets.size(), scan.plots.size());
      for (std::size_t i = 0; i < scan.plots.size(); ++i) {
        const auto& target = dwell->targets[i];
        EXPECT_GE(*target.classification, 128);
        EXPECT_NEAR(target.latitude->angle().deg(), scan.plots[i].position.latitude.deg(), 1e-7);
        EXPECT_NEAR(target.longitude->longitude().deg(), scan.plots[i].position.longitude.deg(),
                    1e-7);
        EXPECT_NEAR(*target.los_velocity_cmps, scan.plots[i].range_rate_mps * 100, 0.51);
      }
    }
  }
  EXPECT_EQ(dwells, scans.size());
  EXPECT_EQ(missions, 4);
  EXPECT_EQ(jobs, 4);
}

}  // namespace
}  // namespace trucewatch::simulate
