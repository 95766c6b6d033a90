// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "ingest/asterix/asterix.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"

namespace trucewatch::asterix {
namespace {

// Keeps what it views.
struct Sample {
  explicit Sample(const std::string& hex)
      : bytes(*HexDecode(hex)), blocks(DecodeBlocks(AsBytes(bytes), 0)) {}
  std::size_t size() const { return blocks.size(); }
  const Block& operator[](std::size_t i) const { return blocks[i]; }
  const std::string bytes;
  const Decoded blocks;
};

// A block with two good records, the second of which `hex` replaces.
Sample AfterOneGoodRecord(const std::string& hex) {
  const std::string good = "e019c9356d4d20";  // FRN 1-3
  const std::size_t size = 3 + (good.size() + hex.size()) / 2;
  return Sample(fmt::format("30{:04x}{}{}", size, good, hex));
}

TEST(AsterixDecoder, ARecordThatCannotBeReadCostsTheRestOfItsBlock) {
  struct Case {
    const char* hex;
    const char* reason;
    std::uint64_t offset;
  };
  for (const Case& c : {
           Case{"00", "a record without items", 11},
           Case{"e019c9", "I048/140 needs 3 bytes, the block has 0 left", 13},
           Case{"8019", "I048/010 needs 2 bytes, the block has 1 left", 11},
           Case{"01010101"
                "01",
                "more than 4 octets with FX set", 14},
           Case{"20ffffffffffffffffffffffffffffffffff00", "more than 16 octets with FX set", 27},
           Case{"012000", "I048/250 is there zero times", 12},
           Case{"40ffffff", "time of day 131071.9921875 s is no time", 14},
           Case{"0101010400", "I048/SP says that it is 0 bytes long", 14},
           Case{"0101010405aabb", "I048/SP needs 5 bytes, the block has 3 left", 14},
           Case{"01010801", "I048/110 needs 2 bytes, the block has 1 left", 13},
       }) {
    const Sample sample = AfterOneGoodRecord(c.hex);
    ASSERT_EQ(sample.size(), 1U);
    ASSERT_EQ(sample[0].records.size(), 1U);
    const Block& block = sample[0];
    ASSERT_TRUE(block.fault.has_value()) << c.hex;
    EXPECT_NE(block.fault->reason.find(c.reason), std::string::npos) << block.fault->reason;
    EXPECT_EQ(block.fault->offset, c.offset) << c.hex << ": " << block.fault->reason;
    EXPECT_EQ(block.fault->length, std::string(c.hex).size() / 2);
  }
}

TEST(AsterixDecoder, AnUnassignedItemIsRefusedWithItsNumber) {
  // CAT010 FRN 26 is spare: FSPEC 80 | 01 01 01 08.
  const Sample blocks("0a00098101010819c9");
  ASSERT_EQ(blocks.size(), 1U);
  ASSERT_TRUE(blocks[0].fault.has_value());
  EXPECT_NE(blocks[0].fault->reason.find("FRN 26, which CAT010 does not assign"), std::string::npos)
      << blocks[0].fault->reason;
}

TEST(AsterixDecoder, AnExplicitItemIsSkippedByItsLength) {
  // FRN 1 and SP (27) with three bytes, then a second record.
  const Sample blocks(
      "300013"
      "8101010419c903aabb"
      "e019c9000080"
      "20");
  ASSERT_EQ(blocks.size(), 1U);
  ASSERT_FALSE(blocks[0].fault.has_value()) << blocks[0].fault->reason;
  ASSERT_EQ(blocks[0].records.size(), 2U);
  EXPECT_EQ(blocks[0].records[0].Find("I048/SP")->value->Find("raw")->text(), "aabb");
  EXPECT_EQ(blocks[0].records[1].time_of_day_s(), 1.0);
}

TEST(AsterixDecoder, WrongLengthsOfBlocksEndTheDatagram) {
  for (const char* hex : {"300002", "300000", "30ffff00", "30", "3000"}) {
    const Sample blocks(hex);
    ASSERT_EQ(blocks.size(), 1U) << hex;
    ASSERT_TRUE(blocks[0].fault.has_value()) << hex;
    EXPECT_EQ(blocks[0].fault->offset, 0U);
    EXPECT_EQ(blocks[0].fault->length, std::string(hex).size() / 2);
    EXPECT_TRUE(blocks[0].records.empty());
  }
  // The block before a wrong one counts.
  const Sample blocks(
      "30000ae019c9356d4d20"
      "30ffff");
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0].records.size(), 1U);
  EXPECT_FALSE(blocks[0].fault.has_value());
  EXPECT_EQ(blocks[1].fault->offset, 10U);
}

TEST(AsterixDecoder, UnknownCategoriesArePassedOver) {
  const Sample blocks(
      "3f0005aabb"
      "30000ae019c9356d4d20");
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0].category, 63);
  EXPECT_FALSE(blocks[0].known);
  EXPECT_FALSE(blocks[0].fault.has_value());
  EXPECT_EQ(blocks[1].records.size(), 1U);
}

TEST(AsterixDecoder, TimeOfDayGoesToTheNearestMidnight) {
  const auto at = [](const char* utc) { return *ParseUtc(utc); };
  EXPECT_EQ(AbsoluteTime(10, at("2026-03-01T12:00:00Z")), at("2026-03-01T00:00:10Z"));
  EXPECT_EQ(AbsoluteTime(86399.5, at("2026-03-02T00:00:01Z")), at("2026-03-01T23:59:59.5Z"));
  EXPECT_EQ(AbsoluteTime(0.5, at("2026-03-01T23:59:59Z")), at("2026-03-02T00:00:00.5Z"));
  EXPECT_EQ(AbsoluteTime(43200, at("2026-03-01T00:00:00Z")), at("2026-03-01T12:00:00Z"));
}

// Cut at every byte: what is given is a whole number of good records and then one fault.
TEST(AsterixDecoder, ADatagramCutAnywhereGivesNoHalfRecords) {
  TW_SHARED_DATA_OR_SKIP(capture, "asterix/cat_034_048.pcap");
  const std::string file = trucewatch::testing::ReadFile(capture);
  // The datagram of 272 - 8 bytes: several blocks.
  std::size_t cuts = 0;
  for (std::size_t at = 24; at + 16 <= file.size();) {
    std::uint32_t size = 0;
    for (std::size_t i = 4; i > 0; --i) {
      size = size << 8U | static_cast<std::uint8_t>(file[at + 8 + i - 1]);
    }
    // 42 bytes of Ethernet, IPv4 without options and UDP.
    const std::size_t udp = ReadBe16(AsBytes(file).subspan(at + 16 + 38));
    const std::string payload = file.substr(at + 16 + 42, udp - 8);
    at += 16 + size;
    const auto whole = DecodeBlocks(AsBytes(payload), 0);
    for (std::size_t cut = 0; cut < payload.size(); ++cut, ++cuts) {
      // A copy of its own size, so that a reader that goes too far is caught under ASan.
      const std::vector<std::uint8_t> part(payload.begin(),
                                           payload.begin() + static_cast<std::ptrdiff_t>(cut));
      const auto blocks = DecodeBlocks(part, 0);
      std::uint64_t end = 0;
      for (std::size_t b = 0; b < blocks.size(); ++b) {
        EXPECT_EQ(blocks[b].offset, end);
        end += blocks[b].length;
        const bool last = b + 1 == blocks.size();
        EXPECT_TRUE(last || !blocks[b].fault.has_value());
        if (blocks[b].fault) {
          EXPECT_TRUE(blocks[b].records.empty());  // LEN reaches beyond the end
        } else {
          EXPECT_EQ(blocks[b].records.size(), whole[b].records.size());
        }
      }
      EXPECT_EQ(end, cut);
    }
  }
  EXPECT_GT(cuts, 5000U);
}

TEST(AsterixDecoder, ABlockCutInsideARecordKeepsTheRecordsBefore) {
  // As above, but LEN follows the cut.
  const std::string records = *HexDecode(
      "fdf70219c9356d4da0c5aff1e0020005283c660c10c236d4182001c0780031bc0000400deb07b9582e410020f5"
      "e019c9356d4d20");
  std::string block = std::string("\x30\x00\x00", 3) + records;
  for (std::size_t size = 4; size < block.size(); ++size) {
    std::vector<std::uint8_t> part(block.begin(),
                                   block.begin() + static_cast<std::ptrdiff_t>(size));
    part[1] = static_cast<std::uint8_t>(size >> 8U);
    part[2] = static_cast<std::uint8_t>(size & 0xFFU);
    const auto blocks = DecodeBlocks(part, 0);
    ASSERT_EQ(blocks.size(), 1U);
    const bool first_whole = size >= 3 + 45;
    EXPECT_EQ(blocks[0].records.size(), first_whole ? 1U : 0U) << size;
    EXPECT_EQ(blocks[0].fault.has_value(), size != 3 + 45) << size;
    if (blocks[0].fault) {
      EXPECT_EQ(blocks[0].fault->length, size - (first_whole ? 48 : 3));
      EXPECT_LE(blocks[0].fault->offset, size);
    }
  }
}

TEST(AsterixDecoder, RandomBytesNeverReadPastTheEnd) {
  std::mt19937_64 random(99);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint8_t> bytes(random() % 80);
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
    if (bytes.size() >= 3 && (random() & 3U) != 0) {
      constexpr std::uint8_t kCategories[] = {1, 2, 10, 21, 34, 48, 62, 65};
      bytes[0] = kCategories[random() % 8];
      bytes[1] = 0;
      bytes[2] = static_cast<std::uint8_t>(bytes.size());
    }
    std::uint64_t end = 0;
    for (const Block& block : DecodeBlocks(bytes, 0)) {
      EXPECT_EQ(block.offset, end);
      end += block.length;
      for (const Record& record : block.records) {
        ASSERT_LE(record.offset + record.length, end);
        ASSERT_FALSE(record.items.empty());
      }
    }
    EXPECT_EQ(end, bytes.size());
  }
}

}  // namespace
}  // namespace trucewatch::asterix
