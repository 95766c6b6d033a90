// SPDX-License-Identifier: Apache-2.0
#include "ingest/video/metadata_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ingest/klv/ber.h"
#include "ingest/klv/checksum.h"
#include "ingest/klv/keys.h"
#include "ingest/klv/st0601_encoder.h"
#include "ingest/klv/st0903_encoder.h"
#include "tests/ingest/video/video_test_support.h"

namespace trucewatch {
namespace {

using ::testing::HasSubstr;

// What a checksum covers: all of the packet, or less, as two known wrong writers have it.
enum class Covered { kAll, kWithoutItemHeader, kWithoutKeyAndLength };

// A packet of `items`, closed by a checksum item of 2 bytes.
std::string Sealed(std::string_view key, const std::string& items,
                   Covered covered = Covered::kAll) {
  std::string packet(key);
  AppendBerLength(packet, static_cast<std::uint32_t>(items.size() + 4));
  const std::size_t value_at = packet.size();
  packet += items;
  const std::size_t item_at = packet.size();
  packet += std::string("\x01\x02", 2);
  const Bytes whole = AsBytes(packet);
  std::uint16_t sum = KlvChecksum(whole);
  if (covered == Covered::kWithoutItemHeader) sum = KlvChecksum(whole.first(item_at));
  if (covered == Covered::kWithoutKeyAndLength) sum = KlvChecksum(whole.subspan(value_at));
  packet.push_back(static_cast<char>(sum >> 8));
  packet.push_back(static_cast<char>(sum & 0xFF));
  return packet;
}

// The items of a whole ST 0601 packet, without its checksum.
std::string ItemsOf(const std::string& packet) {
  const std::size_t header = static_cast<unsigned char>(packet[16]) < 0x80 ? 17 : 18;
  return packet.substr(header, packet.size() - header - 4);
}

std::string KeyText(const KlvKey& key) { return {key.begin(), key.end()}; }
const std::string kVmtiKeyText = KeyText(kSt0903Key);
const std::string kDatalinkKeyText = KeyText(kSt0601Key);

Vmti OneTarget() {
  Vmti vmti;
  vmti.time_us = 1'772'398'801'250'000;
  vmti.system_name = "onboard";
  vmti.version = 5;
  vmti.frame_width_px = 192;
  vmti.frame_height_px = 128;
  VmtiTarget target;
  target.id = 7;
  target.centroid = VmtiPixel{100, 40};
  vmti.targets.push_back(target);
  return vmti;
}

MediaPacket Payload(std::string data, std::uint64_t offset = 5640) {
  MediaPacket packet;
  packet.kind = MediaKind::kKlv;
  packet.offset = offset;
  packet.data = std::move(data);
  return packet;
}

TEST(MetadataReader, AVmtiSetOfItsOwnGivesItsTargetsAtItsOwnTime) {
  MetadataReader reader({}, true);
  const auto got = reader.Push(Payload(Sealed(kVmtiKeyText, EncodeVmti(OneTarget()))));
  EXPECT_TRUE(got.faults.empty());
  EXPECT_TRUE(got.samples.empty());
  ASSERT_EQ(got.targets.size(), 1U);
  EXPECT_EQ(got.targets[0].offset, 5640U);
  EXPECT_EQ(got.targets[0].time, Instant::FromMicros(1'772'398'801'250'000));
  EXPECT_FALSE(got.targets[0].state.pose) << "no parent set says where the platform is";
  ASSERT_EQ(got.targets[0].vmti.targets.size(), 1U);
  EXPECT_EQ(got.targets[0].vmti.targets[0].id, 7U);
}

TEST(MetadataReader, WhatAVmtiSetSaysOnceHoldsForTheNext) {
  MetadataReader reader({}, true);
  (void)reader.Push(Payload(Sealed(kVmtiKeyText, EncodeVmti(OneTarget()))));
  Vmti next;
  next.time_us = 1'772'398'802'000'000;
  const auto got = reader.Push(Payload(Sealed(kVmtiKeyText, EncodeVmti(next))));
  ASSERT_EQ(got.targets.size(), 1U);
  EXPECT_EQ(got.targets[0].vmti.system_name, "onboard");
  EXPECT_EQ(got.targets[0].vmti.version, 5U);
  EXPECT_EQ(got.targets[0].vmti.frame_width_px, 192U);
  EXPECT_EQ(got.targets[0].vmti.frame_height_px, 128U);
}

TEST(MetadataReader, VmtiSetsThatCannotBeUsedAreFaultsAtTheirPlace) {
  std::string wrong_sum = Sealed(kVmtiKeyText, EncodeVmti(OneTarget()));
  wrong_sum.back() = static_cast<char>(wrong_sum.back() ^ 1);
  Vmti timeless = OneTarget();
  timeless.time_us.reset();
  const struct {
    std::string packet;
    const char* reason;
  } cases[] = {
      {wrong_sum, "the checksum of a VMTI set is bad"},
      {Sealed(kVmtiKeyText, EncodeVmti(timeless)), "a VMTI set of its own without a time (item 2)"},
  };
  for (const auto& c : cases) {
    MetadataReader reader({}, true);
    const auto got = reader.Push(Payload(c.packet, 940));
    EXPECT_TRUE(got.targets.empty()) << c.reason;
    ASSERT_EQ(got.faults.size(), 1U) << c.reason;
    EXPECT_EQ(got.faults[0].offset, 940U);
    EXPECT_EQ(got.faults[0].reason, c.reason);
  }
}

TEST(MetadataReader, VmtiSetsArePassedOverUnlessAskedFor) {
  MetadataReader reader({});
  std::string wrong_sum = Sealed(kVmtiKeyText, EncodeVmti(OneTarget()));
  wrong_sum.back() = static_cast<char>(wrong_sum.back() ^ 1);
  const auto got = reader.Push(Payload(wrong_sum));
  EXPECT_TRUE(got.targets.empty());
  EXPECT_TRUE(got.faults.empty());
}

TEST(MetadataReader, DamageInsideItem74CostsTheTargetsAndNotThePose) {
  const std::string damaged("\x65\x7F\x01", 3);  // a series of 127 bytes of which one is there
  std::string items = ItemsOf(EncodeSt0601(testing::ClipFields(3)));
  items += '\x4A';
  items += static_cast<char>(damaged.size());
  items += damaged;
  MetadataReader reader({}, true);
  const auto got = reader.Push(Payload(Sealed(kDatalinkKeyText, items), 1880));
  EXPECT_TRUE(got.targets.empty());
  ASSERT_EQ(got.samples.size(), 1U);
  EXPECT_TRUE(got.samples[0].pose);
  ASSERT_EQ(got.faults.size(), 1U);
  EXPECT_EQ(got.faults[0].offset, 1880U);
  EXPECT_THAT(got.faults[0].reason, HasSubstr("item 74: "));
}

TEST(MetadataReader, ChecksumsOfTheKnownWrongWritersAreUsedAndToldOnce) {
  const std::string items = ItemsOf(EncodeSt0601(testing::ClipFields(3)));
  const struct {
    Covered covered;
    const char* said;
  } cases[] = {
      {Covered::kWithoutItemHeader, "ok without the checksum item's own tag and length"},
      {Covered::kWithoutKeyAndLength, "ok without the set's key and length"},
  };
  for (const auto& c : cases) {
    MetadataReader reader({});
    const std::string packet = Sealed(kDatalinkKeyText, items, c.covered);
    const auto first = reader.Push(Payload(packet));
    ASSERT_EQ(first.samples.size(), 1U) << c.said;
    EXPECT_EQ(first.samples[0].time, testing::ClipFields(3).time);
    ASSERT_EQ(first.faults.size(), 1U) << c.said;
    EXPECT_THAT(first.faults[0].reason, HasSubstr(c.said));
    const auto second = reader.Push(Payload(packet));
    EXPECT_EQ(second.samples.size(), 1U);
    EXPECT_TRUE(second.faults.empty()) << second.faults[0].reason;
  }
}

TEST(MetadataReader, APacketWithoutATimeIsAFaultThatMattersWhereItsStreamIsFollowed) {
  const std::string items = ItemsOf(EncodeSt0601(testing::ClipFields(3)));
  ASSERT_EQ(items.substr(0, 2), std::string("\x02\x08", 2)) << "item 2 comes first";
  MetadataReader reader({});
  const auto got = reader.Push(Payload(Sealed(kDatalinkKeyText, items.substr(10)), 376));
  EXPECT_TRUE(got.samples.empty());
  ASSERT_EQ(got.faults.size(), 1U);
  EXPECT_EQ(got.faults[0].offset, 376U);
  EXPECT_EQ(got.faults[0].reason, "a packet without a time (item 2)");
  EXPECT_TRUE(got.faults[0].of_use);
}

TEST(MetadataReader, MissingCellsAndARestoredKeyAreTold) {
  MediaPacket packet = Payload(EncodeSt0601(testing::ClipFields(3)), 752);
  packet.lost_cells = 3;
  packet.repaired = true;
  MetadataReader reader({});
  const auto got = reader.Push(packet);
  EXPECT_EQ(got.samples.size(), 1U);
  ASSERT_EQ(got.faults.size(), 2U);
  EXPECT_THAT(got.faults[0].reason, HasSubstr("3 metadata access unit cells are missing"));
  EXPECT_THAT(got.faults[1].reason, HasSubstr("were restored (told once)"));
  packet.lost_cells = 0;
  EXPECT_TRUE(reader.Push(packet).faults.empty());
}

TEST(MetadataReader, InfraredIsWhatItem11NamesAndOnlyThat) {
  const struct {
    const char* sensor;
    bool infrared;
  } cases[] = {{"IR", true},          {"MWIR", true},        {"Thermal imager", true},
               {"nose LWIR 2", true}, {"FLIR", true},        {"EO", false},
               {"EOIR", false},       {"FIRE WATCH", false}, {"", false}};
  for (const auto& c : cases) {
    MetadataReader reader({});
    auto fields = testing::ClipFields(3);
    fields.image_source_sensor = c.sensor;
    ASSERT_EQ(reader.Push(Payload(EncodeSt0601(fields))).samples.size(), 1U);
    EXPECT_EQ(reader.infrared(), c.infrared) << c.sensor;
  }
}

}  // namespace
}  // namespace trucewatch
