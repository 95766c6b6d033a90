// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/ground_radar_recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numbers>

#include "tests/tools/simulate/demo_scenario.h"
#include "tests/tools/simulate/other_programs.h"
#include "tools/simulate/flight.h"

namespace trucewatch::simulate {
namespace {

using ::testing::HasSubstr;

TEST(SimulateTurns, ErrorsAndDetectionsAreAsStatedAndNobodyOnFootIsInThem) {
  const Scenario scenario = testing::DemoScenario("scenario", 11);
  const auto& radar = scenario.config.ground_radar();
  const World world = MakeWorld(scenario);
  const LocalFrame area(scenario.origin), frame(GroundRadarPlace(scenario));
  const auto scans = SimulateTurns(scenario, world);
  ASSERT_EQ(scans.size(), 120U);
  double range2 = 0, azimuth2 = 0, rate2 = 0;
  int real = 0, false_alarms = 0, convoy = 0, chances = 0;
  for (const auto& scan : scans) {
    double last_s = scan.start_s;
    for (const auto& plot : scan.plots) {
      EXPECT_GE(plot.t_s, last_s);
      EXPECT_LE(plot.t_s, scan.start_s + 2);
      last_s = plot.t_s;
      // The antenna turns clockwise from north: the time says the azimuth.
      const double off = Angle::Degrees((plot.t_s - scan.start_s) * 180 - plot.azimuth_deg)
                             .NormalisedSigned()
                             .deg();
      EXPECT_LT(std::abs(off), 3);
      if (plot.mover_id == 0) {
        ++false_alarms;
        continue;
      }
      const Mover& mover = world.movers[static_cast<std::size_t>(plot.mover_id - 1)];
      ASSERT_FALSE(mover.IsPeople());
      EXPECT_NE(mover.group, "lone_tracked");  // the ridge is beyond its range
      convoy += mover.group == "unannounced" ? 1 : 0;
      const auto place = [&](double t_s) {
        return frame.EnuFromGeodetic(GroundPlace(area, world.StateOf(mover, t_s)->position));
      };
      const Eigen::Vector3d truth = place(plot.t_s);
      const double bearing = std::atan2(truth.x(), truth.y()) * 180 / std::numbers::pi;
      range2 += std::pow(plot.range_m - truth.norm(), 2);
      azimuth2 += std::pow(Angle::Degrees(plot.azimuth_deg - bearing).NormalisedSigned().deg(), 2);
      if (!world.StateOf(mover, plot.t_s + 0.01) || !world.StateOf(mover, plot.t_s - 0.01))
        continue;
      const double rate = (place(plot.t_s + 0.01).norm() - place(plot.t_s - 0.01).norm()) / 0.02;
      if (std::abs(rate - plot.range_rate_mps) < 3)
        rate2 += std::pow(rate - plot.range_rate_mps, 2);
      ++real;
    }
    for (const Mover& mover : world.movers) {
      const auto state = world.StateOf(mover, scan.start_s + 1);
      if (mover.group != "unannounced" || !state || state->position.y() > 1600 ||
          state->position.y() < 700) {
        continue;  // where it neither passes abeam nor is out of range
      }
      ++chances;
    }
  }
  ASSERT_GT(real, 1000);
  EXPECT_NEAR(std::sqrt(range2 / real), radar.sigma_range_m(), 0.1 * radar.sigma_range_m());
  EXPECT_NEAR(std::sqrt(azimuth2 / real), radar.sigma_azimuth_deg(), 0.05);
  EXPECT_NEAR(std::sqrt(rate2 / real), radar.sigma_speed_mps(), 0.06);
  EXPECT_GT(convoy, 300);
  EXPECT_GT(chances, 100);
  const double expected_alarms =
      120 * std::numbers::pi * (3.5 * 3.5 - 0.2 * 0.2) * radar.false_alarms_per_km2();
  EXPECT_NEAR(false_alarms, expected_alarms, 5 * std::sqrt(expected_alarms));
}

// What Wireshark's dissector, which others wrote, makes of the capture: one line a record.
std::string Dissected(const Scenario& scenario, const std::string& fields) {
  const trucewatch::testing::TempDirectory directory;
  const World world = MakeWorld(scenario);
  std::ofstream(directory.File("gsr.pcap"), std::ios::binary)
      << EncodeTurns(scenario, SimulateTurns(scenario, world));
  return testing::OutputOf("tshark -r " + directory.File("gsr.pcap") +
                           " -d udp.port==8600,asterix -T fields " + fields + " 2>/dev/null");
}

TEST(EncodeTurns, TsharkReadsCat010WithATurnMarkEachScanAndNothingMalformed) {
  if (!testing::Have("tshark")) GTEST_SKIP() << "tshark is not installed";
  const Scenario scenario =
      testing::DemoScenario("scenario", 2, [](auto& s) { testing::Shorten(s, 20); });
  const auto scans = SimulateTurns(scenario, MakeWorld(scenario));
  std::size_t plots = 0;
  for (const auto& scan : scans) plots += scan.plots.size();
  std::istringstream lines(
      Dissected(scenario,
                "-e ip.dst -e udp.dstport -e asterix.category -e asterix.010_000_VALUE "
                "-e asterix.010_020_SIM -e _ws.malformed -e udp.checksum.status"));
  std::size_t marks = 0, reports = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(line.rfind("239.1.1.1\t8600\t10\t", 0), 0U) << line;
    std::istringstream cells(line);
    std::vector<std::string> cell;
    for (std::string c; std::getline(cells, c, '\t');) cell.push_back(c);
    ASSERT_GE(cell.size(), 5U) << line;
    for (const char c : cell[3]) {
      marks += c == '2' ? 1 : 0;
      reports += c == '1' ? 1 : 0;
    }
    if (cell.size() > 5) {
      EXPECT_EQ(cell[5], "") << line;
    }
    for (const char c : cell[4]) EXPECT_TRUE(c == '1' || c == ',') << line;  // SIM
  }
  EXPECT_EQ(marks, scans.size());
  EXPECT_EQ(reports, plots);
}

TEST(EncodeTurns, TheOtherCategoryIsCat048WithNorthMarkersOfCat034) {
  if (!testing::Have("tshark")) GTEST_SKIP() << "tshark is not installed";
  const Scenario scenario = testing::DemoScenario("scenario", 2, [](auto& s) {
    testing::Shorten(s, 20);
    s.mutable_ground_radar()->set_category(v1::config::GroundRadarConfig::CAT048);
  });
  const std::string text =
      Dissected(scenario, "-e asterix.category -e asterix.034_000_VALUE -e _ws.malformed");
  EXPECT_THAT(text, HasSubstr("34\t1"));
  EXPECT_THAT(text, HasSubstr("48\t"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("alformed")));
}

}  // namespace
}  // namespace trucewatch::simulate
