// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/klv/klv_item.h"

namespace trucewatch {

// ST 0903 up to edition 3 maps angles, offsets and heights linearly, later editions by IMAPB.
enum class VmtiMaps { kLinear, kImapb };

// Items of the local sets that ST 0601 nests.
KlvSchema SecuritySchema();  // ST 0102, item 48
KlvSchema RvtSchema();       // ST 0806, item 73
// ST 0903, item 74, and the entries of its item 101 behind their id.
KlvSchema VmtiSchema(VmtiMaps maps = VmtiMaps::kImapb);
KlvSchema VTargetSchema(VmtiMaps maps = VmtiMaps::kImapb);
KlvSchema SarSchema();              // ST 1206, item 95
KlvSchema RangeImageSchema();       // ST 1002, item 97
KlvSchema GeoRegistrationSchema();  // ST 1601, item 98
KlvSchema CompositeSchema();        // ST 1602, item 99

}  // namespace trucewatch
