// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/release_follower.h"

#include <algorithm>
#include <vector>

#include "core/note/signed_note.h"
#include "core/types/codec.h"
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
  if (batch.last > seen_) {
    TW_ASSIGN_OR_RETURN(const std::uint64_t size, SizeAt(batch.last));
    TW_RETURN_IF_ERROR(ReadLedger(size));
    if (release_->added() > 0) TW_RETURN_IF_ERROR(Give(release_->newest()));
    seen_ = batch.last;
  }
  return !batch.closed;
}

// Of the checkpoint that a published record is under: what it covers is durable. The checkpoint
// that is in the ledger's folder may be ahead of what a power cut leaves (Ledger::PublishAhead).
Result<std::uint64_t> ReleaseFollower::SizeAt(std::uint64_t record) {
  constexpr std::uint64_t kOneRecord = 1;
  TW_ASSIGN_OR_RETURN(const LogBatch batch,
                      logs_.published.ReadAfter(record - 1, kOneRecord, Duration()));
  if (batch.records.empty())
    return Fail(ErrorCode::kCheckFailed, "record {} of the published log is gone", record);
  TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(batch.records.front().payload));
  return envelope.published().checkpoint_size();
}

Result<void> ReleaseFollower::Finish(Instant now) {
  TW_ASSIGN_OR_RETURN(const std::uint64_t size, SizeOfCheckpoint());
  TW_RETURN_IF_ERROR(ReadLedger(size));
  if (release_->added() == 0) return {};
  TW_RETURN_IF_ERROR(Give(std::max(release_->newest(), std::min(now, release_->all_shown()))));
  if (now < release_->all_shown()) return {};
  TW_RETURN_IF_ERROR(logs_.released.Close());
  return logs_.open.Close();
}

Result<std::uint64_t> ReleaseFollower::SizeOfCheckpoint() {
  const std::string path = ledger_directory_ + "/checkpoint";
  TW_ASSIGN_OR_RETURN(const bool there, storage_.Exists(path));
  if (!there) return 0;
  TW_ASSIGN_OR_RETURN(const std::string note, ReadWholeFile(storage_, path, kMaxNoteSize));
  TW_ASSIGN_OR_RETURN(const SignedNote parsed, ParseNote(note));
  TW_ASSIGN_OR_RETURN(const auto checkpoint, evidence::ParseCheckpoint(parsed.text));
  return checkpoint.size;
}

// The entries below `size` that were not read yet.
Result<void> ReleaseFollower::ReadLedger(std::uint64_t size) {
  while (release_->added() < size) {
    const std::uint64_t bundle = release_->added() / kTileWidth, first = bundle * kTileWidth;
    std::uint64_t width = std::min(kTileWidth, size - first);
    const auto read = [&] {
      return ReadWholeFile(
          storage_,
          ledger_directory_ + "/" + evidence::TilePath({evidence::kEntriesLevel, bundle, width}),
          evidence::kMaxBundleSize);
    };
    auto bytes = read();
    // Partial ones go when their bundle is full.
    const std::uint64_t wanted = width;
    if (!bytes && width < kTileWidth) {
      width = kTileWidth;
      bytes = read();
    }
    if (!bytes) return tl::unexpected<Error>(bytes.error());
    // The writer uses outgrown files again: what was opened may have become another one meanwhile.
    const auto again = read();
    if (!again || *again != *bytes) continue;
    TW_ASSIGN_OR_RETURN(const auto entries, evidence::SplitBundle(*bytes, width, first));
    for (std::uint64_t i = release_->added() - first; i < wanted; ++i)
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
