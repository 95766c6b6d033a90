// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/bytes.h"

namespace trucewatch::audit {

// MTH of RFC 9162 section 2.1.1, straight from its definition.
Digest HashEntry(Bytes entry);
Digest HashTree(std::span<const Digest> leaves);

// The root of a tree of `size` leaves in which this leaf's hash has this index, by the siblings
// from the leaf up to the root's child; nothing when there are too few or too many of them.
// Straight from the definition: PATH of RFC 9162 section 2.1.3.1 read backwards.
std::optional<Digest> RootByPath(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                                 std::span<const Digest> path);

// The hashes of every tile level: [0] the leaves, [l+1] one hash for each full tile of [l]. Empty
// levels are left out.
std::vector<std::vector<Digest>> TileLevels(std::vector<Digest> leaves);

}  // namespace trucewatch::audit
