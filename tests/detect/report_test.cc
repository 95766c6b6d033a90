// SPDX-License-Identifier: Apache-2.0
#include "detect/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/detect/encoded_scene.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

VideoSegment OneVehicle() {
  testing::SceneOptions options{.seed = 5, .pictures = 12};
  options.vehicles.push_back({.start_en_m = {-10, 5}, .velocity_en_mps = {10, 0}});
  return testing::Encode(testing::RenderScene(options));
}

TEST(Report, OneLineAFrameInOrder) {
  const FlatTerrain terrain(0, 0);
  std::vector<std::string> lines;
  std::vector<int> drawn;
  ReportOptions options;
  options.file = "a \"file\".ts";
  options.draw_every = 5;
  options.draw = [&](int frame, const std::string& png) -> Result<void> {
    EXPECT_TRUE(png.starts_with("\x89PNG"));
    drawn.push_back(frame);
    return {};
  };
  const std::vector<VideoSegment> segments = {OneVehicle()};
  const auto done = ReportSegments(
      segments, options, terrain, [&](const std::string& line) { lines.push_back(line); },
      [](const std::string& fault) { ADD_FAILURE() << fault; });
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(lines.size(), 12U);
  EXPECT_THAT(
      lines[3],
      HasSubstr(R"({"file":"a \"file\".ts","frame":3,"time_utc":"2026-02-25T06:13:20.300000Z",)"
                R"("width_px":960,"height_px":540,"position_sigma_stated_m":)"));
  EXPECT_THAT(lines[3], HasSubstr(R"("position_scatter_m":)"));
  EXPECT_THAT(lines[3], HasSubstr(R"("detections":[{"class":")"));
  EXPECT_THAT(lines[3], HasSubstr("\"box_px\":["));
  EXPECT_THAT(lines[3], HasSubstr("\"lat_deg\":36.2"));
  EXPECT_THAT(lines[3], HasSubstr("\"cov_m2\":["));
  EXPECT_THAT(lines[3], HasSubstr("\"groups\":[]}"));
  EXPECT_THAT(drawn, ::testing::ElementsAre(0, 5, 10));
}

TEST(Report, BoxesOnlyWithoutPose) {
  const FlatTerrain terrain(0, 0);
  VideoSegment segment = OneVehicle();
  for (VideoFrame& frame : segment.frames) frame.pose.reset();
  std::vector<std::string> lines;
  const auto next = ReportSegment(segment, {.file = "f"}, terrain, 100,
                                  [&](const std::string& line) { lines.push_back(line); });
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, 112);
  ASSERT_EQ(lines.size(), 12U);
  EXPECT_THAT(lines[5], HasSubstr("\"frame\":105"));
  EXPECT_THAT(lines[5], HasSubstr("\"degraded\":\"no platform pose\""));
  EXPECT_THAT(lines[5], HasSubstr("\"box_px\""));
  EXPECT_THAT(lines[5], Not(HasSubstr("lat_deg")));
}

TEST(Report, ABadSegmentIsSaidAndTheOthersGoOn) {
  const FlatTerrain terrain(0, 0);
  std::vector<VideoSegment> segments = {OneVehicle(), OneVehicle()};
  for (VideoFrame& frame : segments[0].frames) frame.access_unit = "?";
  std::vector<std::string> lines, faults;
  const auto done = ReportSegments(
      segments, {.file = "f.ts"}, terrain, [&](const std::string& line) { lines.push_back(line); },
      [&](const std::string& fault) { faults.push_back(fault); });
  ASSERT_TRUE(done);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_THAT(faults[0], HasSubstr("f.ts: frames 0 to 11:"));
  ASSERT_EQ(lines.size(), 12U);
  EXPECT_THAT(lines[0], HasSubstr("\"frame\":12"));
}

TEST(Report, ADrawingThatCannotBeKeptIsAnError) {
  const FlatTerrain terrain(0, 0);
  const std::vector<VideoSegment> segments = {OneVehicle()};
  const auto full = [](int, const std::string&) -> Result<void> {
    return Fail(ErrorCode::kIo, "the disk is full");
  };
  const auto done = ReportSegments(
      segments, {.file = "f", .draw = full}, terrain, [](const std::string&) {},
      [](const std::string&) {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kIo);
  EXPECT_THAT(done.error().message, HasSubstr("the disk is full"));
}

}  // namespace
}  // namespace trucewatch
