// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/st0903.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/ingest/klv/klv_test_support.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

using testing::FromHex;

Result<Vmti> ReadVmti(const std::string& hex, std::uint64_t width = 0) {
  const std::string bytes = FromHex(hex);
  return DecodeVmti(AsBytes(bytes), 0, width);
}

TEST(Vmti, ReadsTheKwiverExamples) {
  // System FOV 12.5 deg; one target, id 1, centroid pixel 409600 of a frame 1920 wide.
  const auto vmti = ReadVmti("0B020640 0401 05 08020780 65 07 06 01 0103 064000");
  ASSERT_TRUE(vmti);
  EXPECT_NEAR(vmti->horizontal_fov->deg(), 12.5, 1e-9);
  ASSERT_EQ(vmti->targets.size(), 1U);
  EXPECT_EQ(vmti->targets[0].id, 1U);
  ASSERT_TRUE(vmti->targets[0].centroid);
  EXPECT_EQ(vmti->targets[0].centroid->row, 1 + (409600U - 1) / 1920);
  EXPECT_EQ(vmti->targets[0].centroid->column, 1 + (409600U - 1) % 1920);
}

TEST(Vmti, ReadsOffsetsHeightsAndLocations) {
  const std::string location = "40000000 40000000 2A94 0100 0200 0300";
  const auto vmti =
      ReadVmti("65 29 28 8102 0A03 3A6667 0B03 3A6667 0C02 2A94 1704 00000001 1110" + location);
  ASSERT_TRUE(vmti) << vmti.error().message;
  ASSERT_EQ(vmti->targets.size(), 1U);
  const VmtiTarget& target = vmti->targets[0];
  EXPECT_EQ(target.id, 130U);
  EXPECT_NEAR(target.latitude_offset->deg(), 10.0, 1e-5);
  EXPECT_NEAR(*target.height_hae_m, 10000, 1e-9);
  EXPECT_EQ(target.detection_status, 1U);
  ASSERT_TRUE(target.location);
  // IMAPB: bPow of 180 degrees is 8, so 0x40000000 is half of 256 above -90.
  EXPECT_NEAR(target.location->latitude.deg(), -90 + 128, 1e-6);
  EXPECT_NEAR(target.location->longitude.deg(), -180 + 256, 1e-6);
  EXPECT_NEAR(*target.sigma_east_m, 8.0, 1e-9);
  EXPECT_NEAR(*target.sigma_up_m, 24.0, 1e-9);
}

TEST(Vmti, OldEditionsAreLinear) {
  const auto vmti = ReadVmti("040103 0B02FFFF 65 0A 09 01 0A03 7FFFFF 04 01 01");
  ASSERT_TRUE(vmti);
  EXPECT_NEAR(vmti->horizontal_fov->deg(), 180, 1e-9);
  ASSERT_EQ(vmti->targets.size(), 1U) << vmti->problems.size();
  EXPECT_NEAR(vmti->targets[0].latitude_offset->deg(), 19.2, 1e-9);
}

TEST(Vmti, PixelsNeedAWidth) {
  EXPECT_FALSE(ReadVmti("65 05 04 01 0101 0A")->targets[0].centroid);
  EXPECT_EQ(ReadVmti("65 05 04 01 0101 0A", 4)->targets[0].centroid->row, 3U);
  EXPECT_FALSE(ReadVmti("65 05 04 01 0101 00", 4)->targets[0].centroid);  // pixels count from 1
}

TEST(Vmti, DamagedTargetCostsThatTarget) {
  const auto vmti = ReadVmti("65 0E 04 01 0409 01  04 02 0401 07  04 03 0401", 0);
  ASSERT_TRUE(vmti);
  ASSERT_EQ(vmti->targets.size(), 1U);
  EXPECT_EQ(vmti->targets[0].id, 2U);
  EXPECT_EQ(vmti->targets[0].priority, 7U);
  EXPECT_EQ(vmti->problems.size(), 2U);
}

TEST(Vmti, StandaloneSampleIsRead) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/vmti-0903.bin");
  const auto packets = testing::PacketsOf(SplitKlv(AsBytes(testing::ReadAll(path))));
  ASSERT_EQ(packets.size(), 5U);
  std::uint64_t next_id = 0;
  for (const KlvPacket& packet : packets) {
    EXPECT_EQ(CheckKlvChecksum(packet), KlvChecksumState::kOk);
    const auto vmti = DecodeVmti(packet.value(), 0, 0);
    ASSERT_TRUE(vmti) << vmti.error().message;
    EXPECT_EQ(vmti->frame_width_px, 1000U);
    EXPECT_EQ(vmti->source_sensor, "EO Nose");
    ASSERT_EQ(vmti->targets.size(), 2U);
    for (const VmtiTarget& target : vmti->targets) {
      EXPECT_EQ(target.id, next_id++);
      ASSERT_TRUE(target.centroid);
      EXPECT_LE(target.centroid->row, *vmti->frame_height_px);
    }
    EXPECT_TRUE(vmti->problems.empty());
  }
}

TEST(Vmti, RandomBytesNeverCrash) {
  std::mt19937_64 random(31);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = FromHex("65");
    const std::size_t size = random() % 60;
    bytes.push_back(static_cast<char>(size));
    for (std::size_t k = 0; k < size; ++k) {
      bytes.push_back(static_cast<char>(random() % (random() % 2 == 0 ? 24 : 256)));
    }
    const auto vmti = DecodeVmti(AsBytes(bytes), 0, 640);
    EXPECT_TRUE(!vmti || vmti->targets.size() <= size);
  }
}

}  // namespace
}  // namespace trucewatch
