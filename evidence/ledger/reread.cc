// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/reread.h"

#include <algorithm>

#include "evidence/ledger/merkle.h"
#include "evidence/ledger/tiles.h"

namespace trucewatch::evidence {
namespace {

// The file that holds position `index * 256` of a level in a tree of `size` leaves.
TileId TileOf(int level, std::uint64_t index, std::uint64_t size) {
  const std::uint64_t count = CountAtLevel(level, size);
  return {level, index, std::min(kTileWidth, count - index * kTileWidth)};
}

// Roots of complete subtrees from left to right, merged as soon as two neighbours have the same
// height.
class SubtreeStack {
 public:
  void Push(Digest hash, int height) {
    while (!stack_.empty() && stack_.back().height == height) {
      hash = NodeHash(stack_.back().hash, hash);
      ++height;
      stack_.pop_back();
    }
    stack_.push_back({hash, height});
  }
  Digest Root() const {
    if (stack_.empty()) return EmptyRoot();
    Digest root = stack_.back().hash;
    for (auto left = stack_.rbegin() + 1; left != stack_.rend(); ++left) {
      root = NodeHash(left->hash, root);
    }
    return root;
  }

 private:
  struct Subtree {
    Digest hash;
    int height;
  };
  std::vector<Subtree> stack_;
};

class Rereader {
 public:
  Rereader(Storage& storage, const RereadRequest& request) : storage_(storage), request_(request) {}

  Result<RereadTree> Run() {
    RereadTree tree;
    TW_RETURN_IF_ERROR(CheckEntries(tree));
    for (int level = 1; CountAtLevel(level, request_.size) > 0; ++level) {
      TW_RETURN_IF_ERROR(CheckLevel(level));
    }
    TW_ASSIGN_OR_RETURN(tree.root, RootFromRightEdge());
    return tree;
  }

 private:
  Result<std::string> Read(const TileId& tile) const {
    auto bytes = ReadWholeFile(storage_, request_.directory + "/" + TilePath(tile), kMaxBundleSize);
    if (!bytes) return Prefix(TilePath(tile), {ErrorCode::kCheckFailed, bytes.error().message});
    return std::move(*bytes);
  }

  Result<std::vector<Digest>> ReadHashes(const TileId& tile) const {
    TW_ASSIGN_OR_RETURN(const std::string bytes, Read(tile));
    auto hashes = SplitHashes(bytes, tile.width);
    if (!hashes) return Prefix(TilePath(tile), {ErrorCode::kCheckFailed, hashes.error().message});
    return std::move(*hashes);
  }

  // Entries from old_size on hash to what level 0 says.
  Result<void> CheckEntries(RereadTree& tree) const {
    for (std::uint64_t i = request_.old_size / kTileWidth; i * kTileWidth < request_.size; ++i) {
      const TileId id = TileOf(kEntriesLevel, i, request_.size);
      TW_ASSIGN_OR_RETURN(const std::string bundle, Read(id));
      const auto entries = SplitBundle(bundle, id.width, i * kTileWidth);
      if (!entries) return Prefix(TilePath(id), {ErrorCode::kCheckFailed, entries.error().message});
      TW_ASSIGN_OR_RETURN(const std::vector<Digest> hashes,
                          ReadHashes(TileOf(0, i, request_.size)));
      for (std::uint64_t j = 0; j < id.width; ++j) {
        const std::uint64_t index = i * kTileWidth + j;
        if (index < request_.old_size) continue;
        if (LeafHash(AsBytes((*entries)[j])) != hashes[j]) {
          return Fail(ErrorCode::kCheckFailed,
                      "entry {} in {} does not have the hash that {} holds", index, TilePath(id),
                      TilePath(TileOf(0, i, request_.size)));
        }
        tree.leaf_hashes.push_back(hashes[j]);
      }
    }
    return {};
  }

  // Hashes new at this level are the roots of the full tiles below.
  Result<void> CheckLevel(int level) const {
    const std::uint64_t count = CountAtLevel(level, request_.size);
    const std::uint64_t had = CountAtLevel(level, request_.old_size);
    std::vector<Digest> hashes;
    for (std::uint64_t i = had; i < count; ++i) {
      const TileId id = TileOf(level, i / kTileWidth, request_.size);
      if (i == had || i % kTileWidth == 0) {
        TW_ASSIGN_OR_RETURN(hashes, ReadHashes(id));
      }
      TW_ASSIGN_OR_RETURN(const std::vector<Digest> below, ReadHashes({level - 1, i}));
      SubtreeStack stack;
      for (const Digest& hash : below) stack.Push(hash, 0);
      if (stack.Root() != hashes[i % kTileWidth]) {
        return Fail(ErrorCode::kCheckFailed, "{} does not have the root that {} holds at {}",
                    TilePath({level - 1, i}), TilePath(id), i % kTileWidth);
      }
    }
    return {};
  }

  // The tree is what the partial tiles hold, from the highest level (leftmost) down to the last
  // leaves.
  Result<Digest> RootFromRightEdge() const {
    int top = 0;
    while (CountAtLevel(top + 1, request_.size) > 0) ++top;
    SubtreeStack stack;
    for (int level = top; level >= 0; --level) {
      const std::uint64_t count = CountAtLevel(level, request_.size);
      if (count % kTileWidth == 0) continue;
      TW_ASSIGN_OR_RETURN(const std::vector<Digest> hashes,
                          ReadHashes({level, count / kTileWidth, count % kTileWidth}));
      for (const Digest& hash : hashes) stack.Push(hash, 8 * level);
    }
    return stack.Root();
  }

  Storage& storage_;
  const RereadRequest& request_;
};

}  // namespace

Result<RereadTree> Reread(Storage& storage, const RereadRequest& request) {
  return Rereader(storage, request).Run();
}

}  // namespace trucewatch::evidence
