// SPDX-License-Identifier: Apache-2.0
// ASTERIX datagrams and captures: what a radar's line or a recording may hold.
#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "ingest/asterix/asterix.h"
#include "ingest/asterix/pcap.h"

namespace trucewatch::asterix {
namespace {

constexpr std::uint64_t kOffset = 1000;

// Blocks lie one behind the other, records and items inside them.
void CheckPlaces(Bytes bytes) {
  std::uint64_t end = kOffset;
  for (const Block& block : DecodeBlocks(bytes, kOffset)) {
    TW_CHECK(block.offset == end);
    end += block.length;
    std::uint64_t at = block.offset + 3;
    for (const Record& record : block.records) {
      TW_CHECK(record.offset == at && record.category == block.category);
      TW_CHECK(!record.items.empty());
      at += record.length;
      std::uint64_t item_at = 0;
      for (const Item& item : record.items) {
        TW_CHECK(item.offset >= item_at && item.length > 0);
        item_at = item.offset + item.length;
        TW_CHECK(item_at <= at);
      }
      if (const auto time = record.time_of_day_s()) TW_CHECK(*time < 86400);
    }
    if (block.fault) {
      TW_CHECK(block.fault->offset <= end && block.fault->length <= block.length);
    } else if (block.known) {
      TW_CHECK(at == end);
    }
  }
  TW_CHECK(end == kOffset + bytes.size());
}

void CheckCapture(Bytes bytes) {
  const Frame frame = ParseFrame(bytes);
  if (frame.fate == FrameFate::kUdp) {
    TW_CHECK(frame.payload.offset + frame.payload.size <= bytes.size());
  }
  const auto format = ParsePcapHeader(bytes);
  if (!format || bytes.size() < kPcapHeaderSize + kPcapRecordHeaderSize) return;
  const auto header = ParsePcapRecordHeader(*format, bytes.subspan(kPcapHeaderSize));
  if (header) TW_CHECK(header->captured <= kMaxCapturedSize);
}

}  // namespace
}  // namespace trucewatch::asterix

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trucewatch;
  asterix::CheckPlaces(Bytes(data, size));
  asterix::CheckCapture(Bytes(data, size));
  return 0;
}
