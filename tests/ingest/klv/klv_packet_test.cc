// SPDX-License-Identifier: Apache-2.0
#include "ingest/klv/klv_packet.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "tests/ingest/klv/klv_test_support.h"

namespace trucewatch {
namespace {

using testing::FromHex;
using testing::PacketsOf;

std::string Describe(const std::vector<KlvRecord>& records) {
  std::string out;
  for (const KlvRecord& record : records) {
    if (const auto* packet = std::get_if<KlvPacket>(&record)) {
      out += fmt::format("P{}+{} ", packet->offset, packet->bytes.size());
    } else {
      const auto& damage = std::get<KlvDamage>(record);
      out += fmt::format("D{}+{} ", damage.offset, damage.length);
    }
  }
  return out;
}

TEST(KlvSplitter, FindsItsFeetAfterDamage) {
  const std::string a = FromHex(testing::kMissionPacket);  // 65 bytes
  const std::string b = FromHex(testing::kMinimalPacket);  // 34
  EXPECT_EQ(Describe(SplitKlv(AsBytes(a + b))), "P0+65 P65+34 ");
  // Starts in the middle; garbage between; filler between is no damage.
  EXPECT_EQ(Describe(SplitKlv(AsBytes(a.substr(20) + b))), "D0+45 P45+34 ");
  EXPECT_EQ(Describe(SplitKlv(AsBytes(a + "rubbish" + b))), "P0+65 D65+7 P72+34 ");
  EXPECT_EQ(Describe(SplitKlv(AsBytes(a + std::string(9, '\0') + b + std::string(3, '\xFF')))),
            "P0+65 P74+34 ");
  // Cut off at the end.
  EXPECT_EQ(Describe(SplitKlv(AsBytes(a + b.substr(0, 30)))), "P0+65 D65+30 ");
  EXPECT_EQ(Describe(SplitKlv(AsBytes(a + b.substr(0, 2)))), "P0+65 D65+2 ");
  // A length that swallows the next packet and more; a length past any limit; the indefinite form.
  std::string longer = a;
  longer[16] = '\x60';
  EXPECT_EQ(Describe(SplitKlv(AsBytes(longer + b + a))), "D0+65 P65+34 P99+65 ");
  EXPECT_EQ(Describe(SplitKlv(AsBytes(a.substr(0, 16) + FromHex("847fffffff") + b))),
            "D0+21 P21+34 ");
  EXPECT_EQ(Describe(SplitKlv(AsBytes(a.substr(0, 16) + FromHex("80") + b))), "D0+17 P17+34 ");
}

TEST(KlvSplitter, RecordsDoNotDependOnHowTheBytesAreCut) {
  std::mt19937_64 random(9);
  for (int run = 0; run < 60; ++run) {
    std::string bytes;
    for (int i = 0; i < 12; ++i) {
      std::string packet =
          FromHex(random() % 2 == 0 ? testing::kMissionPacket : testing::kDayFlightPacket);
      if (random() % 3 == 0)
        packet[random() % packet.size()] ^= static_cast<char>(1 << (random() % 8));
      if (random() % 5 == 0) packet.resize(random() % packet.size());
      bytes += packet;
      if (random() % 4 == 0) bytes += std::string(random() % 20, static_cast<char>(random() % 3));
    }
    const std::string whole = Describe(SplitKlv(AsBytes(bytes)));
    KlvSplitter splitter;
    std::vector<KlvRecord> records;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 50, bytes.size() - at);
      for (auto& record : splitter.Push(AsBytes(bytes).subspan(at, size)))
        records.push_back(record);
      at += size;
    }
    for (auto& record : splitter.Finish()) records.push_back(record);
    EXPECT_EQ(Describe(records), whole);
  }
}

TEST(KlvSplitter, EveryByteIsInOneRecordOrFiller) {
  std::mt19937_64 random(10);
  for (int run = 0; run < 200; ++run) {
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
      bytes += random() % 30 == 0 ? std::string(AsText(kSt0601Key))
                                  : std::string(1, static_cast<char>(random() & 0xFF));
    }
    std::uint64_t at = 0;
    for (const KlvRecord& record : SplitKlv(AsBytes(bytes))) {
      const auto [offset, length] = std::visit(
          [](const auto& r) -> std::pair<std::uint64_t, std::uint64_t> {
            if constexpr (requires { r.bytes; }) {
              return {r.offset, r.bytes.size()};
            } else {
              return {r.offset, r.length};
            }
          },
          record);
      for (; at < offset; ++at) EXPECT_TRUE(bytes[at] == '\0' || bytes[at] == '\xFF') << at;
      at = offset + length;
    }
    EXPECT_LE(at, bytes.size());
  }
}

// Packets within packets, each with a wrong checksum: the cost must stay in proportion to the
// bytes.
TEST(KlvSplitter, NestedHostilePacketsCostLittle) {
  std::string bytes;
  const std::string head = std::string(AsText(kSt0601Key)) + FromHex("8300FFFF");
  while (bytes.size() < 600'000) bytes += head + "\x05";
  const auto start = std::chrono::steady_clock::now();
  const auto records = SplitKlv(AsBytes(bytes));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_FALSE(records.empty());
  EXPECT_LT(seconds, 5.0);  // the square of the length would take minutes
}

}  // namespace
}  // namespace trucewatch
