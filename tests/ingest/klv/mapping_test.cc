// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/mapping.h"

#include <gtest/gtest.h>

#include <random>

#include "ingest/klv/ber.h"
#include "ingest/klv/checksum.h"
#include "tests/ingest/klv/klv_test_support.h"

namespace trucewatch {
namespace {

using testing::FromHex;

TEST(Imapb, DecodesThePublicExamples) {
  struct Example {
    ValueRange range;
    const char* bytes;
    double value;
    double tolerance;
  };
  for (const Example& e :
       {Example{{0, 1.5e6}, "00D92A", 13898.5, 0.2},
        Example{{-900, 40000}, "2F921E", 23456.234, 0.01},
        Example{{-900, 40000}, "05F500", 2150, 1e-9}, Example{{0, 360}, "1F40", 125, 1e-9},
        Example{{-19.2, 19.2}, "3A6667", 10, 1e-5}, Example{{-900, 19000}, "2A94", 10000, 1e-9},
        Example{{0, 180}, "0640", 12.5, 1e-9}, Example{{0.1, 0.9}, "3333", 0.499994, 1e-6}}) {
    const auto value = DecodeImapb(AsBytes(FromHex(e.bytes)), e.range);
    ASSERT_TRUE(value) << e.bytes;
    EXPECT_NEAR(*value, e.value, e.tolerance) << e.bytes;
  }
  EXPECT_EQ(HexEncode(AsBytes(*EncodeImapb(0.5, {0.1, 0.9}, 2))), "3333");
  EXPECT_EQ(HexEncode(AsBytes(*EncodeImapb(23456.24, {-900, 40000}, 3))), "2f921e");
}

TEST(Imapb, SpecialPatternsAreNoValue) {
  for (const char* bytes :
       {"C80000", "E80000", "D00000", "F00000", "E00000", "E10000", "C00001", "800001", "FFFFFF"}) {
    EXPECT_FALSE(DecodeImapb(AsBytes(FromHex(bytes)), {-900, 40000})) << bytes;
  }
  EXPECT_FALSE(DecodeImapb({}, {0, 1}));
  EXPECT_FALSE(DecodeImapb(AsBytes(std::string(9, '\0')), {0, 1}));
  // The top of a range that fills its power of two.
  const auto top = DecodeImapb(AsBytes(FromHex("8000")), {0, 1024});
  ASSERT_TRUE(top);
  EXPECT_EQ(*top, 1024);
}

TEST(Imapb, RoundTripIsWithinOneStep) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 5000; ++i) {
    const double low = static_cast<double>(random() % 2000) - 1500;
    const ValueRange range{low, low + 1 + static_cast<double>(random() % 50000)};
    const int size = 1 + static_cast<int>(random() % 6);
    const double value =
        range.low + (range.high - range.low) * static_cast<double>(random() % 10001) / 10000;
    const auto bytes = EncodeImapb(value, range, size);
    ASSERT_TRUE(bytes);
    const auto back = DecodeImapb(AsBytes(*bytes), range);
    ASSERT_TRUE(back);
    EXPECT_NEAR(*back, value, 2.1 * (range.high - range.low) / std::ldexp(1.0, 8 * size - 1));
  }
}

TEST(LinearMaps, MostNegativePatternIsNoValue) {
  EXPECT_FALSE(DecodeSignedMap(AsBytes(FromHex("8000")), 20));
  EXPECT_FALSE(DecodeSignedMap(AsBytes(FromHex("80000000")), 90));
  EXPECT_EQ(DecodeSignedMap(AsBytes(FromHex("8001")), 20), -20);
  EXPECT_EQ(DecodeSignedMap(AsBytes(FromHex("7FFFFFFF")), 180), 180);
  EXPECT_EQ(DecodeUnsignedMap(AsBytes(FromHex("FFFF")), {-900, 19000}), 19000);
  EXPECT_EQ(DecodeUnsignedMap(AsBytes(FromHex("0000")), {-900, 19000}), -900);
  EXPECT_FALSE(EncodeSignedMap(20.01, 20, 2));
  EXPECT_FALSE(EncodeUnsignedMap(std::nan(""), {0, 1}, 2));
}

TEST(Ber, ReadsLengthsAndTagsAndRefusesOthers) {
  const auto length = [](const char* hex) { return ReadBerLength(AsBytes(FromHex(hex))); };
  EXPECT_EQ(length("7f")->value, 127U);
  EXPECT_EQ(length("8191")->value, 145U);
  EXPECT_EQ(length("8203bf")->value, 959U);
  EXPECT_EQ(length("8203bf")->size, 3U);
  EXPECT_FALSE(length("80"));            // indefinite
  EXPECT_FALSE(length("850000000001"));  // more than four bytes
  EXPECT_FALSE(length("8203"));
  EXPECT_FALSE(length(""));
  const auto tag = [](const char* hex) { return ReadBerOid(AsBytes(FromHex(hex))); };
  EXPECT_EQ(tag("41")->value, 65U);
  EXPECT_EQ(tag("8100")->value, 128U);
  EXPECT_EQ(tag("810f")->value, 143U);
  EXPECT_FALSE(tag("81"));
  EXPECT_FALSE(tag("ffffffffff7f"));
  std::mt19937_64 random(2);
  for (int i = 0; i < 2000; ++i) {
    const auto number = static_cast<std::uint32_t>(random() >> (32 + random() % 32));
    std::string bytes;
    AppendBerLength(bytes, number);
    EXPECT_EQ(ReadBerLength(AsBytes(bytes))->value, number);
    EXPECT_EQ(ReadBerLength(AsBytes(bytes))->size, bytes.size());
    bytes.clear();
    AppendBerOid(bytes, number);
    EXPECT_EQ(ReadBerOid(AsBytes(bytes))->value, number);
    EXPECT_EQ(ReadBerOid(AsBytes(bytes))->size, bytes.size());
  }
}

TEST(KlvChecksum, IsTheSumOfWords) {
  EXPECT_EQ(KlvChecksum(AsBytes(FromHex("060E2B34020081BB"))), 0xB4FD);  // jMISB's example
  EXPECT_EQ(KlvChecksum(AsBytes(FromHex("060E2B"))), 0x060E + 0x2B00);
}

}  // namespace
}  // namespace trucewatch
