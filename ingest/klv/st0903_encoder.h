// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ingest/klv/st0903.h"

namespace trucewatch {

// Value of a VMTI local set (MISB ST 0903 edition 4 and later: IMAPB), for ST 0601 item 74 or, with
// KlvSetWriter, a packet of its own. What is not set is not written; an angle or length outside an
// item's range leaves the item out. Pixels become pixel numbers, so they need `frame_width_px`; the
// centroid is written as row and column besides. `items`, `other_items` and `problems` are not
// written. Determinism: same fields, same bytes.
std::string EncodeVmti(const Vmti& vmti);

}  // namespace trucewatch
