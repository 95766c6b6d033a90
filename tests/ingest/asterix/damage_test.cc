// SPDX-License-Identifier: Apache-2.0
// Every byte cut and every bit turned of a datagram with a block of each category.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ingest/asterix/asterix.h"
#include "ingest/asterix/item_encoder.h"
#include "tests/ingest/asterix/random_records.h"

namespace trucewatch::asterix {
namespace {

// Blocks one behind the other; each fault is one block's.
void ExpectWhole(Bytes bytes, const Decoded& decoded) {
  std::uint64_t end = 0;
  for (const Block& block : decoded) {
    ASSERT_EQ(block.offset, end);
    end += block.length;
    std::uint64_t at = block.offset + 3;
    for (const Record& record : block.records) {
      ASSERT_EQ(record.offset, at);
      at += record.length;
    }
    if (block.fault) {
      ASSERT_LE(block.fault->offset, end);
      ASSERT_FALSE(block.fault->reason.empty());
    } else if (block.known) {
      ASSERT_EQ(at, end);
    }
  }
  ASSERT_EQ(end, bytes.size());
}

std::vector<std::string> SampleBlocks() {
  std::mt19937_64 random(7);
  std::vector<std::string> blocks;
  for (const std::uint8_t category : testing::kCategories) {
    std::string records;
    for (int i = 0; i < 3; ++i) {
      records += EncodeRecord(category, testing::RandomRecord(category, 0.6, random));
    }
    blocks.push_back(EncodeBlock(category, records));
  }
  return blocks;
}

TEST(AsterixDamage, ADatagramCutAtAnyByteKeepsTheBlocksBefore) {
  std::string datagram;
  std::vector<std::size_t> ends;
  for (const std::string& block : SampleBlocks()) {
    datagram += block;
    ends.push_back(datagram.size());
  }
  for (std::size_t cut = 0; cut < datagram.size(); ++cut) {
    // A copy of its own size, so that a reader that goes too far is caught under ASan.
    const std::vector<std::uint8_t> part(datagram.begin(),
                                         datagram.begin() + static_cast<std::ptrdiff_t>(cut));
    const Decoded decoded = DecodeBlocks(part, 0);
    ExpectWhole(part, decoded);
    std::size_t good = 0, faults = 0;
    for (const Block& block : decoded) {
      good += block.fault ? 0 : 1;
      faults += block.fault ? 1 : 0;
    }
    const std::size_t whole =
        static_cast<std::size_t>(std::ranges::count_if(ends, [&](auto e) { return e <= cut; }));
    EXPECT_EQ(good, whole) << cut;
    EXPECT_EQ(faults, whole == 0 ? cut > 0 : ends[whole - 1] < cut) << cut;
  }
}

TEST(AsterixDamage, ATurnedBitCostsOneBlockAtMost) {
  const std::string next = SampleBlocks()[5];
  std::size_t turned = 0, faults = 0;
  for (const std::string& block : SampleBlocks()) {
    const std::string datagram = block + next;
    std::vector<std::uint8_t> bytes(datagram.begin(), datagram.end());
    for (std::size_t bit = 0; bit < block.size() * 8; ++bit, ++turned) {
      bytes[bit / 8] ^= static_cast<std::uint8_t>(0x80U >> bit % 8);
      const Decoded decoded = DecodeBlocks(bytes, 0);
      ExpectWhole(bytes, decoded);
      // LEN says where the next block is; any other bit leaves it where it was, and readable.
      if (bit < 8 || bit >= 24) {
        ASSERT_EQ(decoded.size(), 2U);
        EXPECT_FALSE(decoded[1].fault.has_value());
        EXPECT_EQ(decoded[1].records.size(), 3U);
        faults += decoded[0].fault ? 1 : 0;
      }
      bytes[bit / 8] ^= static_cast<std::uint8_t>(0x80U >> bit % 8);
    }
  }
  EXPECT_GT(turned, 5000U);
  EXPECT_GT(faults, 100U);
}

}  // namespace
}  // namespace trucewatch::asterix
