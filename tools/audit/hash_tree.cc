// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/hash_tree.h"

#include <string>

#include "core/crypto/sha256.h"

namespace trucewatch::audit {

Digest HashEntry(Bytes entry) { return Sha256(std::string(1, '\0').append(AsText(entry))); }

Digest HashTree(std::span<const Digest> leaves) {
  if (leaves.empty()) return Sha256(std::string_view());
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  std::string node(1, '\1');
  node.append(AsText(HashTree(leaves.first(k))));
  node.append(AsText(HashTree(leaves.subspan(k))));
  return Sha256(node);
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
