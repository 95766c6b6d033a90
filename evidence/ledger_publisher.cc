// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger_publisher.h"

#include <algorithm>

namespace trucewatch::evidence {
namespace {

constexpr std::uint64_t kMaxBatchBytes = 1024 * 1024;

}  // namespace

LedgerPublisher::LedgerPublisher(Ledger& ledger, LogSigner& signer, LogReader& leaves,
                                 LogWriter& published)
    : ledger_(ledger),
      signer_(signer),
      leaves_(leaves),
      published_(published),
      done_(std::min(published.last(), ledger.size())) {}

Result<bool> LedgerPublisher::Step(Duration wait) {
  if (closed_) return false;
  if (published_.last() > ledger_.size()) {
    return Fail(ErrorCode::kCheckFailed,
                "{} findings were published, but the ledger has {} leaves: it was rolled back",
                published_.last(), ledger_.size());
  }
  TW_ASSIGN_OR_RETURN(const bool resumes, ResumesWhereTheLedgerEnds(wait));
  if (!resumes) return true;
  TW_ASSIGN_OR_RETURN(const LogBatch batch, leaves_.ReadAfter(done_, kMaxBatchBytes, wait));
  for (const LogRecord& record : batch.records) TW_RETURN_IF_ERROR(HandleLeaf(record));
  if (!batch.closed || done_ < batch.last) return true;
  if (done_ < ledger_.published_size()) {
    return Fail(ErrorCode::kCheckFailed, "the log of leaves ends at {}, the ledger has {}", done_,
                ledger_.size());
  }
  TW_RETURN_IF_ERROR(SignAndRelease());
  TW_RETURN_IF_ERROR(published_.Close());
  closed_ = true;
  return false;
}

// Looks once at the last leaf that was handled before a restart: another log of leaves must not be
// continued here. False: it is not there yet.
Result<bool> LedgerPublisher::ResumesWhereTheLedgerEnds(Duration wait) {
  if (checked_ || done_ == 0) return true;
  TW_ASSIGN_OR_RETURN(const LogBatch batch, leaves_.ReadAfter(done_ - 1, 1, wait));
  if (batch.records.empty()) {
    if (!batch.closed) return false;
    return Fail(ErrorCode::kCheckFailed, "the log of leaves ends at {}, the ledger has {}",
                batch.last, ledger_.size());
  }
  if (LeafHash(AsBytes(batch.records[0].payload)) != ledger_.tree().leaf_hash(done_ - 1)) {
    return Fail(ErrorCode::kCheckFailed, "leaf {} is not what entry {} of the ledger holds", done_,
                done_ - 1);
  }
  checked_ = true;
  return true;
}

Result<void> LedgerPublisher::HandleLeaf(const LogRecord& record) {
  if (record.sequence != done_ + 1) {
    return Fail(ErrorCode::kCheckFailed, "leaf {} expected, leaf {} came", done_ + 1,
                record.sequence);
  }
  const auto leaf = ParseLeaf(record.payload);
  if (!leaf) return Prefix(fmt::format("leaf {}", record.sequence), leaf.error());
  const std::uint64_t index = done_;
  if (index < ledger_.size()) {
    if (LeafHash(AsBytes(record.payload)) != ledger_.tree().leaf_hash(index)) {
      return Fail(ErrorCode::kCheckFailed, "leaf {} is not what entry {} of the ledger holds",
                  record.sequence, index);
    }
  } else {
    TW_RETURN_IF_ERROR(ledger_.Append(record.payload));
  }
  ++done_;
  waiting_.push_back(FindingOf(*leaf));
  const bool covered = done_ <= ledger_.published_size();
  // In a ledger that was closed, the last checkpoint may cover leaves that none would follow.
  const bool last_covered = done_ == ledger_.published_size();
  if (!CheckpointAfter(*leaf, index) && !last_covered) return {};
  return covered ? Release(done_) : SignAndRelease();
}

Result<void> LedgerPublisher::SignAndRelease() {
  TW_RETURN_IF_ERROR(ledger_.Publish(signer_));
  return Release(ledger_.published_size());
}

Result<void> LedgerPublisher::Release(std::uint64_t checkpoint_size) {
  std::vector<LogWriter::NewRecord> records;
  const std::uint64_t first = done_ - waiting_.size();  // ledger index of waiting_[0]
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const std::uint64_t index = first + i;
    if (index < published_.last()) continue;
    v1::Envelope envelope;
    v1::PublishedFinding& published = *envelope.mutable_published();
    published.set_ledger_index(index);
    published.set_checkpoint_size(checkpoint_size);
    *published.mutable_finding() = std::move(waiting_[i]);
    records.push_back({index + 1, envelope.SerializeAsString()});
  }
  waiting_.clear();
  if (records.empty()) return {};
  return published_.Append(records);
}

}  // namespace trucewatch::evidence
