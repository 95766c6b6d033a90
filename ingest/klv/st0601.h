// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"
#include "ingest/klv/klv_packet.h"
#include "ingest/klv/st0601_items.h"

namespace trucewatch {

// One UAS Datalink Local Set (MISB ST 0601), items in the order of the wire. Its items view the
// bytes of the packet it was read from and live no longer than that.
struct UasDatalink {
  std::uint64_t offset = 0;  // of the packet in its stream
  std::uint64_t length = 0;  // of the whole packet
  KlvChecksumState checksum = KlvChecksumState::kMissing;
  // Item 2 plus item 137 when present. Item 2 is read as POSIX microseconds, as nearly all
  // producers write it; nothing in the packet tells when it is MISP time, 29 s ahead.
  std::optional<Instant> time;
  std::vector<KlvItem> items;
  std::vector<std::string> problems;  // of the set: order, repeated items

  bool checksum_ok() const { return checksum == KlvChecksumState::kOk; }
  // First item of a tag, or null.
  const KlvItem* Find(std::uint32_t tag) const;
  // Its value when it is a number; when it is a text.
  std::optional<double> Number(std::uint32_t tag) const;
  std::optional<std::string> Text(std::uint32_t tag) const;
};

// Reads a packet whose key is that of ST 0601. Fails with kBadInput, naming the byte, when the key
// is another or the items do not fill the packet exactly; a wrong checksum is no failure but told
// in the result. `packet` must outlive the result.
Result<UasDatalink> DecodeSt0601(const KlvPacket& packet);
Result<UasDatalink> DecodeSt0601(KlvPacket&& packet) = delete;  // its bytes would be gone
// The same into a set whose memory is used again: for streams.
Result<void> DecodeSt0601Into(const KlvPacket& packet, UasDatalink& set);

// True when the key of the packet is that of ST 0601.
bool IsSt0601(const KlvPacket& packet);

}  // namespace trucewatch
