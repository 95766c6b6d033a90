// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tools/trucewatch/commands/commands.h"

namespace trucewatch::tools {
namespace {

using ::testing::HasSubstr;

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// One vehicle driving east, a camera that looks each second and loses nothing.
void WriteRecording(const testing::TempDirectory& folder) {
  std::ostringstream scans, meas;
  scans << "scan_id,receive_time,measure_time,sensor_id,sensor_type,sensor_x,sensor_y,fov_xmin,"
           "fov_xmax,fov_ymin,fov_ymax,prob_detect,mean_false,mdv\n";
  meas << "scan_id,range,azimuth,range_rate,x,y,var_range,var_azimuth,var_range_rate,cov_xx,"
          "cov_xy,cov_yy\n";
  std::mt19937 random(5);
  std::normal_distribution<double> noise(0, 5);
  for (int t = 0; t <= 60; ++t) {
    scans << t << ',' << t << ',' << t << ",drone1,eo,0,0,-500,500,-500,500,0.9,0.5,0\n";
    meas << t << ",,,," << -300 + 10 * t + noise(random) << ',' << noise(random) << ",,,,25,0,25\n";
  }
  WriteText(folder.File("a_scans.csv"), scans.str());
  WriteText(folder.File("a_meas.csv"), meas.str());
}

struct Row {
  double time = 0, x = 0, y = 0;
};

std::vector<Row> RowsOf(const std::string& csv) {
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  std::vector<Row> rows;
  while (std::getline(lines, line)) {
    Row row;
    int id = 0;
    EXPECT_EQ(std::sscanf(line.c_str(), "%lf,%d,%lf,%lf", &row.time, &id, &row.x, &row.y), 4);
    EXPECT_EQ(id, 1);
    rows.push_back(row);
  }
  return rows;
}

double MeanSquare(const std::vector<Row>& rows) {
  double sum = 0;
  for (const Row& row : rows) {
    sum += (row.x + 300 - 10 * row.time) * (row.x + 300 - 10 * row.time) + row.y * row.y;
  }
  return sum / static_cast<double>(rows.size());
}

TEST(TrackCommand, ScansAreFoundBesideThePlotsAndHindsightIsNearer) {
  const testing::TempDirectory folder;
  WriteRecording(folder);
  TrackCommand command{.input = folder.File("a_meas.csv"), .out = folder.File("live.csv")};
  command.quiet = true;
  ASSERT_EQ(RunTrack(command).value(), 0);
  command.out = folder.File("settled.csv");
  command.settled_lag_s = 30;
  ASSERT_EQ(RunTrack(command).value(), 0);
  const auto live = RowsOf(testing::ReadFile(folder.File("live.csv")));
  const auto settled = RowsOf(testing::ReadFile(folder.File("settled.csv")));
  EXPECT_EQ(settled.size(), 61U);  // from the first report on
  EXPECT_LT(live.size(), settled.size());
  EXPECT_LT(MeanSquare(settled), 0.6 * MeanSquare(live));
}

TEST(TrackCommand, SaysWhatIsWrongWithItsInput) {
  const testing::TempDirectory folder;
  WriteRecording(folder);
  const auto error = [](const TrackCommand& command) {
    const auto result = RunTrack(command);
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_THAT(error({.input = folder.File("none.4607")}), HasSubstr("no such file"));
  EXPECT_THAT(error({.input = folder.File("a_scans.csv")}), HasSubstr("--scans"));
  EXPECT_THAT(error({.input = folder.File("a_meas.csv"), .scans = folder.File("a_meas.csv")}),
              HasSubstr("no column"));
  WriteText(folder.File("text"), "a letter, not a radar");
  EXPECT_THAT(error({.input = folder.File("text")}), HasSubstr("is no radar recording"));
  EXPECT_THAT(error({.input = folder.File("text"), .site = "30;40"}),
              HasSubstr("expected LAT,LON"));
}

}  // namespace
}  // namespace trucewatch::tools
