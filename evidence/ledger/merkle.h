// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/bytes.h"

namespace trucewatch::evidence {

// The Merkle tree of RFC 9162 section 2.1 with SHA-256.
Digest LeafHash(Bytes entry);                              // SHA-256(0x00 || entry)
Digest NodeHash(const Digest& left, const Digest& right);  // SHA-256(0x01 || left || right)
Digest EmptyRoot();                                        // SHA-256("")

// Append-only tree over leaf hashes. Keeps every complete subtree (64 bytes a leaf), so that roots
// and proofs of any earlier size cost O(log n). Sizes and indices given to it must lie within
// size(); anything else is a programmer's mistake. Threads: thread-compatible.
class MerkleTree {
 public:
  void Append(const Digest& leaf_hash);
  std::uint64_t size() const { return levels_.empty() ? 0 : levels_[0].size(); }
  const Digest& leaf_hash(std::uint64_t index) const;
  // Hash number `index` of the complete subtrees of 2^level leaves.
  const Digest& subtree(int level, std::uint64_t index) const;

  Digest Root(std::uint64_t size) const;
  // Siblings from the leaf upwards (RFC 9162 section 2.1.3.1).
  std::vector<Digest> InclusionProof(std::uint64_t index, std::uint64_t size) const;
  // Empty when old_size is 0 or new_size (RFC 9162 section 2.1.4.1).
  std::vector<Digest> ConsistencyProof(std::uint64_t old_size, std::uint64_t new_size) const;

 private:
  Digest RangeRoot(std::uint64_t begin, std::uint64_t end) const;

  std::vector<std::vector<Digest>> levels_;  // levels_[l][i]: root of leaves [i*2^l, (i+1)*2^l)
};

struct InclusionClaim {
  std::uint64_t index = 0;
  std::uint64_t size = 0;
  Digest leaf_hash{};
  Digest root{};
};
// RFC 9162 section 2.1.3.2.
bool VerifyInclusion(const InclusionClaim& claim, std::span<const Digest> proof);

struct ConsistencyClaim {
  std::uint64_t old_size = 0;
  std::uint64_t new_size = 0;
  Digest old_root{};
  Digest new_root{};
};
// RFC 9162 section 2.1.4.2. Every tree extends the empty one, whose root must be that of an empty
// tree.
bool VerifyConsistency(const ConsistencyClaim& claim, std::span<const Digest> proof);

}  // namespace trucewatch::evidence
