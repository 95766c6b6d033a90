// SPDX-License-Identifier: Apache-2.0
// KLV streams: what a drone's feed may send.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "ingest/klv/ber.h"
#include "ingest/klv/eg0104.h"
#include "ingest/klv/inspect_klv.h"
#include "ingest/klv/keys.h"
#include "ingest/klv/klv_packet.h"
#include "ingest/klv/st0601.h"
#include "ingest/klv/st0903.h"
#include "ingest/klv/st0903_encoder.h"
#include "tests/fuzz/share.h"

namespace trucewatch {
namespace {

struct Place {
  std::uint64_t offset;
  std::uint64_t length;
  bool packet;
  bool operator==(const Place&) const = default;
};

std::vector<Place> PlacesOf(const std::vector<KlvRecord>& records) {
  std::vector<Place> places;
  for (const KlvRecord& record : records) {
    if (const auto* packet = std::get_if<KlvPacket>(&record)) {
      places.push_back({packet->offset, packet->bytes.size(), true});
    } else {
      const auto& damage = std::get<KlvDamage>(record);
      places.push_back({damage.offset, damage.length, false});
    }
  }
  return places;
}

// What our encoder writes of a set that was read is read the same again.
void CheckEncoder(const Vmti& vmti) {
  const std::string once = EncodeVmti(vmti);
  const auto again = DecodeVmti(AsBytes(once), 0, 0);
  TW_CHECK(again.has_value());
  TW_CHECK(again->targets.size() == vmti.targets.size());
}

// Every reader of a record: items, nested sets and packs, targets, the pose and its closure.
void Decode(const KlvPacket& packet, bool as_line) {
  if (as_line) TW_CHECK(!KlvRecordLine({}, packet).empty());
  if (IsSt0601(packet)) {
    const auto set = DecodeSt0601(packet);
    if (!set) return;
    for (const KlvItem& item : set->items) {
      TW_CHECK(item.value.has_value() == (item.status == KlvStatus::kValue));
      if (item.tag != 74) continue;
      const auto vmti = DecodeVmti(AsBytes(item.raw), packet.offset, 1920);
      if (vmti) CheckEncoder(*vmti);
    }
  } else {
    TW_CHECK(!DecodeSt0601(packet));
    (void)DecodeVmti(packet.value(), packet.offset, 0);
    (void)DecodeEg0104(packet);
  }
}

// Records lie in order, inside the stream, without overlap, and packets hold the stream's bytes.
void CheckPlaces(const std::vector<Place>& places, std::size_t size) {
  std::uint64_t end = 0;
  for (const Place& place : places) {
    TW_CHECK(place.offset >= end && place.length > 0);
    end = place.offset + place.length;
  }
  TW_CHECK(end <= size);
}

void Run(Bytes stream, bool as_line, bool in_pieces) {
  const std::vector<KlvRecord> whole = SplitKlv(stream);
  const std::vector<Place> places = PlacesOf(whole);
  CheckPlaces(places, stream.size());
  for (const KlvRecord& record : whole) {
    const auto* packet = std::get_if<KlvPacket>(&record);
    if (packet == nullptr) continue;
    TW_CHECK(packet->bytes == AsText(stream.subspan(packet->offset, packet->bytes.size())));
    Decode(*packet, as_line);
  }
  if (!in_pieces) return;

  // The same stream in pieces, whose sizes come from the input, gives the same packets.
  KlvSplitter splitter;
  std::vector<KlvRecord> pieces;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t size = std::min<std::size_t>(1 + stream[at] % 31U, stream.size() - at);
    for (KlvRecord& record : splitter.Push(stream.subspan(at, size))) {
      pieces.push_back(std::move(record));
    }
    at += size;
  }
  for (KlvRecord& record : splitter.Finish()) pieces.push_back(std::move(record));
  TW_CHECK(PlacesOf(pieces) == places);
}

}  // namespace
}  // namespace trucewatch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trucewatch;
  const Bytes bytes(data, size);
  fuzzing::Share share(bytes);
  const bool as_line = share.OneIn(16);
  Run(bytes, as_line, share.OneIn(8));
  // Without a key in front: the value of a VMTI set and of a local set.
  (void)DecodeVmti(bytes, 0, 0);
  (void)SplitLocalSet(bytes, 0);
  // As the items of an ST 0601 set whose checksum is right: else few inputs would get that far.
  if (size < 60'000) {
    std::string packet(AsText(kSt0601Key));
    AppendBerLength(packet, static_cast<std::uint32_t>(size));
    const std::size_t value_at = packet.size();
    Decode({0, packet + std::string(AsText(bytes)), value_at}, as_line);
  }
  return 0;
}
