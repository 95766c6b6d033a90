// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "ingest/klv/mapping.h"

namespace trucewatch {

// How the bytes of an item are to be read.
enum class KlvWire {
  kUnsigned,     // integer
  kSigned,       // two's complement integer
  kUnsignedMap,  // U(low, high)
  kSignedMap,    // S(+-high)
  kImapb,        // IMAPB(low, high), any length up to 8
  kText,         // UTF-8
  kTime,         // 8 bytes, microseconds since 1970
  kBytes,        // a nested set or pack, kept raw
};

struct KlvItemSpec {
  std::uint32_t tag = 0;
  const char* name = "";  // snake_case, as in the machine-readable output
  const char* unit = "";  // "deg", "m", ...; empty for none
  KlvWire wire = KlvWire::kBytes;
  int size = 0;  // bytes; 0: any
  ValueRange range;
};

// Item of the UAS Datalink Local Set (MISB ST 0601), or null when it is not known here.
// To add an item: add its line to the table in st0601_items.cc, in order of tag.
const KlvItemSpec* FindSt0601Item(std::uint32_t tag);

}  // namespace trucewatch
