// SPDX-License-Identifier: Apache-2.0
#include "tools/audit/audit.h"

#include <algorithm>

#include "tools/audit/hash_tree.h"
#include "tools/audit/leaves.h"
#include "tools/audit/ledger_files.h"
#include "tools/audit/signed_head.h"

namespace trucewatch::audit {
namespace {

constexpr std::uint64_t kMaxBundle = kFullWidth * (2 + 65535);
constexpr std::size_t kHashSize = 32;

class Auditor {
 public:
  explicit Auditor(const AuditOptions& options) : options_(options) {}

  Result<AuditReport> Run() {
    TW_ASSIGN_OR_RETURN(const Policy policy, ParsePolicy(options_.policy));
    // Before the list: a writer at work adds the files of a checkpoint first.
    auto checkpoint = ReadLedgerFile(options_.ledger, "checkpoint", kMaxCheckpoint);
    if (checkpoint) checkpoint_ = *checkpoint;
    TW_ASSIGN_OR_RETURN(files_, ListLedger(options_.ledger));
    if (!checkpoint) return tl::unexpected<Error>(checkpoint.error());
    const auto signed_head = CheckCheckpoint(checkpoint_, policy);
    if (!signed_head) return Prefix("checkpoint", signed_head.error());
    head_ = signed_head->head;
    report_.origin = head_.origin;
    report_.exercise = head_.origin.starts_with("exercise.");
    report_.size = head_.size;
    report_.root = head_.root;
    report_.cosigners = signed_head->cosigners;
    TW_RETURN_IF_ERROR(CheckPresence());
    TW_RETURN_IF_ERROR(CheckEntries());
    TW_RETURN_IF_ERROR(CheckTiles());
    if (options_.seen) TW_RETURN_IF_ERROR(CheckSeen("seen checkpoint", *options_.seen, policy));
    for (const auto& [name, text] : options_.stamped)
      TW_RETURN_IF_ERROR(CheckSeen(name, text, policy));
    report_.files = covered_.size() + 1;
    return std::move(report_);
  }

  // Whether another checkpoint took the place of the one that was checked.
  bool IsOvertaken() const {
    const auto now = ReadLedgerFile(options_.ledger, "checkpoint", kMaxCheckpoint);
    return now && *now != checkpoint_;
  }

 private:
  std::uint64_t CountOf(const std::optional<int>& level) const {
    return level ? (*level > 7 ? 0 : head_.size >> (8 * *level)) : head_.size;
  }

  // The file that holds a tile in the tree of the checkpoint's size.
  TileFile Final(const std::optional<int>& level, std::uint64_t index) const {
    TileFile tile{level, index, std::min(kFullWidth, CountOf(level) - index * kFullWidth), ""};
    tile.path = WriteTilePath(tile);
    return tile;
  }

  Result<void> CheckPresence() {
    report_.unsigned_files = files_.leftovers;
    for (const auto& [path, tile] : files_.tiles) {
      const bool covered =
          tile.index < head_.size && tile.index * kFullWidth + tile.width <= CountOf(tile.level);
      if (covered) covered_.push_back(tile);
      if (!covered) report_.unsigned_files.push_back(path);
    }
    for (std::optional<int> level; CountOf(level) > 0; level = level ? *level + 1 : 0) {
      for (std::uint64_t i = 0; i * kFullWidth < CountOf(level); ++i) {
        const std::string path = Final(level, i).path;
        if (files_.tiles.count(path) == 0) {
          return Fail(ErrorCode::kCheckFailed, "{}: is missing; the checkpoint has size {}", path,
                      head_.size);
        }
      }
    }
    return {};
  }

  Result<std::vector<Digest>> ReadHashes(const TileFile& tile) const {
    TW_ASSIGN_OR_RETURN(const std::string bytes,
                        ReadLedgerFile(options_.ledger, tile.path, kFullWidth * kHashSize));
    if (bytes.size() != tile.width * kHashSize) {
      return Fail(ErrorCode::kCheckFailed, "{}: {} bytes, {} hashes have {}", tile.path,
                  bytes.size(), tile.width, tile.width * kHashSize);
    }
    std::vector<Digest> hashes(tile.width);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      std::copy_n(bytes.data() + i * kHashSize, kHashSize, hashes[i].data());
    }
    return hashes;
  }

  // Level 0 as the tiles have it.
  Result<std::vector<Digest>> ReadLeafTiles() const {
    std::vector<Digest> all;
    for (std::uint64_t i = 0; i * kFullWidth < head_.size; ++i) {
      TW_ASSIGN_OR_RETURN(const std::vector<Digest> hashes, ReadHashes(Final(0, i)));
      all.insert(all.end(), hashes.begin(), hashes.end());
    }
    return all;
  }

  // Every entry against level 0, and the root of what they say against the checkpoint. Entries and
  // level 0 are two witnesses of the same leaves: the one that gives the signed root is right, the
  // other is named.
  Result<void> CheckEntries() {
    TW_ASSIGN_OR_RETURN(const std::vector<Digest> by_tiles, ReadLeafTiles());
    const bool tiles_right = HashTree(by_tiles) == head_.root;
    std::vector<Digest> by_entries;
    std::optional<Error> first_bad;
    for (std::uint64_t i = 0; i * kFullWidth < head_.size; ++i) {
      const TileFile file = Final(std::nullopt, i);
      TW_ASSIGN_OR_RETURN(const std::string bundle,
                          ReadLedgerFile(options_.ledger, file.path, kMaxBundle));
      auto bad = AddBundle(file, bundle, by_tiles, by_entries);
      if (bad && !first_bad) first_bad = bad;
      // Behind broken framing nothing can be said about the entries any more.
      if (by_entries.size() < i * kFullWidth + file.width) break;
    }
    const bool entries_right =
        by_entries.size() == head_.size && HashTree(by_entries) == head_.root;
    if (!entries_right && !first_bad) {
      return Fail(ErrorCode::kCheckFailed,
                  "checkpoint line 3: root {}, but the entries have {} ({} entries, consistently "
                  "changed)",
                  Base64Encode(head_.root), Base64Encode(HashTree(by_entries)), head_.size);
    }
    if (!entries_right) {
      if (!tiles_right) first_bad->message += " (and level 0 does not give the signed root either)";
      return tl::unexpected<Error>(*first_bad);
    }
    levels_ = TileLevels(std::move(by_entries));
    return {};
  }

  // Hashes the entries of one bundle and reads what they say; gives the first that does not fit.
  std::optional<Error> AddBundle(const TileFile& file, std::string_view bundle,
                                 const std::vector<Digest>& by_tiles,
                                 std::vector<Digest>& by_entries) {
    const auto bad = [&file](std::uint64_t index, std::string_view what) {
      return Error{ErrorCode::kCheckFailed,
                   fmt::format("{}: entry {}: {}", file.path, index, what)};
    };
    std::optional<Error> first;
    for (std::uint64_t j = 0; j < file.width; ++j) {
      const std::uint64_t index = file.index * kFullWidth + j;
      const std::size_t length = bundle.size() < 2 ? 0 : ReadBe16(AsBytes(bundle));
      if (bundle.size() < 2 + length) {
        return first ? first : bad(index, "the file ends inside it");
      }
      const std::string_view entry = bundle.substr(2, length);
      bundle.remove_prefix(2 + length);
      by_entries.push_back(HashEntry(AsBytes(entry)));
      if (by_entries.back() != by_tiles[index]) {
        if (!first) first = bad(index, "its hash is not the one in level 0");
      } else if (options_.parse_leaves && !leaf_error_) {
        const auto added = AddLeaf(entry, index, report_);
        if (!added) leaf_error_ = bad(index, added.error().message);
      }
    }
    if (!bundle.empty() && !first) {
      by_entries.pop_back();  // as many hashes as entries that end where they must
      first = bad(file.index * kFullWidth + file.width - 1,
                  fmt::format("{} bytes behind it", bundle.size()));
    }
    return first;
  }

  // Every covered file, byte by byte, against what the entries give.
  Result<void> CheckTiles() {
    if (leaf_error_) return tl::unexpected<Error>(*leaf_error_);
    for (const TileFile& tile : covered_) {
      if (!tile.level) {
        TW_RETURN_IF_ERROR(CheckPartialBundle(tile));
        continue;
      }
      TW_ASSIGN_OR_RETURN(const std::vector<Digest> hashes, ReadHashes(tile));
      const std::vector<Digest>& level = levels_[static_cast<std::size_t>(*tile.level)];
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        const Digest& expected = level[tile.index * kFullWidth + i];
        if (hashes[i] != expected) {
          return Fail(ErrorCode::kCheckFailed, "{}: hash {} is {}, the entries have {}", tile.path,
                      i, HexEncode(hashes[i]), HexEncode(expected));
        }
      }
    }
    return {};
  }

  // A bundle of an earlier size is a beginning of the later one: exactly its first `width` entries.
  Result<void> CheckPartialBundle(const TileFile& tile) const {
    const TileFile last = Final(std::nullopt, tile.index);
    if (tile.width == last.width) return {};
    TW_ASSIGN_OR_RETURN(const std::string part,
                        ReadLedgerFile(options_.ledger, tile.path, kMaxBundle));
    TW_ASSIGN_OR_RETURN(const std::string whole,
                        ReadLedgerFile(options_.ledger, last.path, kMaxBundle));
    std::size_t begin = 0;
    for (std::uint64_t j = 0; j < tile.width; ++j) {
      const std::size_t end = begin + 2 + ReadBe16(AsBytes(whole).subspan(begin));
      if (part.compare(begin, end - begin, whole, begin, end - begin) != 0) {
        return Fail(ErrorCode::kCheckFailed, "{}: entry {}: is not as in {}", tile.path,
                    tile.index * kFullWidth + j, last.path);
      }
      begin = end;
    }
    if (part.size() != begin) {
      return Fail(ErrorCode::kCheckFailed, "{}: {} bytes behind its last entry", tile.path,
                  part.size() - begin);
    }
    return {};
  }

  Result<void> CheckSeen(const std::string& name, const std::string& text,
                         const Policy& policy) const {
    // Witnesses may have cosigned after it was seen: only the log's signature is asked for.
    Policy log_only;
    log_only.logs = policy.logs;
    log_only.quorum = "none";
    const auto seen = CheckCheckpoint(text, log_only);
    if (!seen) return Prefix(name, seen.error());
    if (seen->head.origin != head_.origin) {
      return Fail(ErrorCode::kCheckFailed, "{}: line 1: origin '{}', the ledger's is '{}'", name,
                  seen->head.origin, head_.origin);
    }
    if (seen->head.size > head_.size) {
      return Fail(ErrorCode::kCheckFailed,
                  "checkpoint line 2: size {}, but size {} was seen: the ledger was cut back",
                  head_.size, seen->head.size);
    }
    const Digest root = HashTree(levels_.empty() ? std::span<const Digest>()
                                                 : std::span(levels_[0]).first(seen->head.size));
    if (root != seen->head.root) {
      return Fail(ErrorCode::kCheckFailed,
                  "entries 0 to {}: root {}, but {} was seen at this size: history was replaced",
                  seen->head.size - 1, Base64Encode(root), Base64Encode(seen->head.root));
    }
    return {};
  }

  const AuditOptions& options_;
  std::string checkpoint_;
  LedgerFiles files_;
  TreeHead head_;
  std::vector<TileFile> covered_;
  std::vector<std::vector<Digest>> levels_;
  std::optional<Error> leaf_error_;
  AuditReport report_;
};

}  // namespace

Result<AuditReport> AuditLedger(const AuditOptions& options) {
  // A writer at work removes outgrown partial tiles: what failed meanwhile is looked at again.
  constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    Auditor auditor(options);
    auto report = auditor.Run();
    if (report || attempt == kAttempts || !auditor.IsOvertaken()) return report;
  }
}

}  // namespace trucewatch::audit
