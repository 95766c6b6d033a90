// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/st0601.h"

#include <gtest/gtest.h>

#include "ingest/klv/st0601_encoder.h"
#include "tests/ingest/klv/klv_test_support.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

using testing::Decode;
using testing::FromHex;
using testing::MakeSt0601;

TEST(St0601, DecodesTheExamplesOfTheStandard) {
  struct Example {
    const char* item;
    std::uint32_t tag;
    double value;
    double tolerance;
  };
  const Example examples[] = {
      {"050271C2", 5, 159.974365, 1e-6},
      {"0602FD3D", 6, -0.431532, 1e-6},
      {"070208B8", 7, 3.405866, 1e-6},
      {"0D045595B66D", 13, 60.176823, 1e-6},
      {"0E045B5360C4", 14, 128.426759, 1e-6},
      {"0F02C221", 15, 14190.719, 1e-3},
      {"1002CD9C", 16, 144.571298, 1e-6},
      {"1102D917", 17, 152.643626, 1e-6},
      {"1204724A0A20", 18, 160.719211, 1e-6},
      {"130487F84B86", 19, -168.792325, 1e-6},
      {"14047DC55ECE", 20, 176.865438, 1e-6},
      {"150403830926", 21, 68590.983, 1e-3},
      {"16021281", 22, 722.820, 1e-3},
      {"1704F101A229", 23, -10.542389, 1e-6},
      {"180414BC082B", 24, 29.157890, 1e-6},
      {"190234F3", 25, 3216.037, 1e-3},
      {"1A021750", 26, 0.0136601, 1e-7},
      {"1A02C06E", 26, -0.0372494, 1e-7},
      {"28048F695262", 40, -79.163850, 1e-6},
      {"2904765457F2", 41, 166.400813, 1e-6},
      {"2A02F823", 42, 18389.047, 1e-3},
      {"2D021A95", 45, 425.215, 1e-3},
      {"2E022611", 46, 608.923, 1e-3},
      {"38018C", 56, 140, 0},
      {"3904B38EACF1", 57, 3506979.032, 1e-3},
      {"5A04FF62E2F2", 90, -0.431525, 1e-6},
      {"5B0404D804DF", 91, 3.405814, 1e-6},
      {"5204F1069B63", 82, -10.528728, 1e-6},
      {"530414BCB2C0", 83, 29.161550, 1e-6},
      {"600300D92A", 96, 13898.5, 0.2},
      {"68032F921E", 104, 23456.234, 0.01},
      {"70021F40", 112, 125.0, 1e-9},
      {"710305F500", 113, 2150.0, 1e-9},
      {"2F0131", 47, 49, 0},
      {"0208000459F4A6AA4AA8", 2, 1224807209913000.0, 0},
  };
  for (const Example& e : examples) {
    const UasDatalink set = Decode(MakeSt0601(FromHex(e.item)));
    const auto value = set.Number(e.tag);
    ASSERT_TRUE(value) << e.item;
    EXPECT_NEAR(*value, e.value, e.tolerance) << e.item;
    EXPECT_TRUE(set.checksum_ok());
  }
  EXPECT_EQ(FormatUtc(*Decode(MakeSt0601(FromHex("0208000459F4A6AA4AA8"))).time),
            "2008-10-24T00:13:29.913000Z");
  EXPECT_EQ(FormatUtc(*Decode(MakeSt0601(FromHex("020800046050584E0180"))).time),
            "2009-01-12T22:08:22Z");
}

TEST(St0601, DecodesWholePacketsAndTheirChecksums) {
  const UasDatalink mission = Decode(FromHex(testing::kMissionPacket));
  EXPECT_TRUE(mission.checksum_ok());
  EXPECT_EQ(mission.length, 65U);
  EXPECT_EQ(mission.Text(3), "MISSION01");
  EXPECT_EQ(mission.Number(65), 13);
  EXPECT_EQ(mission.items.size(), 8U);
  EXPECT_TRUE(mission.problems.empty());
  const UasDatalink minimal = Decode(FromHex(testing::kMinimalPacket));
  EXPECT_TRUE(minimal.checksum_ok());
  EXPECT_EQ(minimal.Number(65), 19);
  const UasDatalink day = Decode(FromHex(testing::kDayFlightPacket));
  EXPECT_TRUE(day.checksum_ok());
  EXPECT_EQ(FormatUtc(*day.time), "2009-06-17T16:53:05.099653Z");
  EXPECT_NEAR(*day.Number(13), 54.681323, 1e-6);
  EXPECT_NEAR(*day.Number(18), 46.1031, 1e-4);
  EXPECT_NEAR(*day.Number(21), 10928.62, 1e-2);
}

TEST(St0601, OtherWidthIsNotRescaled) {
  const UasDatalink day = Decode(FromHex(testing::kDayFlightPacket));
  EXPECT_FALSE(day.Number(22));  // 4 bytes on the wire
  EXPECT_EQ(day.Find(22)->Problem(), "4 bytes long, expected 2");
  EXPECT_EQ(day.Find(22)->raw, FromHex("000001c9"));
}

TEST(St0601, UnknownItemsAndValuesAreKept) {
  const UasDatalink set =
      Decode(MakeSt0601(FromHex("8F00 03 aabbcc 0500 0602 8000 0d04 80000000")));
  ASSERT_EQ(set.items.size(), 5U);
  EXPECT_EQ(set.items[0].tag, 1920U);
  EXPECT_EQ(set.items[0].spec, nullptr);
  EXPECT_EQ(set.items[0].raw, FromHex("aabbcc"));
  for (const std::uint32_t tag : {5U, 6U, 13U}) {
    EXPECT_FALSE(set.Number(tag)) << tag;  // zero length, out of range, error
    EXPECT_EQ(set.Find(tag)->Problem(), "");
  }
}

TEST(St0601, CorrectionOffsetMovesTheTime) {
  const UasDatalink set = Decode(MakeSt0601(FromHex("0208 00046050584E0180 8109 02 FFFE")));
  EXPECT_EQ(set.time, Instant::FromMicros(0x00046050584E0180 - 2));
  // Times that are none.
  EXPECT_FALSE(Decode(MakeSt0601(FromHex("0208 FFFFFFFFFFFFFFFF"))).time);
  EXPECT_FALSE(Decode(MakeSt0601(FromHex("0208 0000000000000001 8109 01 FE"))).time);
}

TEST(St0601, ToleratedChecksumsAreNamedAndNotOk) {
  const std::string good = FromHex(testing::kMissionPacket);
  const auto with = [&](std::uint16_t sum) {
    std::string packet = good.substr(0, good.size() - 2);
    AppendBe16(packet, sum);
    return Decode(packet).checksum;
  };
  const Bytes all = AsBytes(good);
  EXPECT_EQ(with(KlvChecksum(all.first(all.size() - 2))), KlvChecksumState::kOk);
  EXPECT_EQ(with(KlvChecksum(all.first(all.size() - 4))), KlvChecksumState::kOkWithoutItemHeader);
  EXPECT_EQ(with(KlvChecksum(all.subspan(17, all.size() - 19))),
            KlvChecksumState::kOkWithoutKeyAndLength);
  EXPECT_EQ(with(0x1234), KlvChecksumState::kBad);
  EXPECT_FALSE(Decode(good.substr(0, good.size() - 4) + FromHex("0102d0ea")).items.empty());
  // No checksum item, and one that is not the last.
  std::string none = good.substr(0, good.size() - 4);
  none[16] = static_cast<char>(none[16] - 4);
  EXPECT_EQ(Decode(none).checksum, KlvChecksumState::kMissing);
  std::string not_last = good + FromHex("38018c");
  not_last[16] = static_cast<char>(not_last[16] + 3);
  EXPECT_EQ(Decode(not_last).checksum, KlvChecksumState::kNotLast);
  EXPECT_FALSE(Decode(not_last).checksum_ok());
}

TEST(St0601, RepeatedAndMisplacedItemsAreTold) {
  const UasDatalink set = Decode(MakeSt0601(FromHex("38018c 38018d 0208 00046050584E0180")));
  EXPECT_EQ(set.problems, (std::vector<std::string>{"item 56 is there more than once",
                                                    "the time (item 2) is not the first item",
                                                    "no version (item 65)"}));
}

// What comes out of damaged bytes as checked must be the packet itself, whole.
TEST(St0601, NoDamageToAPacketIsEverOk) {
  const std::string good = FromHex(testing::kDayFlightPacket);
  for (std::size_t size = 0; size < good.size(); ++size) {
    for (const KlvPacket& packet : testing::PacketsOf(SplitKlv(AsBytes(good).first(size)))) {
      const auto set = DecodeSt0601(packet);
      EXPECT_FALSE(set && set->checksum_ok()) << "cut at " << size;
    }
  }
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string flipped = good;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    for (const KlvPacket& packet : testing::PacketsOf(SplitKlv(AsBytes(flipped)))) {
      const auto set = DecodeSt0601(packet);
      EXPECT_FALSE(set && IsSound(set->checksum)) << "bit " << bit;
    }
  }
}

TEST(St0601, EveryPacketOfARealFlightIsGood) {
  TW_SHARED_DATA_OR_SKIP(path, "klv/cheyenne-flight.klv");
  const auto records = SplitKlv(AsBytes(testing::ReadAll(path)));
  EXPECT_EQ(records.size(), 407U);  // packets and nothing else
  int good = 0;
  for (const KlvPacket& packet : testing::PacketsOf(records)) {
    const auto set = DecodeSt0601(packet);
    ASSERT_TRUE(set);
    good += set->checksum_ok() ? 1 : 0;
    EXPECT_EQ(set->Text(4), "N97826");
    EXPECT_NEAR(*set->Number(13), 41.1, 0.1);
  }
  EXPECT_EQ(good, 407);
}

TEST(St0601, WrongChecksumOfThePublicExampleIsSeen) {
  TW_SHARED_DATA_OR_SKIP(bad_path, "klv/DynamicConstantMISMMSPacketData.bin");
  TW_SHARED_DATA_OR_SKIP(good_path, "klv/DynamicOnlyMISMMSPacketData.bin");
  const UasDatalink bad = Decode(testing::ReadAll(bad_path));
  EXPECT_EQ(bad.length, 228U);
  EXPECT_EQ(bad.checksum, KlvChecksumState::kBad);
  const UasDatalink good = Decode(testing::ReadAll(good_path));
  EXPECT_EQ(good.length, 114U);
  EXPECT_TRUE(good.checksum_ok());
}

}  // namespace
}  // namespace trucewatch
