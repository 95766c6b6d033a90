// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger/ledger.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "evidence/ledger/reread.h"

namespace trucewatch::evidence {
namespace {

constexpr char kCheckpointFile[] = "checkpoint";
constexpr char kNextCheckpointFile[] = "checkpoint.tmp";
constexpr std::size_t kMaxOpenFiles = 16;

std::size_t KindOf(int level) { return level == kEntriesLevel ? 0 : 1; }

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

// A file that no checkpoint covers yet: whatever a crash left in it goes. Not synced yet.
Result<std::unique_ptr<File>> WriteNewFile(Storage& storage, const std::string& path,
                                           std::string_view bytes) {
  TW_ASSIGN_OR_RETURN(std::unique_ptr<File> file, storage.Open(path, /*create=*/true));
  TW_ASSIGN_OR_RETURN(const std::uint64_t left_over, file->Size());
  if (left_over > 0) TW_RETURN_IF_ERROR(file->Truncate(0));
  TW_RETURN_IF_ERROR(file->Append(AsBytes(bytes)));
  return file;
}

Result<Digest> DigestFrom(const std::string& bytes) {
  Digest digest{};
  if (bytes.size() != digest.size()) return Fail(ErrorCode::kBadInput, "no SHA-256");
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

}  // namespace

std::string Ledger::PathOf(const std::string& relative) const {
  return relative.empty() ? options_.directory : options_.directory + "/" + relative;
}

Result<std::unique_ptr<Ledger>> Ledger::Open(Storage& storage, const LedgerOptions& options) {
  std::unique_ptr<Ledger> ledger(new Ledger(storage, options));
  TW_RETURN_IF_ERROR(storage.MakeDirectories(options.directory));
  // Left by a writer that died; after a power cut it might even be the checkpoint's own file.
  const auto removed = storage.Remove(ledger->PathOf(kNextCheckpointFile));
  if (!removed && removed.error().code != ErrorCode::kNotFound)
    return tl::unexpected<Error>(removed.error());
  TW_RETURN_IF_ERROR(ledger->spares_.Clear());
  TW_ASSIGN_OR_RETURN(const bool exists, storage.Exists(ledger->PathOf(kCheckpointFile)));
  if (exists) {
    const auto loaded = ledger->LoadCheckpoint();
    if (!loaded) return Prefix(options.directory, loaded.error());
  }
  return ledger;
}

Result<void> Ledger::LoadCheckpoint() {
  TW_ASSIGN_OR_RETURN(checkpoint_note_,
                      ReadWholeFile(storage_, PathOf(kCheckpointFile), kMaxNoteSize));
  const auto note = ParseNote(checkpoint_note_);
  if (!note) return Prefix(kCheckpointFile, {ErrorCode::kCheckFailed, note.error().message});
  std::vector<NoteKey> keys = options_.former_keys;
  keys.push_back(options_.log_key);
  const auto signers = VerifyNote(*note, keys);
  if (!signers) return Prefix(kCheckpointFile, signers.error());
  if (signers->empty()) {
    return Fail(ErrorCode::kBadInput, "checkpoint: not signed by {}", FormatVkey(options_.log_key));
  }
  TW_ASSIGN_OR_RETURN(const Checkpoint checkpoint, ParseCheckpoint(note->text));
  if (checkpoint.origin != origin()) {
    return Fail(ErrorCode::kBadInput, "checkpoint: origin '{}', expected '{}'", checkpoint.origin,
                origin());
  }
  TW_ASSIGN_OR_RETURN(const RereadTree tree,
                      Reread(storage_, {options_.directory, 0, checkpoint.size}));
  if (tree.root != checkpoint.root) {
    return Fail(ErrorCode::kCheckFailed, "checkpoint line 3: root {}, but the tiles have {}",
                Base64Encode(checkpoint.root), Base64Encode(tree.root));
  }
  for (const Digest& hash : tree.leaf_hashes) tree_.Append(hash);
  published_size_ = settled_size_ = checkpoint.size;
  const std::uint64_t width = checkpoint.size % kTileWidth;
  if (width != 0) {
    const TileId last{kEntriesLevel, checkpoint.size / kTileWidth, width};
    TW_ASSIGN_OR_RETURN(bundle_, ReadWholeFile(storage_, PathOf(TilePath(last)), kMaxBundleSize));
  }
  // A writer that was killed may have left the checkpoint's name in the kernel's memory alone.
  TW_RETURN_IF_ERROR(storage_.SyncDirectory(options_.directory));
  return TakeOutgrownPartials(0);
}

Result<void> Ledger::Append(std::string_view leaf) {
  if (leaf.size() > kMaxEntrySize) {
    return Fail(ErrorCode::kBadInput, "leaf {} has {} bytes: at most {}", size(), leaf.size(),
                kMaxEntrySize);
  }
  tree_.Append(LeafHash(AsBytes(leaf)));
  AppendEntry(bundle_, leaf);
  if (tree_.size() % kTileWidth == 0) full_bundles_.push_back(std::exchange(bundle_, {}));
  return {};
}

Result<std::string> Ledger::ContentsOf(const TileId& tile) {
  if (tile.level == kEntriesLevel) {
    return tile.width == kTileWidth ? full_bundles_[tile.index - published_size_ / kTileWidth]
                                    : bundle_;
  }
  std::vector<Digest> hashes;
  for (std::uint64_t i = 0; i < tile.width; ++i) {
    hashes.push_back(tree_.subtree(8 * tile.level, tile.index * kTileWidth + i));
  }
  return JoinHashes(hashes);
}

// With the missing folders above it; the folders that hold a new one go to `to_sync`.
Result<void> Ledger::MakeFolder(const std::string& folder, std::set<std::string>& to_sync) {
  if (!known_folders_.insert(folder).second) return {};
  const std::size_t slash = folder.rfind('/');
  const std::string above = slash == std::string::npos ? "" : folder.substr(0, slash);
  if (!above.empty()) TW_RETURN_IF_ERROR(MakeFolder(above, to_sync));
  to_sync.insert(above);
  return storage_.MakeDirectory(PathOf(folder));
}

// No checkpoint covers a file before all is durable, so files and folders have no order.
Result<void> Ledger::WriteTiles() {
  std::set<std::string> folders;
  std::vector<std::unique_ptr<File>> files;
  const auto sync = [&](const std::vector<std::string>& paths) {
    std::vector<File*> open;
    for (const auto& file : files) open.push_back(file.get());
    return storage_.SyncAll(open, paths);
  };
  for (const TileId& tile : NewTiles(published_size_, size())) {
    const std::string path = TilePath(tile);
    const std::string folder = ParentOf(path);
    TW_RETURN_IF_ERROR(MakeFolder(folder, folders));
    TW_ASSIGN_OR_RETURN(const std::string contents, ContentsOf(tile));
    std::unique_ptr<File> file;
    if (tile.width != kTileWidth) {
      TW_ASSIGN_OR_RETURN(file, spares_.Reuse(PathOf(path), contents, KindOf(tile.level)));
    }
    if (file == nullptr) {
      TW_ASSIGN_OR_RETURN(file, WriteNewFile(storage_, PathOf(path), contents));
    }
    files.push_back(std::move(file));
    folders.insert(folder);
    if (files.size() < kMaxOpenFiles) continue;
    TW_RETURN_IF_ERROR(sync({}));
    files.clear();
  }
  // Room for the next checkpoint: overwriting what is on the disk already costs one flush less.
  if (!has_spare_) {
    TW_ASSIGN_OR_RETURN(auto next, WriteNewFile(storage_, PathOf(kNextCheckpointFile),
                                                std::string(ExpectedNoteSize(), '\n')));
    files.push_back(std::move(next));
  }
  if (!settled_) folders.insert("");
  std::vector<std::string> paths;
  for (const std::string& folder : folders) paths.push_back(PathOf(folder));
  for (const std::string& folder : spares_.emptied()) {
    if (std::find(paths.begin(), paths.end(), folder) == paths.end()) paths.push_back(folder);
  }
  TW_RETURN_IF_ERROR(sync(paths));
  spares_.HaveSettled();
  return HaveSettled();
}

// Only the digits of the size and the cosignatures make notes of one log differ in length.
std::size_t Ledger::ExpectedNoteSize() const {
  if (!has_checkpoint()) return 1;
  return checkpoint_note_.size() + std::to_string(size()).size() -
         std::to_string(published_size_).size();
}

Result<void> Ledger::ReplaceCheckpoint(const std::string& note) {
  TW_CHECK(settled_);  // or the spare file might still be the checkpoint's after a power cut
  const std::string beside = PathOf(kNextCheckpointFile);
  {
    TW_ASSIGN_OR_RETURN(const auto file, storage_.Open(beside, /*create=*/true));
    TW_ASSIGN_OR_RETURN(const std::uint64_t room, file->Size());
    if (room == note.size()) {
      TW_RETURN_IF_ERROR(file->WriteAt(0, AsBytes(note)));
    } else {
      TW_RETURN_IF_ERROR(file->Truncate(0));
      TW_RETURN_IF_ERROR(file->Append(AsBytes(note)));
    }
    TW_RETURN_IF_ERROR(file->Sync());
  }
  const std::string path = PathOf(kCheckpointFile);
  if (!has_checkpoint()) return storage_.Rename(beside, path);
  TW_ASSIGN_OR_RETURN(has_spare_, storage_.Exchange(beside, path));
  return {};
}

Result<void> Ledger::HaveSettled() {
  settled_ = true;
  const std::uint64_t old_size = std::exchange(settled_size_, published_size_);
  return TakeOutgrownPartials(old_size);
}

Result<void> Ledger::Settle() {
  if (settled_) return {};
  TW_RETURN_IF_ERROR(storage_.SyncDirectory(options_.directory));
  return HaveSettled();
}

Result<void> Ledger::TidyUp() {
  TW_RETURN_IF_ERROR(spares_.Clear());
  if (!std::exchange(has_spare_, false)) return {};
  return storage_.Remove(PathOf(kNextCheckpointFile));
}

Result<void> Ledger::WriteAndSign(LogSigner& signer) {
  TW_RETURN_IF_ERROR(WriteTiles());
  const Digest root = tree_.Root(size());
  TW_ASSIGN_OR_RETURN(const RereadTree reread,
                      Reread(storage_, {options_.directory, published_size_, size()}));
  if (reread.root != root) {
    return Fail(ErrorCode::kCheckFailed, "what was written has root {}, expected {}: not signed",
                Base64Encode(reread.root), Base64Encode(root));
  }
  TW_ASSIGN_OR_RETURN(signed_note_, AskSigner(signer, root));
  signed_size_ = size();
  return {};
}

Result<bool> Ledger::Publish(LogSigner& signer, CheckpointCosigner* cosigner) {
  TW_ASSIGN_OR_RETURN(const bool published, PublishAhead(signer, cosigner));
  TW_RETURN_IF_ERROR(Settle());
  return published;
}

Result<bool> Ledger::PublishAhead(LogSigner& signer, CheckpointCosigner* cosigner) {
  if (size() == published_size_ && has_checkpoint()) return true;
  if (cosigner != nullptr && !held_by_witnesses_) {
    TW_ASSIGN_OR_RETURN(held_by_witnesses_, cosigner->AskWhatTheyHold(tree_));
    if (!held_by_witnesses_) return false;
  }
  if (signed_note_.empty() || signed_size_ != size()) TW_RETURN_IF_ERROR(WriteAndSign(signer));
  std::string note = signed_note_;
  if (cosigner != nullptr) {
    TW_ASSIGN_OR_RETURN(auto cosigned, cosigner->Cosign(signed_note_, tree_));
    if (!cosigned) return false;
    note = std::move(*cosigned);
  }
  TW_RETURN_IF_ERROR(ReplaceCheckpoint(note));
  settled_ = false;
  published_size_ = size();
  checkpoint_note_ = std::move(note);
  signed_note_.clear();
  full_bundles_.clear();
  return true;
}

Result<std::string> Ledger::AskSigner(LogSigner& signer, const Digest& root) {
  // A crash between the signer's memory and the checkpoint file leaves the signer ahead; then it
  // says where it stands and is asked once more from there.
  std::uint64_t from = published_size_;
  v1::SignReply reply;
  for (int attempt = 0; attempt < 2; ++attempt) {
    v1::SignRequest request;
    request.set_size(size());
    request.set_root(std::string(AsText(root)));
    for (const Digest& hash : tree_.ConsistencyProof(from, size())) {
      request.add_consistency_proof(std::string(AsText(hash)));
    }
    if (held_by_witnesses_) {
      request.set_witnesses_answered(true);
      for (const std::string& held : *held_by_witnesses_) request.add_seen_checkpoint(held);
    }
    TW_ASSIGN_OR_RETURN(reply, signer.Sign(request));
    if (reply.error().empty()) break;
    const std::uint64_t held = reply.last_size();
    if (held < published_size_) {
      return Fail(
          ErrorCode::kCheckFailed,
          "the signer holds size {}, the ledger's checkpoint has {}: the signer's state was "
          "lost or is another log's ({})",
          held, published_size_, reply.error());
    }
    if (held > size()) {
      return Fail(
          ErrorCode::kCheckFailed,
          "the signer has signed size {}, this ledger has {}: restore the missing leaves or "
          "retire the log ({})",
          held, size(), reply.error());
    }
    const auto held_root = DigestFrom(reply.last_root());
    if (attempt > 0 || !held_root || *held_root != tree_.Root(held)) {
      return Fail(ErrorCode::kCheckFailed, "the signer refuses size {}: {}", size(), reply.error());
    }
    from = held;
  }
  TW_ASSIGN_OR_RETURN(const SignedNote note, ParseNote(reply.checkpoint()));
  TW_ASSIGN_OR_RETURN(const auto signers, VerifyNote(note, {&options_.log_key, 1}));
  if (signers.empty() || note.text != FormatCheckpoint({origin(), size(), root})) {
    return Fail(ErrorCode::kCheckFailed, "the signer signed something else than size {} of {}",
                size(), origin());
  }
  return reply.checkpoint();
}

// The fixed rule for partial tiles (docs/formats/ledger.md): they go when their tile is full and
// published; some as spare files. Only the tile that was partial at old_size can have any, except
// after a crash, when all are looked at (old_size 0).
Result<void> Ledger::TakeOutgrownPartials(std::uint64_t old_size) {
  for (int level = kEntriesLevel; CountAtLevel(level, published_size_) > 0; ++level) {
    const std::uint64_t first = CountAtLevel(level, old_size) / kTileWidth;
    const std::uint64_t full = CountAtLevel(level, published_size_) / kTileWidth;
    for (std::uint64_t i = first; i < full; ++i) {
      const std::string folder = PathOf(PartialFolder(level, i));
      const auto names = storage_.List(folder);
      if (!names && names.error().code == ErrorCode::kNotFound) continue;
      if (!names) return tl::unexpected<Error>(names.error());
      for (const std::string& name : *names) {
        TW_ASSIGN_OR_RETURN(const bool kept, spares_.Keep(folder, name, KindOf(level)));
        if (!kept) TW_RETURN_IF_ERROR(storage_.Remove(folder + "/" + name));
      }
    }
  }
  return {};
}

}  // namespace trucewatch::evidence
