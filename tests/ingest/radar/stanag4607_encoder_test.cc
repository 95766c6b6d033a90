// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/stanag4607_encoder.h"

#include <gtest/gtest.h>

#include <random>

#include "ingest/radar/stanag4607_decoder.h"
#include "tests/ingest/radar/random_packets.h"

namespace trucewatch::stanag4607 {
namespace {

TEST(Stanag4607Encoder, RoundTripsAHundredThousandRandomSegmentsOfEveryKind) {
  std::mt19937_64 random(1);
  std::size_t dwells = 0;
  std::size_t targets = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::vector<Segment> segments = {testing::RandomSegment(random),
                                           testing::RandomSegment(random)};
    PacketHeader header = testing::RandomHeader(random);
    const auto bytes = EncodePacket(header, segments);
    ASSERT_TRUE(bytes.has_value()) << i << ": " << bytes.error().message;
    const auto packet = DecodePacket(AsBytes(*bytes), 100);
    ASSERT_TRUE(packet.has_value()) << i << ": " << packet.error().message;
    ASSERT_TRUE(packet->faults.empty()) << i << ": " << packet->faults[0].reason;
    ASSERT_EQ(packet->segments.size(), 2U);
    EXPECT_EQ(packet->header.size, bytes->size());
    header.size = packet->header.size;
    EXPECT_EQ(packet->header, header);
    for (int k = 0; k < 2; ++k) {
      ASSERT_EQ(packet->segments[k].body, segments[k]) << i;
      EXPECT_TRUE(packet->segments[k].remarks.empty());
      if (const auto* dwell = std::get_if<DwellSegment>(&segments[k])) {
        ++dwells;
        targets += dwell->targets.size();
      }
    }
    EXPECT_EQ(packet->segments[0].offset, 132U);
  }
  EXPECT_GT(dwells, 10'000U);
  EXPECT_GT(targets, 15'000U);
}

TEST(Stanag4607Encoder, ReproducesTheFixtureBytes) {
  const std::string dwell_payload = testing::FromHex(
      "ff0003c180000000 0003 000b 01 0001 01d2eb40 5181ef29 11942380 000cf850 51234568 1159e26b "
      "0640 "
      "0111 51185934 115bb474");
  DwellSegment dwell;
  dwell.revisit_index = 3;
  dwell.dwell_index = 11;
  dwell.last_dwell = 1;
  dwell.time_ms = 30'600'000;
  dwell.sensor_latitude = Sa32::From(Angle::Degrees(57.31));
  dwell.sensor_longitude = Ba32::From(Angle::Degrees(24.72));
  dwell.sensor_height_hae_cm = 850'000;
  dwell.centre_latitude = Sa32::From(Angle::Degrees(57.05));
  dwell.centre_longitude = Ba32::From(Angle::Degrees(24.40));
  dwell.range_half_extent_km = B16::From(12.5);
  dwell.angle_half_extent = Ba16::From(Angle::Degrees(1.49963));
  TargetReport target;
  target.latitude = Sa32{0x51185934};
  target.longitude = Ba32{0x115bb474};
  dwell.targets = {target};
  const auto bytes = EncodeSegment(dwell);
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(HexEncode(AsBytes(*bytes).subspan(5)), HexEncode(AsBytes(dwell_payload)));
  EXPECT_EQ(static_cast<std::uint8_t>((*bytes)[0]), 2);
  EXPECT_EQ(ReadBe32(AsBytes(*bytes).subspan(1, 4)), bytes->size());
}

TEST(Stanag4607Encoder, FixedSegmentsHaveTheStandardsSizes) {
  MissionSegment mission;
  mission.year = 2026;
  mission.month = 3;
  mission.day = 1;
  EXPECT_EQ(EncodeSegment(mission)->size(), 44U);
  EXPECT_EQ(EncodeSegment(JobDefinitionSegment{})->size(), 73U);
  EXPECT_EQ(EncodeSegment(TestStatusSegment{})->size(), 19U);
  EXPECT_EQ(EncodeSegment(PlatformLocationSegment{})->size(), 28U);
}

TEST(Stanag4607Encoder, RefusesWhatTheDecoderWouldRefuse) {
  DwellSegment good;
  TargetReport target;
  target.report_index = 1;
  good.targets = {target, target};
  ASSERT_TRUE(EncodeSegment(good).has_value());

  DwellSegment unlike = good;
  unlike.targets[1].snr_db = 3;
  EXPECT_FALSE(EncodeSegment(unlike).has_value());
  DwellSegment half = good;
  half.sensor_sigma_along_track_cm = 1;
  EXPECT_FALSE(EncodeSegment(half).has_value());
  DwellSegment unscaled = good;
  for (auto& t : unscaled.targets) {
    t.delta_latitude = 1;
    t.delta_longitude = 1;
  }
  EXPECT_FALSE(EncodeSegment(unscaled).has_value());
  DwellSegment empty_target = good;
  empty_target.targets = {TargetReport{}};
  EXPECT_FALSE(EncodeSegment(empty_target).has_value());
  DwellSegment crowd = good;
  crowd.targets.assign(65'536, target);
  EXPECT_FALSE(EncodeSegment(crowd).has_value());
  EXPECT_FALSE(EncodeSegment(FreeTextSegment{}).has_value());
  ProcessingHistorySegment history;
  history.records.resize(256);
  EXPECT_FALSE(EncodeSegment(history).has_value());
  EXPECT_FALSE(EncodeSegment(MissionSegment{}).has_value());
}

TEST(Stanag4607Encoder, AnglesTakeTheNearestCountAndWrap) {
  EXPECT_EQ(Ba32::From(Angle::Degrees(-2.66116)).raw, Ba32::From(Angle::Degrees(357.33884)).raw);
  EXPECT_EQ(Ba16::From(Angle::Degrees(359.9999)).raw, 0);
  EXPECT_EQ(Sa32::From(Angle::Degrees(90.0)).raw, 0x7FFFFFFF);
  EXPECT_EQ(Sa32::From(Angle::Degrees(-90.0)).raw, INT32_MIN);
  EXPECT_EQ(B16::From(-12.5).raw, 0x8640);
  EXPECT_EQ(MinusDbFromFalseAlarmsPerKm2(0.01), 80);
  EXPECT_NEAR(FalseAlarmsPerKm2(80), 0.01, 1e-12);
}

}  // namespace
}  // namespace trucewatch::stanag4607
