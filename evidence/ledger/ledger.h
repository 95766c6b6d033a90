// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/note/signed_note.h"
#include "core/storage/storage.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/ledger/checkpoint_cosigner.h"
#include "evidence/ledger/log_signer.h"
#include "evidence/ledger/merkle.h"
#include "evidence/ledger/spare_files.h"
#include "evidence/ledger/tiles.h"

namespace trucewatch::evidence {

struct LedgerOptions {
  std::string directory;
  NoteKey log_key;                        // its name is the ledger's origin
  std::vector<NoteKey> former_keys = {};  // of this log: the checkpoint that is there may be theirs
};

// Writer of one ledger (docs/formats/ledger.md): a C2SP tlog-tiles folder and its signed
// checkpoint. Leaves become files only in Publish(), which either gives a checkpoint that covers
// all of them or fails; leaves that no checkpoint covers are forgotten at the next Open and must be
// appended again. Determinism: the same leaves published at the same sizes give the same bytes in
// the same files, whatever crashes lay between. Partial tiles stay for every published size until
// their tile is full and published; then they go. After an error of Publish the object must not be
// used again: open the ledger anew. Threads: thread-compatible. Storage must outlive the ledger.
class Ledger {
 public:
  // Opens or creates. Re-reads everything below the checkpoint; fails with kCheckFailed, naming the
  // entry, tile or checkpoint line that does not fit, and with kBadInput when the checkpoint is
  // another log's.
  static Result<std::unique_ptr<Ledger>> Open(Storage& storage, const LedgerOptions& options);

  const std::string& origin() const { return options_.log_key.name; }
  std::uint64_t size() const { return tree_.size(); }
  std::uint64_t published_size() const { return published_size_; }
  // Of the newest checkpoint that no power cut can take away any more.
  std::uint64_t settled_size() const { return settled_size_; }
  bool has_checkpoint() const { return !checkpoint_note_.empty(); }
  const std::string& checkpoint_note() const { return checkpoint_note_; }  // as in the file
  const MerkleTree& tree() const { return tree_; }

  // Fails (kBadInput) when the leaf is longer than 65,535 bytes.
  Result<void> Append(std::string_view leaf);

  // Files, fsync, re-read and recompute, signer, cosignatures, checkpoint (RELIABILITY order 1 to
  // 5). Idempotent. False: signed, but `cosigner` says that not enough have cosigned; call again
  // later, without another Append between.
  Result<bool> Publish(LogSigner& signer, CheckpointCosigner* cosigner = nullptr);
  // The same for a writer that has the next leaves already: the folder of the new checkpoint is not
  // synced at the end but together with the files of the next Publish or PublishAhead, or by
  // Settle. Whatever the checkpoint covers must not be acknowledged before (settled_size).
  Result<bool> PublishAhead(LogSigner& signer, CheckpointCosigner* cosigner = nullptr);
  Result<void> Settle();
  // After the last of them, or before a long while: takes away what only a writer at work has in
  // the folder.
  Result<void> TidyUp();

 private:
  Ledger(Storage& storage, const LedgerOptions& options)
      : storage_(storage), options_(options), spares_(storage, options.directory + ".spare-") {}

  std::string PathOf(const std::string& relative) const;
  Result<void> LoadCheckpoint();
  Result<std::string> ContentsOf(const TileId& tile);
  Result<void> MakeFolder(const std::string& folder, std::set<std::string>& to_sync);
  Result<void> WriteTiles();
  std::size_t ExpectedNoteSize() const;
  Result<void> ReplaceCheckpoint(const std::string& note);
  Result<void> HaveSettled();
  Result<void> WriteAndSign(LogSigner& signer);
  Result<std::string> AskSigner(LogSigner& signer, const Digest& root);
  Result<void> TakeOutgrownPartials(std::uint64_t old_size);

  Storage& storage_;
  LedgerOptions options_;
  MerkleTree tree_;
  std::uint64_t published_size_ = 0;
  std::uint64_t settled_size_ = 0;
  bool settled_ = true;  // the folder's names are durable
  // The file of the checkpoint before is checkpoint.tmp now, and the next one is written into it:
  // making and freeing a file each time costs as much as a flush.
  bool has_spare_ = false;
  SpareFiles spares_;  // outgrown partial files, for the next ones
  std::string checkpoint_note_;
  std::string signed_note_;  // of size signed_size_, not published yet
  std::uint64_t signed_size_ = 0;
  std::optional<std::vector<std::string>> held_by_witnesses_;  // since they answered
  std::string bundle_;  // entries of the bundle that is not full yet, as in its file
  std::vector<std::string> full_bundles_;  // bundles filled since the last Publish
  std::set<std::string> known_folders_;    // that are there, relative to the ledger
};

}  // namespace trucewatch::evidence
