// SPDX-License-Identifier: Apache-2.0
// STANAG 4607 streams: what a radar's feed may send.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "ingest/radar/stanag4607_decoder.h"
#include "ingest/radar/stanag4607_encoder.h"
#include "ingest/radar/stanag4607_stream.h"
#include "tests/fuzz/share.h"

namespace trucewatch::stanag4607 {
namespace {

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

// Every byte belongs to exactly one item, in order.
void CheckCover(const std::vector<StreamItem>& items, std::size_t size) {
  std::uint64_t end = 0;
  for (const StreamItem& item : items) {
    const auto* packet = std::get_if<Packet>(&item);
    const auto* fault = std::get_if<StreamFault>(&item);
    TW_CHECK((packet != nullptr ? packet->offset : fault->offset) == end);
    end += packet != nullptr ? packet->header.size : fault->length;
  }
  TW_CHECK(end == size);
}

// What was read whole and is encoded again reads the same.
void CheckRoundTrip(const Packet& packet) {
  if (!packet.faults.empty()) return;
  std::vector<Segment> segments;
  for (const DecodedSegment& segment : packet.segments) segments.push_back(segment.body);
  const auto bytes = EncodePacket(packet.header, segments);
  if (!bytes) return;  // the decoder is more lenient than the encoder
  const auto again = DecodePacket(AsBytes(*bytes), packet.offset);
  TW_CHECK(again.has_value() && again->faults.empty());
  TW_CHECK(again->segments.size() == segments.size());
}

void Run(Bytes stream) {
  Stanag4607Stream whole;
  std::vector<StreamItem> items = whole.Push(stream);
  for (StreamItem& item : whole.Finish()) items.push_back(std::move(item));
  CheckCover(items, stream.size());
  fuzzing::Share share(stream);
  const bool again = share.OneIn(4);
  for (const StreamItem& item : items) {
    const auto* packet = std::get_if<Packet>(&item);
    if (packet != nullptr && again) CheckRoundTrip(*packet);
  }
  if (!share.OneIn(8)) return;

  Stanag4607Stream cut;
  std::vector<StreamItem> pieces;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t size = std::min<std::size_t>(1 + stream[at] % 31U, stream.size() - at);
    for (StreamItem& item : cut.Push(stream.subspan(at, size))) pieces.push_back(std::move(item));
    at += size;
  }
  for (StreamItem& item : cut.Finish()) pieces.push_back(std::move(item));
  TW_CHECK(Summary(pieces) == Summary(items));
}

}  // namespace
}  // namespace trucewatch::stanag4607

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trucewatch;
  const Bytes bytes(data, size);
  stanag4607::Run(bytes);
  (void)stanag4607::DecodePacket(bytes, 0);
  if (!bytes.empty()) (void)stanag4607::DecodeSegment(bytes[0], bytes.subspan(1));
  return 0;
}
