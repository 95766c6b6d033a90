// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/time/instant.h"
#include "ingest/klv/klv_packet.h"
#include "ingest/klv/st0601_items.h"

namespace trucewatch {

// Value of an item in the unit of its specification (degrees and metres: this is the edge).
using KlvValue = std::variant<double, std::int64_t, std::uint64_t, std::string>;

// One item of a local set.
struct KlvItem {
  std::uint32_t tag = 0;
  const KlvItemSpec* spec = nullptr;  // null: not known here; static storage
  std::string raw;
  std::optional<KlvValue>
      value;            // nothing: unknown item, nested set, "no value" pattern, or a problem
  std::string problem;  // why a known item has no value though it has bytes; empty otherwise
};

// One UAS Datalink Local Set (MISB ST 0601), items in the order of the wire.
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
// in the result.
Result<UasDatalink> DecodeSt0601(const KlvPacket& packet);

// True when the key of the packet is that of ST 0601.
bool IsSt0601(const KlvPacket& packet);

// Value of one item's bytes by its specification; sets `problem` when it has none although it has
// bytes.
std::optional<KlvValue> DecodeKlvValue(const KlvItemSpec& spec, Bytes bytes, std::string& problem);

// The items (tag, length, value) of a local set without key; kBadInput when they do not fill
// `value` exactly. `offset` of value[0], for messages.
struct RawKlvItem {
  std::uint32_t tag = 0;
  std::size_t at = 0;  // of its bytes in the value
  Bytes bytes;
};
Result<std::vector<RawKlvItem>> SplitLocalSet(Bytes value, std::uint64_t offset);

}  // namespace trucewatch
