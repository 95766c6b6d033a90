// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/ledger_entries.h"

#include <algorithm>

#include "core/note/signed_note.h"
#include "evidence/ledger/proof_file.h"
#include "evidence/ledger/reread.h"
#include "evidence/ledger/tiles.h"

namespace trucewatch::tools {

Result<LedgerEntries> LedgerEntries::Open(Storage& storage, const std::string& folder) {
  LedgerEntries out(storage, folder);
  const std::string path = folder + "/checkpoint";
  TW_ASSIGN_OR_RETURN(const bool there, storage.Exists(path));
  if (!there)
    return Fail(ErrorCode::kNotFound, "{}: no such file; expected the folder of a ledger", path);
  TW_ASSIGN_OR_RETURN(out.note_, ReadWholeFile(storage, path, kMaxNoteSize));
  const auto note = ParseNote(out.note_);
  if (!note) return Prefix(path, note.error());
  auto checkpoint = evidence::ParseCheckpoint(note->text);
  if (!checkpoint) return Prefix(path, checkpoint.error());
  out.checkpoint_ = std::move(*checkpoint);
  const auto reread =
      evidence::Reread(storage, {.directory = folder, .old_size = 0, .size = out.checkpoint_.size});
  if (!reread) return Prefix(folder, reread.error());
  if (reread->root != out.checkpoint_.root)
    return Fail(ErrorCode::kCheckFailed, "{}: its {} entries do not make the checkpoint's root",
                folder, out.checkpoint_.size);
  for (const Digest& hash : reread->leaf_hashes) out.tree_.Append(hash);
  return out;
}

Result<void> LedgerEntries::UseCheckpoint(const std::string& note) {
  TW_ASSIGN_OR_RETURN(const SignedNote parsed, ParseNote(note));
  TW_ASSIGN_OR_RETURN(evidence::Checkpoint checkpoint, evidence::ParseCheckpoint(parsed.text));
  if (checkpoint.origin != checkpoint_.origin || checkpoint.size > tree_.size() ||
      checkpoint.root != tree_.Root(checkpoint.size))
    return Fail(ErrorCode::kCheckFailed, "{}: a checkpoint of size {} is not this ledger's",
                folder_, checkpoint.size);
  checkpoint_ = std::move(checkpoint);
  note_ = note;
  return {};
}

Result<void> LedgerEntries::ForEach(
    const std::function<Result<void>(std::uint64_t, std::string_view)>& handle) const {
  for (std::uint64_t first = 0; first < size(); first += evidence::kTileWidth) {
    const std::uint64_t width = std::min(evidence::kTileWidth, size() - first);
    const std::string path =
        folder_ + "/" +
        evidence::TilePath({evidence::kEntriesLevel, first / evidence::kTileWidth, width});
    TW_ASSIGN_OR_RETURN(const std::string bytes,
                        ReadWholeFile(storage_, path, evidence::kMaxBundleSize));
    TW_ASSIGN_OR_RETURN(const auto entries, evidence::SplitBundle(bytes, width, first));
    for (std::uint64_t i = 0; i < width; ++i) TW_RETURN_IF_ERROR(handle(first + i, entries[i]));
  }
  return {};
}

std::string LedgerEntries::ProofOf(std::uint64_t index) const {
  return evidence::FormatProofFile(index, tree_.InclusionProof(index, size()), note_);
}

}  // namespace trucewatch::tools
