// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "core/note/signed_note.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/ledger/merkle.h"
#include "evidence/ledger/proof_file.h"
#include "evidence/ledger/reread.h"
#include "evidence/ledger/tiles.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/output_file.h"

namespace trucewatch::tools {
namespace {

// The leaf's bytes out of its bundle.
Result<std::string> LeafBytes(Storage& storage, const std::string& ledger, std::uint64_t index,
                              std::uint64_t size) {
  const std::uint64_t first = index / evidence::kTileWidth * evidence::kTileWidth;
  const std::uint64_t width = std::min(evidence::kTileWidth, size - first);
  const std::string path = ledger + "/" +
                           evidence::TilePath({.level = evidence::kEntriesLevel,
                                               .index = index / evidence::kTileWidth,
                                               .width = width});
  TW_ASSIGN_OR_RETURN(const std::string bundle,
                      ReadWholeFile(storage, path, evidence::kMaxBundleSize));
  TW_ASSIGN_OR_RETURN(const auto entries, evidence::SplitBundle(bundle, width, first));
  return std::string(entries[index - first]);
}

}  // namespace

Result<int> RunExportProof(const ExportProofCommand& command) {
  const std::unique_ptr<Storage> storage = MakePosixStorage();
  const std::string ledger = command.run + "/ledger";
  TW_ASSIGN_OR_RETURN(const bool there, storage->Exists(ledger + "/checkpoint"));
  if (!there) {
    return Fail(ErrorCode::kNotFound,
                "{}/checkpoint: no such file; expected the folder of a replay or a run, with its "
                "ledger in it",
                ledger);
  }
  TW_ASSIGN_OR_RETURN(const std::string checkpoint_note,
                      ReadWholeFile(*storage, ledger + "/checkpoint", kMaxNoteSize));
  const auto note = ParseNote(checkpoint_note);
  if (!note) return Prefix(ledger + "/checkpoint", note.error());
  const auto checkpoint = evidence::ParseCheckpoint(note->text);
  if (!checkpoint) return Prefix(ledger + "/checkpoint", checkpoint.error());
  if (command.index >= checkpoint->size) {
    return Fail(ErrorCode::kUsage, "entry {}: the ledger has {} entries, 0 to {}", command.index,
                checkpoint->size, static_cast<std::int64_t>(checkpoint->size) - 1);
  }
  // A proof is only made of a ledger that holds: all of it is recomputed.
  const auto reread =
      evidence::Reread(*storage, {.directory = ledger, .old_size = 0, .size = checkpoint->size});
  if (!reread) return Prefix(ledger, reread.error());
  if (reread->root != checkpoint->root) {
    return Fail(ErrorCode::kCheckFailed, "{}: its {} entries do not make the checkpoint's root",
                ledger, checkpoint->size);
  }
  evidence::MerkleTree tree;
  for (const Digest& hash : reread->leaf_hashes) tree.Append(hash);
  TW_ASSIGN_OR_RETURN(const std::string leaf,
                      LeafBytes(*storage, ledger, command.index, checkpoint->size));
  const std::string proof = evidence::FormatProofFile(
      command.index, tree.InclusionProof(command.index, checkpoint->size), checkpoint_note);
  TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.out, AsBytes(proof)));
  std::fprintf(stderr, "%s: entry %llu of %llu, %zu bytes\n", command.out.c_str(),
               static_cast<unsigned long long>(command.index),
               static_cast<unsigned long long>(checkpoint->size), proof.size());
  if (!command.leaf.empty()) {
    TW_RETURN_IF_ERROR(WriteOutputFile(*storage, command.leaf, AsBytes(leaf)));
    std::fprintf(stderr, "%s: %zu bytes\n", command.leaf.c_str(), leaf.size());
  }
  return 0;
}

}  // namespace trucewatch::tools
