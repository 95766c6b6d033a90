// SPDX-License-Identifier: Apache-2.0
// ASTERIX datagrams and captures: what a radar's line or a recording may hold.
#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "ingest/asterix/asterix.h"
#include "ingest/asterix/capture.h"
#include "ingest/asterix/inspect_asterix.h"
#include "ingest/asterix/target_fate.h"
#include "tests/fuzz/share.h"

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
      static_cast<void>(record.TimeNear(Instant::FromMicros(1'772'323'200'000'000)));
      static_cast<void>(IsSimulated(record));
      if (record.category != 2 && record.category != 34 && record.category != 65) {
        static_cast<void>(FateOfReport(record));
      }
    }
    if (block.fault) {
      TW_CHECK(block.fault->offset <= end && block.fault->length <= block.length);
    } else if (block.known) {
      TW_CHECK(at == end);
    }
  }
  TW_CHECK(end == kOffset + bytes.size());
}

// As files are read: element by element until the first that is damaged.
void CheckCapture(Bytes bytes) {
  for (const std::uint32_t link : {0U, 1U, 101U, 113U, 276U}) {
    const Frame frame = ParseFrame(bytes, link);
    if (frame.fate != FrameFate::kUdp) continue;
    TW_CHECK(frame.payload.offset + frame.payload.size <= bytes.size());
  }
  auto capture = CaptureParser::Begin(bytes);
  if (!capture) return;
  for (std::size_t at = capture->first(); at + capture->head_size() <= bytes.size();) {
    const auto size = capture->ElementSize(bytes.subspan(at, capture->head_size()));
    if (!size || *size > bytes.size() - at) return;
    TW_CHECK(*size > 0);
    const auto packet = capture->Read(bytes.subspan(at, *size));
    if (!packet) return;
    if (*packet) {
      TW_CHECK((*packet)->offset + (*packet)->size <= *size);
      const Bytes frame = bytes.subspan(at + (*packet)->offset, (*packet)->size);
      const Frame parsed = ParseFrame(frame, (*packet)->link);
      if (parsed.fate == FrameFate::kUdp) {
        CheckPlaces(frame.subspan(parsed.payload.offset, parsed.payload.size));
      }
    }
    at += *size;
  }
}

// What inspect says of it must end, and be lines.
void CheckInspect(Bytes bytes) {
  bool given = false;
  const auto inspected = InspectAsterix(
      "f",
      [&](std::size_t) -> Result<std::string> {
        if (given) return std::string();
        given = true;
        return std::string(AsText(bytes));
      },
      [](const std::string& line) { TW_CHECK(!line.empty() && line.front() == '{'); });
  static_cast<void>(inspected);
}

}  // namespace
}  // namespace trucewatch::asterix

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trucewatch;
  asterix::CheckPlaces(Bytes(data, size));
  asterix::CheckCapture(Bytes(data, size));
  if (fuzzing::Share(Bytes(data, size)).OneIn(16)) asterix::CheckInspect(Bytes(data, size));
  return 0;
}
