// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace trucewatch::evidence {

// C2SP tlog-proof: one small text by which anybody can check offline that a leaf is in a log. The
// path goes from the leaf's sibling to the root's child (MerkleTree::InclusionProof at the
// checkpoint's size); the checkpoint follows as it was signed.
std::string FormatProofFile(std::uint64_t index, std::span<const Digest> path,
                            std::string_view checkpoint_note);

}  // namespace trucewatch::evidence
