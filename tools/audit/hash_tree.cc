// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/hash_tree.h"

#include <string>

#include "core/crypto/sha256.h"

namespace trucewatch::audit {
namespace {

std::uint64_t LargestPowerBelow(std::uint64_t n) {
  std::uint64_t k = 1;
  while (k < n - k) k *= 2;
  return k;
}

Digest HashNode(const Digest& left, const Digest& right) {
  std::string node(1, '\1');
  node.append(AsText(left));
  node.append(AsText(right));
  return Sha256(node);
}

}  // namespace

Digest HashEntry(Bytes entry) { return Sha256(std::string(1, '\0').append(AsText(entry))); }

Digest HashTree(std::span<const Digest> leaves) {
  if (leaves.empty()) return Sha256(std::string_view());
  if (leaves.size() == 1) return leaves[0];
  const std::size_t k = LargestPowerBelow(leaves.size());
  return HashNode(HashTree(leaves.first(k)), HashTree(leaves.subspan(k)));
}

std::optional<Digest> RootByPath(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                                 std::span<const Digest> path) {
  if (index >= size || path.empty() != (size == 1)) return std::nullopt;
  if (size == 1) return leaf;
  const std::uint64_t k = LargestPowerBelow(size);
  const auto below = path.first(path.size() - 1);
  const bool left = index < k;
  const auto child =
      left ? RootByPath(leaf, index, k, below) : RootByPath(leaf, index - k, size - k, below);
  if (!child) return std::nullopt;
  return left ? HashNode(*child, path.back()) : HashNode(path.back(), *child);
}

std::vector<std::vector<Digest>> TileLevels(std::vector<Digest> leaves) {
  std::vector<std::vector<Digest>> levels;
  while (!leaves.empty()) {
    std::vector<Digest> above;
    for (std::size_t i = 0; i + 256 <= leaves.size(); i += 256) {
      above.push_back(HashTree(std::span(leaves).subspan(i, 256)));
    }
    levels.push_back(std::move(leaves));
    leaves = std::move(above);
  }
  return levels;
}

}  // namespace trucewatch::audit
