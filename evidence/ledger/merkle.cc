// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/merkle.h"

#include <algorithm>
#include <bit>

#include "core/base/check.h"
#include "core/crypto/sha256.h"

namespace trucewatch::evidence {
namespace {

// Where a tree of n > 1 leaves splits: the largest power of two smaller than n.
std::uint64_t SplitPoint(std::uint64_t n) { return std::bit_floor(n - 1); }

}  // namespace

Digest LeafHash(Bytes entry) {
  std::vector<std::uint8_t> buffer(entry.size() + 1);
  buffer[0] = 0x00;
  std::copy(entry.begin(), entry.end(), buffer.begin() + 1);
  return Sha256(buffer);
}

Digest NodeHash(const Digest& left, const Digest& right) {
  std::array<std::uint8_t, 65> buffer;
  buffer[0] = 0x01;
  std::copy(left.begin(), left.end(), buffer.begin() + 1);
  std::copy(right.begin(), right.end(), buffer.begin() + 33);
  return Sha256(buffer);
}

Digest EmptyRoot() { return Sha256(Bytes{}); }

void MerkleTree::Append(const Digest& leaf_hash) {
  if (levels_.empty()) levels_.emplace_back();
  levels_[0].push_back(leaf_hash);
  for (std::size_t level = 0; levels_[level].size() % 2 == 0; ++level) {
    if (levels_.size() == level + 1) levels_.emplace_back();
    const auto& below = levels_[level];
    levels_[level + 1].push_back(NodeHash(below[below.size() - 2], below[below.size() - 1]));
  }
}

const Digest& MerkleTree::leaf_hash(std::uint64_t index) const { return subtree(0, index); }

const Digest& MerkleTree::subtree(int level, std::uint64_t index) const {
  const auto l = static_cast<std::size_t>(level);
  TW_CHECK(l < levels_.size() && index < levels_[l].size());
  return levels_[l][index];
}

Digest MerkleTree::RangeRoot(std::uint64_t begin, std::uint64_t end) const {
  const std::uint64_t n = end - begin;
  if (std::has_single_bit(n)) return subtree(std::countr_zero(n), begin / n);
  const std::uint64_t k = SplitPoint(n);
  return NodeHash(RangeRoot(begin, begin + k), RangeRoot(begin + k, end));
}

Digest MerkleTree::Root(std::uint64_t size) const {
  TW_CHECK(size <= this->size());
  return size == 0 ? EmptyRoot() : RangeRoot(0, size);
}

std::vector<Digest> MerkleTree::InclusionProof(std::uint64_t index, std::uint64_t size) const {
  TW_CHECK(index < size && size <= this->size());
  std::vector<Digest> proof;  // gathered from the root downwards
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + SplitPoint(end - begin);
    if (index < middle) {
      proof.push_back(RangeRoot(middle, end));
      end = middle;
    } else {
      proof.push_back(RangeRoot(begin, middle));
      begin = middle;
    }
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

std::vector<Digest> MerkleTree::ConsistencyProof(std::uint64_t old_size,
                                                 std::uint64_t new_size) const {
  TW_CHECK(old_size <= new_size && new_size <= size());
  if (old_size == 0 || old_size == new_size) return {};
  std::vector<Digest> proof;  // gathered from the root downwards
  std::uint64_t begin = 0;
  std::uint64_t end = new_size;
  while (old_size != end) {
    const std::uint64_t middle = begin + SplitPoint(end - begin);
    if (old_size <= middle) {
      proof.push_back(RangeRoot(middle, end));
      end = middle;
    } else {
      proof.push_back(RangeRoot(begin, middle));
      begin = middle;
    }
  }
  // An old tree that is a complete left subtree is the verifier's own old root and left out.
  if (begin != 0) proof.push_back(RangeRoot(begin, end));
  std::reverse(proof.begin(), proof.end());
  return proof;
}

bool VerifyInclusion(const InclusionClaim& claim, std::span<const Digest> proof) {
  if (claim.index >= claim.size) return false;
  std::uint64_t fn = claim.index;
  std::uint64_t sn = claim.size - 1;
  Digest r = claim.leaf_hash;
  for (const Digest& p : proof) {
    if (sn == 0) return false;
    if (fn % 2 == 1 || fn == sn) {
      r = NodeHash(p, r);
      while (fn % 2 == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      r = NodeHash(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && r == claim.root;
}

bool VerifyConsistency(const ConsistencyClaim& claim, std::span<const Digest> proof) {
  if (claim.old_size > claim.new_size) return false;
  if (claim.old_size == 0) return false;
  if (claim.old_size == claim.new_size) return proof.empty() && claim.old_root == claim.new_root;
  std::uint64_t fn = claim.old_size - 1;
  std::uint64_t sn = claim.new_size - 1;
  while (fn % 2 == 1) {
    fn >>= 1;
    sn >>= 1;
  }
  Digest fr = claim.old_root;
  if (!std::has_single_bit(claim.old_size)) {
    if (proof.empty()) return false;
    fr = proof[0];
    proof = proof.subspan(1);
  }
  Digest sr = fr;
  for (const Digest& c : proof) {
    if (sn == 0) return false;
    if (fn % 2 == 1 || fn == sn) {
      fr = NodeHash(c, fr);
      sr = NodeHash(c, sr);
      while (fn % 2 == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = NodeHash(sr, c);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && fr == claim.old_root && sr == claim.new_root;
}

}  // namespace trucewatch::evidence
