// SPDX-License-Identifier: Apache-2.0
// Every truncation and every flipped bit of whole packets, ours and a real one: the damage is
// reported, and the packet behind it is read.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "ingest/klv/inspect_klv.h"
#include "ingest/klv/klv_writer.h"
#include "ingest/klv/st0601_encoder.h"
#include "ingest/klv/st0601_items.h"
#include "ingest/klv/st0903_encoder.h"
#include "tests/ingest/klv/klv_test_support.h"
#include "tests/support/shared_data.h"

namespace trucewatch {
namespace {

// A packet with a security set, a VMTI set and packs in it.
std::string OurPacket() {
  Vmti vmti;
  vmti.version = 5;
  vmti.frame_width_px = 1920;
  VmtiTarget target;
  target.id = 7;
  target.centroid = VmtiPixel{400, 900};
  target.location = Geodetic::FromDegrees(30, 31, 120);
  target.sigma_east_m = target.sigma_north_m = target.sigma_up_m = 4.0;
  target.object_classes = {"car"};
  target.track_uuid = std::string(32, 'a');
  vmti.targets = {target};
  KlvSetWriter set;
  set.Put(2, testing::FromHex("00046050584E0180")).Put(3, "MISSION01");
  set.Put(13, testing::FromHex("5595B66D")).Put(14, testing::FromHex("5B5360C4"));
  set.Put(48, testing::FromHex("0101010201010305 2f2f555341 0c0101 0d06005500530041 1602000c"));
  set.Put(65, "\x13").Put(74, EncodeVmti(vmti)).Put(81, testing::FromHex("00243800"));
  set.Put(102, testing::FromHex("03b304803f8000004000000000000000200000"));
  set.Put(130, testing::FromHex("0b406bc20919bda554070e000b40783cb819a2927407c600"));
  return set.Packet(kSt0601Key);
}

std::vector<std::string> Samples() {
  std::vector<std::string> samples = {OurPacket()};
  if (const auto path = testing::SharedData("klv/cheyenne-flight.klv")) {
    samples.push_back(testing::PacketsOf(SplitKlv(AsBytes(testing::ReadAll(*path))))[0].bytes);
  }
  return samples;
}

struct Reading {
  int sound = 0;          // packets of ST 0601 with a right checksum
  bool reported = false;  // some line says what is wrong
  bool last = false;      // the stream's last bytes are a sound packet
};

Reading Read(const std::string& stream) {
  Reading reading;
  for (const KlvRecord& record : SplitKlv(AsBytes(stream))) {
    const std::string line = KlvRecordLine({}, record);
    reading.reported = reading.reported || line.find("\"ok\":false") != std::string::npos;
    const auto* packet = std::get_if<KlvPacket>(&record);
    const auto set = packet == nullptr ? Result<UasDatalink>(UasDatalink{}) : DecodeSt0601(*packet);
    reading.last = set && set->checksum_ok();
    if (reading.last) ++reading.sound;
  }
  return reading;
}

TEST(Damage, EveryTruncationIsReportedAndReadingGoesOn) {
  const std::string next = testing::FromHex(testing::kMissionPacket);
  for (const std::string& sample : Samples()) {
    for (std::size_t size = 1; size < sample.size(); ++size) {
      const Reading reading = Read(sample.substr(0, size) + next);
      ASSERT_EQ(reading.sound, 1) << "cut to " << size << " of " << sample.size();
      ASSERT_TRUE(reading.last && reading.reported) << size;
    }
  }
}

TEST(Damage, EveryFlippedBitIsReportedAndReadingGoesOn) {
  const std::string next = testing::FromHex(testing::kMissionPacket);
  for (const std::string& sample : Samples()) {
    for (std::size_t bit = 0; bit < sample.size() * 8; ++bit) {
      std::string damaged = sample;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      const Reading reading = Read(damaged + next);
      ASSERT_EQ(reading.sound, 1) << "bit " << bit % 8 << " of byte " << bit / 8;
      ASSERT_TRUE(reading.last && reading.reported) << bit;
    }
  }
}

// Damage that the checksum does not see (the producer's own): every reader of nested bytes stands
// it.
TEST(Damage, FlippedBitsUnderARightChecksumGiveValidLines) {
  for (const std::string& sample : Samples()) {
    const auto packet = testing::PacketsOf(SplitKlv(AsBytes(sample)))[0];
    const std::string items = sample.substr(packet.value_at, sample.size() - packet.value_at - 4);
    for (std::size_t bit = 0; bit < items.size() * 8; ++bit) {
      std::string damaged = items;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      for (const KlvRecord& record : SplitKlv(AsBytes(testing::MakeSt0601(damaged)))) {
        const std::string line = KlvRecordLine({}, record);
        google::protobuf::Struct parsed;
        if (bit % 5 != 0) continue;
        ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &parsed).ok()) << line;
      }
    }
  }
}

}  // namespace
}  // namespace trucewatch
