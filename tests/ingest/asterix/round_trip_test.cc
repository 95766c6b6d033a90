// SPDX-License-Identifier: Apache-2.0
// Encoder and decoder against one another, over every item of every category.
#include <gtest/gtest.h>

#include <random>

#include "ingest/asterix/asterix.h"
#include "ingest/asterix/item_encoder.h"
#include "tests/ingest/asterix/random_records.h"

namespace trucewatch::asterix {
namespace {

using testing::Difference;
using testing::kCategories;
using testing::RandomRecord;

TEST(AsterixRoundTrip, AHundredThousandRandomRecordsReadBackAsSent) {
  std::mt19937_64 random(62);
  constexpr int kRecords = 100'000, kPerBlock = 20;
  int compared = 0;
  Decoded decoded;
  for (int block = 0; block < kRecords / kPerBlock; ++block) {
    const std::uint8_t category = kCategories[block % std::size(kCategories)];
    std::vector<std::vector<Content>> sent;
    std::string records;
    for (int i = 0; i < kPerBlock; ++i) {
      sent.push_back(RandomRecord(category, 0.3, random));
      records += EncodeRecord(category, sent.back());
    }
    const std::string bytes = EncodeBlock(category, records);
    DecodeBlocks(AsBytes(bytes), 0, decoded);
    ASSERT_EQ(decoded.size(), 1U);
    ASSERT_FALSE(decoded[0].fault.has_value()) << decoded[0].fault->reason;
    ASSERT_EQ(decoded[0].records.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i, ++compared) {
      const std::string difference = Difference(sent[i], decoded[0].records[i]);
      ASSERT_EQ(difference, "") << "category " << int{category};
    }
  }
  EXPECT_EQ(compared, kRecords);
}

TEST(AsterixRoundTrip, ARecordOfEveryItemReadsBack) {
  std::mt19937_64 random(1);
  for (const std::uint8_t category : kCategories) {
    for (int round = 0; round < 4; ++round) {  // CAT001: plots and tracks
      const auto sent = RandomRecord(category, 1.0, random);
      const std::string bytes = EncodeBlock(category, EncodeRecord(category, sent));
      const Decoded decoded = DecodeBlocks(AsBytes(bytes), 0);
      ASSERT_EQ(decoded[0].records.size(), 1U);
      EXPECT_EQ(Difference(sent, decoded[0].records[0]), "");
    }
  }
}

}  // namespace
}  // namespace trucewatch::asterix
