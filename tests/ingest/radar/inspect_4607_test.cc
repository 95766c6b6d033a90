// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/inspect_4607.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "tests/ingest/radar/radar_files.h"
#include "tests/ingest/radar/random_packets.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

struct Inspected {
  std::vector<std::string> lines;
  Result<void> result;
};

Inspected Inspect(const std::string& bytes) {
  Inspected out;
  std::size_t at = 0;
  out.result = InspectStanag4607(
      "a.4607",
      [&](std::size_t max) -> Result<std::string> {
        const std::string piece = bytes.substr(at, max);
        at += piece.size();
        return piece;
      },
      [&](const std::string& line) { out.lines.push_back(line); });
  return out;
}

bool Has(const std::string& line, const std::string& text) {
  return line.find(text) != std::string::npos;
}

TEST(Inspect4607, WritesThePublicFileOutFieldByField) {
  TW_SHARED_DATA_OR_SKIP(path, "gmti/list1.4607");
  std::ifstream file(path, std::ios::binary);
  const auto out = Inspect({std::istreambuf_iterator<char>(file), {}});
  ASSERT_TRUE(out.result.has_value());
  ASSERT_EQ(out.lines.size(), 2U);
  EXPECT_TRUE(Has(out.lines[0],
                  R"({"file":"a.4607","offset":32,"length":44,"format":"stanag4607","ok":true,)"
                  R"("segment":"mission")"))
      << out.lines[0];
  EXPECT_TRUE(Has(out.lines[0], R"("mission_plan":"Drifter 1")"));
  for (const char* expected :
       {R"("segment":"dwell")", R"("offset":108)", R"("time_utc":"2016-07-28T00:16:40Z")",
        R"("existence_mask":"ff0003c39fff0000")", R"("dwell_time_s":1000,)",
        R"("sensor_height_hae_m":1000,)", R"("range_half_extent_m":2500,)",
        R"("angle_half_extent_deg":22.5,)", R"("velocity_mps":5.3,)", R"("wrap_velocity_mps":400,)",
        R"("classification":10,)", R"("class":"vehicle")", R"("class_probability":0.9,)",
        R"("slant_range_sigma_m":10,)", R"("cross_range_sigma_m":200,)", R"("lon_deg":-2.70999996)",
        R"("lat_deg":55.99869998)", R"("exercise_indicator":128)"}) {
    EXPECT_TRUE(Has(out.lines[1], expected)) << expected << "\n" << out.lines[1];
  }
}

TEST(Inspect4607, DamageIsALineWithItsReasonAndReadingGoesOn) {
  auto packets = stanag4607::testing::RadarPackets({.dwells = 3});
  packets[2][4] = 'x';
  packets[1][32 + 5] = 0;  // the mask of a dwell
  const auto out = Inspect(stanag4607::testing::Joined(packets));
  ASSERT_TRUE(out.result.has_value());
  ASSERT_EQ(out.lines.size(), 5U);  // mission, job, bad dwell, bad packet, dwell
  EXPECT_TRUE(Has(out.lines[1], R"("detection_probability":null)")) << out.lines[1];
  EXPECT_TRUE(Has(out.lines[2], R"("ok":false,"error":"existence mask)")) << out.lines[2];
  EXPECT_TRUE(Has(out.lines[2], R"("segment":"dwell")"));
  EXPECT_TRUE(Has(out.lines[3], R"("ok":false,"error":"segment of type)")) << out.lines[3];
  EXPECT_TRUE(
      Has(out.lines[3], fmt::format(R"("offset":{},"length":{},)",
                                    packets[0].size() + packets[1].size(), packets[2].size())));
  EXPECT_TRUE(Has(out.lines[4], R"("ok":true)"));
}

TEST(Inspect4607, DeltaTargetsHaveTheirPlace) {
  stanag4607::DwellSegment dwell;
  dwell.centre_latitude.raw = 0x39e38f9d;
  dwell.centre_longitude.raw = 0xaf03f1ab;
  dwell.scale_latitude = stanag4607::Sa32{0x48d};
  dwell.scale_longitude = stanag4607::Ba32{0x247};
  stanag4607::TargetReport target;
  target.delta_latitude = 0x13;
  target.delta_longitude = 0x5f;
  dwell.targets = {target};
  const std::vector<stanag4607::Segment> segments = {dwell};
  const auto out = Inspect(stanag4607::EncodePacket({}, segments).value());
  ASSERT_EQ(out.lines.size(), 1U);
  EXPECT_TRUE(Has(out.lines[0], R"("lat_deg":40.70406759)")) << out.lines[0];
  EXPECT_TRUE(Has(out.lines[0], R"("delta_lat_counts":19)"));
}

TEST(Inspect4607, OtherFilesAreRefusedWithoutALine) {
  const auto text = Inspect("Not a radar file, but it says 30 somewhere.");
  ASSERT_FALSE(text.result.has_value());
  EXPECT_EQ(text.result.error().code, ErrorCode::kBadInput);
  EXPECT_TRUE(Has(text.result.error().message, "4e6f742061"));
  EXPECT_TRUE(text.lines.empty());
  EXPECT_FALSE(Inspect("").result.has_value());
}

TEST(Inspect4607, EveryLineOfRandomPacketsIsOneObject) {
  std::mt19937_64 random(12);
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    const std::vector<stanag4607::Segment> segments = {stanag4607::testing::RandomSegment(random)};
    bytes += stanag4607::EncodePacket(stanag4607::testing::RandomHeader(random), segments).value();
  }
  const auto out = Inspect(bytes);
  EXPECT_EQ(out.lines.size(), 300U);
  for (const std::string& line : out.lines) {
    EXPECT_EQ(line.front(), '{');
    EXPECT_EQ(line.back(), '}');
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_TRUE(Has(line, R"("ok":true)"));
  }
}

}  // namespace
}  // namespace trucewatch
