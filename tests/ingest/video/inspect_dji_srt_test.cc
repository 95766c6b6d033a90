// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ingest/video/dji_srt.h"

namespace trucewatch {
namespace {

using Lines = std::vector<google::protobuf::Struct>;

// The lines of a sidecar that is read `piece` bytes at a time.
Lines InspectSidecar(const std::string& text, std::size_t piece) {
  Lines lines;
  std::size_t at = 0;
  const auto read = [&](std::size_t wanted) -> Result<std::string> {
    const std::string part = text.substr(at, std::min(piece, wanted));
    at += part.size();
    return part;
  };
  const auto inspected = InspectDjiSrt("a.srt", read, [&](const std::string& line) {
    google::protobuf::Struct parsed;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &parsed).ok()) << line;
    lines.push_back(parsed);
  });
  EXPECT_TRUE(inspected);
  return lines;
}

const std::string kTwoCues =
    "1\n00:00:00,000 --> 00:00:00,040\n"
    "<font size=\"28\">FrameCnt: 1, DiffTime: 40ms\n2026-05-27 13:14:22.951\n"
    "[focal_len: 24.00] [latitude: 53.365108] [longitude: 6.460719] "
    "[rel_alt: 6.000 abs_alt: -122.769] [gb_yaw: 12.5 gb_pitch: -45.0 gb_roll: 0.0] </font>\n\n"
    "2\n00:00:09,000 --> 00:00:08,000\nnothing\n\n";

TEST(InspectDjiSrt, ACueIsALineOfItsValuesAndItsTimeStatesNoZone) {
  const Lines lines = InspectSidecar(kTwoCues, 1 << 20);
  ASSERT_EQ(lines.size(), 2U);
  const auto& cue = lines[0].fields();
  EXPECT_EQ(cue.at("file").string_value(), "a.srt");
  EXPECT_EQ(cue.at("format").string_value(), "dji_srt");
  EXPECT_TRUE(cue.at("ok").bool_value());
  EXPECT_EQ(cue.at("offset").number_value(), 0);
  EXPECT_EQ(cue.at("cue").number_value(), 1);
  EXPECT_EQ(cue.at("start_s").number_value(), 0);
  EXPECT_EQ(cue.at("end_s").number_value(), 0.04);
  EXPECT_EQ(cue.at("picture").number_value(), 1);
  EXPECT_EQ(cue.at("time_local").string_value(), "2026-05-27T13:14:22.951000");
  EXPECT_EQ(cue.at("lat_deg").number_value(), 53.365108);
  EXPECT_EQ(cue.at("lon_deg").number_value(), 6.460719);
  EXPECT_EQ(cue.at("relative_height_m").number_value(), 6);
  EXPECT_EQ(cue.at("absolute_height_m").number_value(), -122.769);
  EXPECT_EQ(cue.at("gimbal_yaw_deg").number_value(), 12.5);
  EXPECT_EQ(cue.at("gimbal_pitch_deg").number_value(), -45);
  EXPECT_EQ(cue.at("gimbal_roll_deg").number_value(), 0);
  EXPECT_EQ(cue.at("focal_length_mm").number_value(), 24);
}

TEST(InspectDjiSrt, ACueThatCannotBeUsedSaysWhyAndWhereItLies) {
  const Lines lines = InspectSidecar(kTwoCues, 1 << 20);
  ASSERT_EQ(lines.size(), 2U);
  const auto& cue = lines[1].fields();
  EXPECT_FALSE(cue.at("ok").bool_value());
  EXPECT_NE(cue.at("error").string_value(), "");
  EXPECT_EQ(cue.at("offset").number_value(), static_cast<double>(kTwoCues.find("2\n00:00:09")));
  EXPECT_EQ(cue.count("lat_deg"), 0U);
  EXPECT_EQ(cue.count("time_local"), 0U);
}

TEST(InspectDjiSrt, TheSizeOfTheReadsMakesNoDifference) {
  const Lines whole = InspectSidecar(kTwoCues, 1 << 20);
  for (const std::size_t piece : {1U, 7U, 64U}) {
    const Lines pieces = InspectSidecar(kTwoCues, piece);
    ASSERT_EQ(pieces.size(), whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      EXPECT_EQ(pieces[i].DebugString(), whole[i].DebugString());
    }
  }
}

TEST(InspectDjiSrt, AReadThatFailsEndsItWithTheReason) {
  int lines = 0;
  const auto inspected = InspectDjiSrt(
      "a.srt", [](std::size_t) -> Result<std::string> { return Fail(ErrorCode::kIo, "torn off"); },
      [&](const std::string&) { ++lines; });
  ASSERT_FALSE(inspected);
  EXPECT_EQ(inspected.error().code, ErrorCode::kIo);
  EXPECT_EQ(inspected.error().message, "torn off");
  EXPECT_EQ(lines, 0);
}

}  // namespace
}  // namespace trucewatch
