// SPDX-License-Identifier: Apache-2.0
#include "ingest/radar/stanag4607_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ingest/radar/stanag4607_encoder.h"
#include "tests/ingest/radar/random_packets.h"

namespace trucewatch::stanag4607 {
namespace {

// One line an item, so that two decodings can be compared.
std::string Summary(const std::vector<StreamItem>& items) {
  std::string out;
  for (const StreamItem& item : items) {
    if (const auto* packet = std::get_if<Packet>(&item)) {
      out += fmt::format("packet {} {} {} {}\n", packet->offset, packet->header.size,
                         packet->segments.size(), packet->faults.size());
    } else {
      const auto& fault = std::get<StreamFault>(item);
      out += fmt::format("fault {} {} {} {}\n", fault.offset, fault.length, fault.reason,
                         HexEncode(AsBytes(fault.bytes)));
    }
  }
  return out;
}

std::string RandomPacket(std::mt19937_64& random) {
  const std::vector<Segment> segments = {testing::RandomSegment(random),
                                         testing::RandomSegment(random)};
  return EncodePacket(testing::RandomHeader(random), segments).value();
}

TEST(Stanag4607Stream, ItemsDoNotDependOnThePieces) {
  std::mt19937_64 random(7);
  std::string bytes = "garbage 30 and more 31";
  for (int i = 0; i < 20; ++i) {
    bytes += RandomPacket(random);
    if (i % 5 == 0) bytes += RandomPacket(random).substr(7);
  }
  bytes += RandomPacket(random).substr(0, 50);
  Stanag4607Stream whole;
  auto expected = whole.Push(AsBytes(bytes));
  for (auto& item : whole.Finish()) expected.push_back(std::move(item));
  for (int trial = 0; trial < 30; ++trial) {
    Stanag4607Stream pieces;
    std::vector<StreamItem> got;
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::size_t size = trial == 0 ? 1 : 1 + random() % 200;
      const std::string piece = bytes.substr(at, size);
      for (auto& item : pieces.Push(AsBytes(piece))) got.push_back(std::move(item));
      at += piece.size();
    }
    for (auto& item : pieces.Finish()) got.push_back(std::move(item));
    ASSERT_EQ(Summary(got), Summary(expected)) << trial;
  }
}

TEST(Stanag4607Stream, GoesOnAfterDamageAndSaysWhereItWas) {
  std::mt19937_64 random(8);
  const std::string a = RandomPacket(random), b = RandomPacket(random), c = RandomPacket(random);
  std::string broken = b;
  broken[5] = static_cast<char>(broken[5] + 1);  // P2 one too large
  Stanag4607Stream stream(1000);
  auto items = stream.Push(AsBytes(a + broken + c));
  for (auto& item : stream.Finish()) items.push_back(std::move(item));
  ASSERT_EQ(items.size(), 3U) << Summary(items);
  EXPECT_EQ(std::get<Packet>(items[0]).offset, 1000U);
  const auto& fault = std::get<StreamFault>(items[1]);
  EXPECT_EQ(fault.offset, 1000 + a.size());
  EXPECT_EQ(fault.length, b.size());
  EXPECT_NE(fault.reason.find("size"), std::string::npos);
  EXPECT_EQ(fault.bytes, broken.substr(0, kFaultBytes));
  EXPECT_EQ(std::get<Packet>(items[2]).offset, 1000 + a.size() + b.size());
}

TEST(Stanag4607Stream, CutOffEndIsAFaultWithItsSizes) {
  std::mt19937_64 random(9);
  const std::string a = RandomPacket(random), b = RandomPacket(random);
  Stanag4607Stream stream;
  EXPECT_EQ(stream.Push(AsBytes(a + b.substr(0, b.size() - 1))).size(), 1U);
  const auto items = stream.Finish();
  ASSERT_EQ(items.size(), 1U);
  const auto& fault = std::get<StreamFault>(items[0]);
  EXPECT_EQ(fault.offset, a.size());
  EXPECT_NE(fault.reason.find("cut off"), std::string::npos) << fault.reason;
}

TEST(Stanag4607Stream, ASegmentThatCannotBeReadCostsThatSegmentOnly) {
  DwellSegment dwell;
  TargetReport target;
  target.report_index = 5;
  dwell.targets = {target};
  const std::vector<Segment> segments = {
      dwell, FreeTextSegment{.originator = {}, .recipient = {}, .text = "hello"}};
  std::string bytes = EncodePacket(PacketHeader{}, segments).value();
  bytes[32 + 5 + 8 + 5 + 1] = 9;  // D5
  Stanag4607Stream stream;
  const auto items = stream.Push(AsBytes(bytes));
  ASSERT_EQ(items.size(), 1U);
  const auto& packet = std::get<Packet>(items[0]);
  ASSERT_EQ(packet.faults.size(), 1U);
  EXPECT_EQ(packet.faults[0].offset, 32U);
  EXPECT_EQ(packet.faults[0].type, 2);
  ASSERT_EQ(packet.segments.size(), 1U);
  EXPECT_EQ(std::get<FreeTextSegment>(packet.segments[0].body).text, "hello");
}

// A packet with every kind of segment that is decoded, small enough to be damaged bit by bit.
std::string PacketOfAllKinds() {
  std::mt19937_64 random(10);
  std::vector<Segment> segments(8);
  std::size_t kinds = 0;
  while (kinds != segments.size()) {
    Segment segment = testing::RandomSegment(random);
    Segment& place = segments[segment.index()];
    const auto* dwell = std::get_if<DwellSegment>(&segment);
    if (dwell != nullptr && dwell->targets.empty()) continue;
    if (place.index() == segment.index() && TypeOf(place) == TypeOf(segment) &&
        place != Segment(MissionSegment{})) {
      continue;
    }
    place = std::move(segment);
    ++kinds;
  }
  return EncodePacket(testing::RandomHeader(random), segments).value();
}

std::vector<StreamItem> Read(const std::string& bytes) {
  Stanag4607Stream stream;
  auto items = stream.Push(AsBytes(bytes));
  for (auto& item : stream.Finish()) items.push_back(std::move(item));
  return items;
}

TEST(Stanag4607Stream, EverySingleBitFlipCostsAtMostItsPacketAndReadingGoesOn) {
  std::mt19937_64 random(11);
  const std::string before = RandomPacket(random), after = RandomPacket(random);
  const std::string packet = PacketOfAllKinds();
  int flips = 0, reported = 0;
  for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
    std::string damaged = packet;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto items = Read(before + damaged + after);
    ++flips;
    ASSERT_GE(items.size(), 3U) << "bit " << bit;
    EXPECT_EQ(std::get<Packet>(items.front()).offset, 0U);
    // The next packet is found where it stands, whatever became of this one.
    const auto* last = std::get_if<Packet>(&items.back());
    ASSERT_NE(last, nullptr) << "bit " << bit;
    EXPECT_EQ(last->offset, before.size() + packet.size()) << "bit " << bit;
    EXPECT_EQ(last->header.size, after.size()) << "bit " << bit;
    const auto* middle = std::get_if<Packet>(&items[1]);
    if (middle == nullptr || !middle->faults.empty()) {
      ++reported;
    } else {
      // Not reported, since nothing in the format protects a value: then it reads as another value.
      std::vector<Segment> segments;
      for (const DecodedSegment& segment : middle->segments) segments.push_back(segment.body);
      PacketHeader header = middle->header;
      const auto again = EncodePacket(header, segments);
      if (again.has_value()) {
        EXPECT_EQ(HexEncode(AsBytes(*again)), HexEncode(AsBytes(damaged))) << "bit " << bit;
      }
    }
  }
  std::printf("%d single-bit flips, %d reported as damage\n", flips, reported);
  EXPECT_GT(reported, flips / 20);
}

TEST(Stanag4607Stream, TruncationAtEveryByteIsReportedAndReadingGoesOn) {
  std::mt19937_64 random(12);
  const std::string next = RandomPacket(random), after = RandomPacket(random);
  const std::string packet = PacketOfAllKinds();
  for (std::size_t size = 1; size < packet.size(); ++size) {
    const auto items = Read(packet.substr(0, size) + next + after);
    const auto* last = std::get_if<Packet>(&items.back());
    ASSERT_NE(last, nullptr) << size;
    EXPECT_EQ(last->offset, size + next.size());
    // A packet cut inside its last segment takes the missing bytes from the next one, which is then
    // the damaged stretch: there is no checksum that could tell.
    const auto is_fault = [](const StreamItem& item) {
      return std::holds_alternative<StreamFault>(item);
    };
    EXPECT_EQ(std::count_if(items.begin(), items.end(), is_fault), 1) << size;
    // And at the end of the feed.
    const auto cut = Read(packet.substr(0, size));
    ASSERT_EQ(cut.size(), 1U);
    EXPECT_EQ(std::get<StreamFault>(cut[0]).length, size);
  }
}

TEST(Stanag4607Stream, HoldsNoMoreThanOnePacket) {
  // A header that promises a megabyte is refuted by its first segment, not waited for.
  std::string bytes = EncodePacket(PacketHeader{}, {}).value();
  bytes[3] = 0x0F;
  bytes += std::string(100, '\xEE');
  Stanag4607Stream stream;
  stream.Push(AsBytes(bytes));
  std::mt19937_64 random(3);
  const auto items = stream.Push(AsBytes(RandomPacket(random)));
  ASSERT_EQ(items.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<StreamFault>(items[0]));
  EXPECT_TRUE(std::holds_alternative<Packet>(items[1]));
}

}  // namespace
}  // namespace trucewatch::stanag4607
