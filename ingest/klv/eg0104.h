// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "ingest/klv/klv_item.h"
#include "ingest/klv/klv_packet.h"

namespace trucewatch {

// One item of a universal set: a 16-byte key instead of a tag. `item.spec` is null for keys that
// are not known here; item.tag is 0. Views the packet.
struct UniversalItem {
  Bytes key;
  KlvItem item;
};

// MISB EG 0104 (Predator UAV basic universal set), the predecessor of ST 0601: plain IEEE numbers
// under SMPTE keys. kBadInput with the byte when the items do not fill the packet. `packet` must
// outlive the result.
Result<std::vector<UniversalItem>> DecodeEg0104(const KlvPacket& packet);

}  // namespace trucewatch
