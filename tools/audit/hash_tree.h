// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/bytes.h"

namespace trucewatch::audit {

// MTH of RFC 9162 section 2.1.1, straight from its definition.
Digest HashEntry(Bytes entry);
Digest HashTree(std::span<const Digest> leaves);

// The hashes of every tile level: [0] the leaves, [l+1] one hash for each full tile of [l]. Empty
// levels are left out.
std::vector<std::vector<Digest>> TileLevels(std::vector<Digest> leaves);

}  // namespace trucewatch::audit
