// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/release_follower.h"

#include <algorithm>
#include <vector>

#include "core/note/signed_note.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/ledger/tiles.h"

namespace trucewatch::tools {

using evidence::kTileWidth;

Result<std::unique_ptr<ReleaseFollower>> ReleaseFollower::Open(Storage& storage,
                                                               const std::string& ledger_directory,
                                                               PartyReleaseOptions options,
                                                               Logs logs) {
  std::unique_ptr<ReleaseFollower> out(new ReleaseFollower(storage, ledger_directory, logs));
  TW_ASSIGN_OR_RETURN(out->release_, PartyRelease::Open(storage, std::move(options)));
  return out;
}

Result<bool> ReleaseFollower::Step(Duration wait) {
  // Asks for no records: only whether there are more.
  TW_ASSIGN_OR_RETURN(const LogBatch batch, logs_.published.ReadAfter(seen_, 0, wait));
  if (batch.last > seen_ || batch.closed) {
    TW_RETURN_IF_ERROR(ReadLedger());
    if (release_->added() > 0) TW_RETURN_IF_ERROR(Give(release_->newest()));
    seen_ = batch.last;
  }
  return !batch.closed;
}

Result<void> ReleaseFollower::Finish(Instant now) {
  TW_RETURN_IF_ERROR(ReadLedger());
  if (release_->added() == 0) return {};
  TW_RETURN_IF_ERROR(Give(std::max(release_->newest(), std::min(now, release_->all_shown()))));
  if (now < release_->all_shown()) return {};
  TW_RETURN_IF_ERROR(logs_.released.Close());
  return logs_.open.Close();
}

// The entries that a checkpoint covers and that were not read yet.
Result<void> ReleaseFollower::ReadLedger() {
  const std::string path = ledger_directory_ + "/checkpoint";
  TW_ASSIGN_OR_RETURN(const bool there, storage_.Exists(path));
  if (!there) return {};
  TW_ASSIGN_OR_RETURN(const std::string note, ReadWholeFile(storage_, path, kMaxNoteSize));
  TW_ASSIGN_OR_RETURN(const SignedNote parsed, ParseNote(note));
  TW_ASSIGN_OR_RETURN(const auto checkpoint, evidence::ParseCheckpoint(parsed.text));
  while (release_->added() < checkpoint.size) {
    const std::uint64_t bundle = release_->added() / kTileWidth, first = bundle * kTileWidth;
    const std::uint64_t width = std::min(kTileWidth, checkpoint.size - first);
    const std::string file =
        ledger_directory_ + "/" + evidence::TilePath({evidence::kEntriesLevel, bundle, width});
    const auto bytes = ReadWholeFile(storage_, file, evidence::kMaxBundleSize);
    // A newer checkpoint has filled it meanwhile: the next time comes with that one.
    if (!bytes && width < kTileWidth) return {};
    if (!bytes) return tl::unexpected<Error>(bytes.error());
    TW_ASSIGN_OR_RETURN(const auto entries, evidence::SplitBundle(*bytes, width, first));
    for (std::uint64_t i = release_->added() - first; i < width; ++i)
      TW_RETURN_IF_ERROR(release_->Add(entries[i]));
  }
  return {};
}

Result<void> ReleaseFollower::Give(Instant as_of) {
  TW_RETURN_IF_ERROR(release_->Release(as_of));
  const std::vector<std::string>& leaves = release_->leaves();
  std::vector<LogWriter::NewRecord> released, open;
  for (; given_ < leaves.size(); ++given_) {
    const std::string& leaf = leaves[given_];
    if (given_ >= logs_.released.last()) released.push_back({given_ + 1, leaf});
    if (IsForThePublic(leaf) && open_given_++ >= logs_.open.last())
      open.push_back({given_ + 1, leaf});
  }
  if (logs_.released.closed()) return {};
  if (!released.empty()) TW_RETURN_IF_ERROR(logs_.released.Append(released));
  if (!open.empty()) TW_RETURN_IF_ERROR(logs_.open.Append(open));
  return {};
}

}  // namespace trucewatch::tools
