// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "ingest/klv/klv_item.h"

namespace trucewatch {

// Item of the UAS Datalink Local Set (MISB ST 0601), or null when it is not known here.
// To add an item: add its line to the table in st0601_items.cc, in order of tag.
const KlvItemSpec* FindSt0601Item(std::uint32_t tag);
KlvSchema St0601Schema();

// The items inside a nested set (KlvWire::kSet or kSeries) of ST 0601 or of a set nested in it.
KlvSchema NestedSchema(const KlvItemSpec& spec);

}  // namespace trucewatch
