// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/stanag4607_decoder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "ingest/radar/stanag4607_encoder.h"
#include "ingest/radar/stanag4607_stream.h"
#include "tests/ingest/radar/random_packets.h"
#include "tests/support/shared_data.h"

namespace trucewatch::stanag4607 {
namespace {

using testing::FromHex;

// trane293/stanag4607 fixtures, as quoted in specs/stanag4607.md section 6.1.
constexpr const char* kDwellHex =
    "ff0003c180000000 0003 000b 01 0001 01d2eb40 5181ef29 11942380 000cf850 51234568 1159e26b 0640 "
    "0111 51185934 115bb474";
constexpr const char* kJobHex =
    "0000004d c8 53594e524452 01 14 51eb851f 11234568 51eb851f 11d950c8 507f6e5d 11d950c8 507f6e5d "
    "11234568 01 012c ffff ffff ffff ff ffff ffff 8000 ffff ff ff ff 01 01";
constexpr const char* kLocationHex = "01d2eb40 5181ef29 11942380 000cf850 4111 0001d4c0 fe";

// Half a count of SA32 and of BA32, in degrees.
constexpr double kHalfSa32 = 90.0 / 4294967296.0;
constexpr double kHalfBa32 = 180.0 / 4294967296.0;

TEST(Stanag4607Decoder, ReadsTheFixtureHeader) {
  const std::string bytes =
      FromHex("3431 000000fe 5a5a 05 5a5a 0041 81 5a5a53594e3030303031 00001092 0000004d");
  const auto header = DecodePacketHeader(AsBytes(bytes));
  ASSERT_TRUE(header.has_value()) << header.error().message;
  EXPECT_EQ(header->version.str(), "41");
  EXPECT_EQ(header->size, 254U);
  EXPECT_EQ(header->nationality.str(), "ZZ");
  EXPECT_EQ(header->classification, 5);
  EXPECT_EQ(header->security_code, 0x0041);
  EXPECT_EQ(header->exercise, 129);
  EXPECT_EQ(header->platform.str(), "ZZSYN00001");
  EXPECT_EQ(header->mission_id, 4242U);
  EXPECT_EQ(header->job_id, 77U);
}

TEST(Stanag4607Decoder, ReadsTheFixtureDwell) {
  const auto segment = DecodeSegment(2, AsBytes(FromHex(kDwellHex)));
  ASSERT_TRUE(segment.has_value()) << segment.error().message;
  const auto& dwell = std::get<DwellSegment>(segment->body);
  EXPECT_EQ(segment->existence_mask, 0xff0003c180000000U);
  EXPECT_EQ(dwell.revisit_index, 3);
  EXPECT_EQ(dwell.dwell_index, 11);
  EXPECT_EQ(dwell.last_dwell, 1);
  EXPECT_EQ(dwell.time_ms, 30'600'000U);
  EXPECT_NEAR(dwell.sensor_latitude.angle().deg(), 57.31, kHalfSa32);
  EXPECT_NEAR(dwell.sensor_longitude.angle().deg(), 24.72, kHalfBa32);
  EXPECT_EQ(dwell.sensor_height_hae_cm, 850'000);
  EXPECT_NEAR(dwell.centre_latitude.angle().deg(), 57.05, kHalfSa32);
  EXPECT_NEAR(dwell.centre_longitude.angle().deg(), 24.40, kHalfBa32);
  EXPECT_EQ(dwell.range_half_extent_km.value(), 12.5);
  EXPECT_NEAR(dwell.angle_half_extent.angle().deg(), 1.49963, 5e-6);
  ASSERT_EQ(dwell.targets.size(), 1U);
  EXPECT_NEAR(dwell.targets[0].latitude->angle().deg(), 57.02, kHalfSa32);
  EXPECT_NEAR(dwell.targets[0].longitude->angle().deg(), 24.41, kHalfBa32);
  EXPECT_FALSE(dwell.targets[0].report_index.has_value());
  EXPECT_FALSE(dwell.min_detectable_velocity_dmps.has_value());
  EXPECT_TRUE(segment->remarks.empty());
}

TEST(Stanag4607Decoder, ReadsTheFixtureJobDefinition) {
  const auto segment = DecodeSegment(5, AsBytes(FromHex(kJobHex)));
  ASSERT_TRUE(segment.has_value()) << segment.error().message;
  const auto& job = std::get<JobDefinitionSegment>(segment->body);
  EXPECT_EQ(job.job_id, 77U);
  EXPECT_EQ(job.sensor_type, 200);
  EXPECT_EQ(job.sensor_model.str(), "SYNRDR");
  EXPECT_EQ(job.filtering, 1);
  EXPECT_EQ(job.priority, 20);
  EXPECT_NEAR(job.area_latitude[0].angle().deg(), 57.6, kHalfSa32);
  EXPECT_NEAR(job.area_longitude[1].angle().deg(), 25.1, kHalfBa32);
  EXPECT_NEAR(job.area_latitude[2].angle().deg(), 56.6, kHalfSa32);
  EXPECT_NEAR(job.area_longitude[3].angle().deg(), 24.1, kHalfBa32);
  EXPECT_EQ(job.radar_mode, 1);
  EXPECT_EQ(Stated(job.revisit_interval_ds, 0.1), 30.0);
  EXPECT_EQ(Stated(job.slant_range_sigma_cm, 0.01), std::nullopt);
  EXPECT_EQ(Stated(job.cross_range_sigma), std::nullopt);
  EXPECT_EQ(Stated(job.detection_probability_percent, 0.01), std::nullopt);
  EXPECT_EQ(job.terrain_model, 1);
  EXPECT_EQ(job.geoid_model, 1);
}

TEST(Stanag4607Decoder, ReadsTheFixturePlatformLocation) {
  const auto segment = DecodeSegment(13, AsBytes(FromHex(kLocationHex)));
  ASSERT_TRUE(segment.has_value()) << segment.error().message;
  const auto& location = std::get<PlatformLocationSegment>(segment->body);
  EXPECT_EQ(location.time_ms, 30'600'000U);
  EXPECT_EQ(location.height_hae_cm, 850'000);
  EXPECT_NEAR(location.track.angle().deg(), 91.49963, 5e-6);
  EXPECT_EQ(location.speed_mmps, 120'000U);
  EXPECT_EQ(location.vertical_velocity_dmps, -2);
}

TEST(Stanag4607Decoder, NumberTypesMatchTheStandardsExamples) {
  EXPECT_NEAR(Ba16{0x591C}.angle().deg(), 125.31005859, 5e-9);
  EXPECT_NEAR(Sa16{static_cast<std::int16_t>(0xCE66)}.angle().deg(), -34.8760986, 5e-8);
  EXPECT_NEAR(Ba32{0xA5A5A5A5}.angle().deg(), 232.941176, 5e-7);
  EXPECT_EQ(B16{0x0640}.value(), 12.5);
  EXPECT_EQ(B16{0x8640}.value(), -12.5);
  // AFRL situation-awareness file: scales and one delta target against its hi-res twin.
  const Sa32 centre_lat{0x39e38f9d}, scale_lat{0x0000048d};
  const Ba32 centre_lon{0xaf03f1ab}, scale_lon{0x00000247};
  EXPECT_NEAR(centre_lat.angle().deg(), 40.703139924, 5e-10);
  EXPECT_NEAR(centre_lon.longitude().deg(), -113.884585, 5e-7);
  EXPECT_NEAR(scale_lat.angle().deg(), 4.882459e-5, 5e-12);
  EXPECT_NEAR(scale_lon.angle().deg(), 4.886650e-5, 5e-12);
}

TEST(Stanag4607Decoder, ReadsThePublicPentlandFile) {
  TW_SHARED_DATA_OR_SKIP(path, "gmti/list1.4607");
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  Stanag4607Stream stream;
  auto items = stream.Push(AsBytes(bytes));
  EXPECT_TRUE(stream.Finish().empty());
  ASSERT_EQ(items.size(), 2U);
  const auto& first = std::get<Packet>(items[0]);
  EXPECT_EQ(first.header.version.str(), "31");
  EXPECT_EQ(first.header.exercise, 128);
  EXPECT_EQ(first.header.platform.str(), "Pico1");
  const auto& mission = std::get<MissionSegment>(first.segments.at(0).body);
  EXPECT_EQ(mission.mission_plan.str(), "Drifter 1");
  EXPECT_EQ(mission.flight_plan.str(), "A1234");
  EXPECT_EQ(mission.platform_configuration.str(), "Build 1");
  EXPECT_EQ(mission.year, 2016);
  EXPECT_EQ(mission.month, 7);
  EXPECT_EQ(mission.day, 28);
  const auto& second = std::get<Packet>(items[1]);
  EXPECT_EQ(second.offset, 76U);
  const auto& segment = second.segments.at(0);
  EXPECT_EQ(segment.existence_mask, 0xFF0003C39FFF0000U);
  const auto& dwell = std::get<DwellSegment>(segment.body);
  EXPECT_EQ(dwell.time_ms, 1'000'000U);
  EXPECT_EQ(dwell.sensor_height_hae_cm, 100'000);
  EXPECT_EQ(dwell.range_half_extent_km.value(), 2.5);
  ASSERT_EQ(dwell.targets.size(), 1U);
  const TargetReport& target = dwell.targets[0];
  EXPECT_EQ(target.latitude->raw, 0x4fa48124);
  EXPECT_EQ(target.longitude->raw, 0xfe12a8d9U);
  EXPECT_EQ(target.report_index, 0x22);
  EXPECT_FALSE(target.delta_latitude.has_value());
  EXPECT_EQ(target.height_hae_m, 100);
  EXPECT_EQ(target.los_velocity_cmps, 530);
  EXPECT_EQ(target.wrap_velocity_cmps, 40'000);
  EXPECT_EQ(target.snr_db, -128);
  EXPECT_EQ(target.classification, 10);  // vehicle
  EXPECT_EQ(target.class_probability_percent, 90);
  EXPECT_EQ(target.slant_range_sigma_cm, 1000);
  EXPECT_EQ(target.cross_range_sigma_dm, 2000);
  EXPECT_EQ(target.height_sigma_m, 200);
  EXPECT_EQ(target.radial_velocity_sigma_cmps, 5000);
  EXPECT_EQ(target.truth_tag_application, 200);
  EXPECT_EQ(target.truth_tag_entity, 10'000U);
  EXPECT_EQ(target.radar_cross_section_half_db, 10);
}

TEST(Stanag4607Decoder, HugeTargetCountIsRefusedBeforeAnythingIsAllocated) {
  std::string bytes = FromHex(kDwellHex);
  bytes[8 + 2 + 2 + 1] = static_cast<char>(0xFF);
  const auto segment = DecodeSegment(2, AsBytes(bytes));
  ASSERT_FALSE(segment.has_value());
  EXPECT_EQ(segment.error().code, ErrorCode::kBadInput);
  EXPECT_NE(segment.error().message.find("65281 targets"), std::string::npos)
      << segment.error().message;
}

TEST(Stanag4607Decoder, TargetFieldsInTheMaskOfAnEmptyDwellTakeNoBytes) {
  std::string bytes = FromHex(kDwellHex);
  bytes[8 + 2 + 2 + 1 + 1] = 0;
  bytes.resize(bytes.size() - 8);
  const auto segment = DecodeSegment(2, AsBytes(bytes));
  ASSERT_TRUE(segment.has_value()) << segment.error().message;
  EXPECT_TRUE(std::get<DwellSegment>(segment->body).targets.empty());
}

TEST(Stanag4607Decoder, RefusesMissingMandatoryAndSpareBitsAndTargetsWithoutFields) {
  for (const auto& [index, value] :
       {std::pair<std::size_t, int>{0, 0xFE}, {3, 0x01}, {7, 0x01}, {4, 0x00}}) {
    std::string bytes = FromHex(kDwellHex);
    bytes[index] = static_cast<char>(value);
    EXPECT_FALSE(DecodeSegment(2, AsBytes(bytes)).has_value()) << index;
  }
}

TEST(Stanag4607Decoder, ReadsALineOfSightVelocityWithoutItsWrapVelocity) {
  // tshark takes two bytes more here; the mask says they are not there.
  const std::string bytes = FromHex(
      "ff0003c188000000 0003 000b 01 0001 01d2eb40 5181ef29 11942380 000cf850 51234568 1159e26b "
      "0640 "
      "0111 51185934 115bb474 0584");
  const auto segment = DecodeSegment(2, AsBytes(bytes));
  ASSERT_TRUE(segment.has_value()) << segment.error().message;
  const auto& dwell = std::get<DwellSegment>(segment->body);
  EXPECT_EQ(dwell.targets.at(0).los_velocity_cmps, 1412);
  EXPECT_FALSE(dwell.targets.at(0).wrap_velocity_cmps.has_value());
  EXPECT_EQ(segment->remarks.size(), 1U);
}

TEST(Stanag4607Decoder, RefusesAnImpossibleMissionDate) {
  MissionSegment mission;
  mission.year = 2026;
  mission.month = 2;
  mission.day = 28;
  auto bytes = EncodeSegment(mission);
  ASSERT_TRUE(bytes.has_value());
  bytes->back() = 30;
  EXPECT_FALSE(DecodeSegment(1, AsBytes(*bytes).subspan(5)).has_value());
}

TEST(Stanag4607Decoder, SurvivesTruncationAtEveryByteAndEveryFlippedBit) {
  std::mt19937_64 random(4607);
  std::string stream_bytes;
  for (int i = 0; i < 12; ++i) {
    std::vector<Segment> segments = {testing::RandomSegment(random), testing::RandomDwell(random)};
    const auto packet = EncodePacket(testing::RandomHeader(random), segments);
    ASSERT_TRUE(packet.has_value()) << packet.error().message;
    stream_bytes += *packet;
  }
  const auto covered = [](const std::string& bytes) {
    Stanag4607Stream stream;
    auto items = stream.Push(AsBytes(bytes));
    for (auto& item : stream.Finish()) items.push_back(std::move(item));
    std::uint64_t at = 0;  // every byte belongs to one item, in order
    for (const StreamItem& item : items) {
      if (const auto* packet = std::get_if<Packet>(&item)) {
        EXPECT_EQ(packet->offset, at);
        at += packet->header.size;
      } else {
        EXPECT_EQ(std::get<StreamFault>(item).offset, at);
        EXPECT_FALSE(std::get<StreamFault>(item).reason.empty());
        at += std::get<StreamFault>(item).length;
      }
    }
    EXPECT_EQ(at, bytes.size());
    return items;
  };
  for (std::size_t size = 0; size < stream_bytes.size(); ++size) {
    covered(stream_bytes.substr(0, size));
  }
  for (std::size_t bit = 0; bit < stream_bytes.size() * 8; ++bit) {
    std::string damaged = stream_bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    // One bad record costs that record: of 12 packets at least 11 are still found.
    std::size_t packets = 0;
    for (const StreamItem& item : covered(damaged)) {
      packets += std::holds_alternative<Packet>(item) ? 1 : 0;
    }
    EXPECT_GE(packets, 11U) << "bit " << bit;
  }
}

}  // namespace
}  // namespace trucewatch::stanag4607
