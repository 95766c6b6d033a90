// SPDX-License-Identifier: Apache-2.0
#include "evidence/ledger_publisher.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace trucewatch::evidence {
namespace {

constexpr std::uint64_t kMaxBatchBytes = 1024 * 1024;

// Never before the last finding, so that a ledger stays in order of time.
std::string OperationLeaf(std::int64_t last_time_us, std::uint64_t ledger_index,
                          const OperationStatement& statement) {
  v1::Envelope envelope;
  v1::DataFault& fault = *envelope.mutable_data_fault();
  fault.set_time_us(std::max(last_time_us, statement.time_us));
  fault.set_format(statement.format);
  fault.set_source_id(statement.source);
  fault.set_source_offset(ledger_index);
  fault.set_reason(statement.text);
  return MakeLeaf(LeafKind::kOperation, envelope.SerializeAsString());
}

}  // namespace

LedgerPublisher::LedgerPublisher(Ledger& ledger, LogSigner& signer, LogReader& leaves,
                                 LogWriter& published)
    : ledger_(ledger),
      signer_(signer),
      leaves_(leaves),
      published_(published),
      done_(std::min(published.last(), ledger.size())),
      position_(done_) {}

Result<void> LedgerPublisher::UseCosigner(CheckpointCosigner* cosigner,
                                          const OperationsLog& operations) {
  cosigner_ = cosigner;
  operations_log_ = &operations.writer;
  for (std::uint64_t read = 0; read < operations.writer.last();) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch,
                        operations.reader.ReadAfter(read, kMaxBatchBytes, Duration()));
    if (batch.records.empty()) return Fail(ErrorCode::kCheckFailed, "operation {} is gone", read);
    for (const LogRecord& record : batch.records) {
      if (!operations_.empty() && record.origin <= operations_.back().ledger_index) {
        return Fail(ErrorCode::kCheckFailed, "operation {} stands before the one before it",
                    record.sequence);
      }
      if (record.origin < ledger_.size() &&
          LeafHash(AsBytes(record.payload)) != ledger_.tree().leaf_hash(record.origin)) {
        return Fail(ErrorCode::kCheckFailed,
                    "operation {} is not what entry {} of the ledger holds", record.sequence,
                    record.origin);
      }
      operations_.push_back({record.origin, record.payload});
    }
    read = batch.records.back().sequence;
  }
  const auto in_ledger = static_cast<std::uint64_t>(std::count_if(
      operations_.begin(), operations_.end(),
      [this](const Operation& operation) { return operation.ledger_index < ledger_.size(); }));
  done_ = std::min(published_.last(), ledger_.size() - in_ledger);
  position_ = done_ == 0 ? 0 : IndexOfLeaf(done_ - 1) + 1;
  return {};
}

void LedgerPublisher::Add(OperationStatement statement) {
  TW_CHECK(operations_log_ != nullptr);
  const std::lock_guard lock(added_mutex_);
  added_.push_back(std::move(statement));
}

// Operations before it push it back by one each.
std::uint64_t LedgerPublisher::IndexOfLeaf(std::uint64_t number) const {
  std::uint64_t index = number;
  for (const Operation& operation : operations_) {
    if (operation.ledger_index > index) break;
    ++index;
  }
  return index;
}

std::string LedgerPublisher::waiting_for() const {
  return unsigned_ && cosigner_ != nullptr ? cosigner_->waiting_for() : "";
}

Result<bool> LedgerPublisher::Step(Duration wait) {
  if (closed_) {
    const std::lock_guard lock(added_mutex_);
    if (added_.empty()) return false;
    closed_ = false;
  }
  if (published_.last() > ledger_.size()) {
    return Fail(ErrorCode::kCheckFailed,
                "{} findings were published, but the ledger has {} leaves: it was rolled back",
                published_.last(), ledger_.size());
  }
  if (unsigned_) {
    TW_RETURN_IF_ERROR(SignAndRelease());
    if (unsigned_) return true;
  }
  TW_ASSIGN_OR_RETURN(const bool resumes, ResumesWhereTheLedgerEnds(wait));
  if (!resumes) return true;
  TW_ASSIGN_OR_RETURN(const LogBatch batch, leaves_.ReadAfter(done_, kMaxBatchBytes, wait));
  for (const LogRecord& record : batch.records) {
    TW_RETURN_IF_ERROR(HandleLeaf(record));
    if (unsigned_) return true;  // the rest is read again
  }
  TW_RETURN_IF_ERROR(SettleAndRelease());
  if (!batch.closed || done_ < batch.last) return true;
  TW_RETURN_IF_ERROR(PutOperations());
  if (position_ < ledger_.published_size()) {
    return Fail(ErrorCode::kCheckFailed, "the log of leaves ends at {}, the ledger has {}",
                position_, ledger_.size());
  }
  TW_RETURN_IF_ERROR(SignAndRelease());
  if (unsigned_) return true;
  // What was said about the last checkpoint is part of the record, too: one more covers it.
  TW_RETURN_IF_ERROR(PutOperations());
  TW_RETURN_IF_ERROR(Sign());
  if (unsigned_) return true;
  TW_RETURN_IF_ERROR(SettleAndRelease());
  TW_RETURN_IF_ERROR(ledger_.TidyUp());
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
  if (LeafHash(AsBytes(batch.records[0].payload)) != ledger_.tree().leaf_hash(position_ - 1)) {
    return Fail(ErrorCode::kCheckFailed, "leaf {} is not what entry {} of the ledger holds", done_,
                position_ - 1);
  }
  const auto leaf = ParseLeaf(batch.records[0].payload);
  if (leaf) last_time_us_ = FindingOf(*leaf).time_us();
  checked_ = true;
  return true;
}

// Appends, or looks that it is what is there.
Result<void> LedgerPublisher::PutIntoLedger(std::string_view leaf, const std::string& name) {
  if (position_ < ledger_.size()) {
    if (LeafHash(AsBytes(leaf)) != ledger_.tree().leaf_hash(position_)) {
      return Fail(ErrorCode::kCheckFailed, "{} is not what entry {} of the ledger holds", name,
                  position_);
    }
  } else {
    TW_RETURN_IF_ERROR(ledger_.Append(leaf));
  }
  ++position_;
  return {};
}

Result<void> LedgerPublisher::PutOperations() {
  const auto first = std::lower_bound(operations_.begin(), operations_.end(), position_,
                                      [](const Operation& operation, std::uint64_t index) {
                                        return operation.ledger_index < index;
                                      });
  for (auto next = first; next != operations_.end() && next->ledger_index == position_; ++next) {
    TW_RETURN_IF_ERROR(
        PutIntoLedger(next->leaf, fmt::format("operation {}", next - operations_.begin() + 1)));
  }
  return {};
}

// Durable first: what the signer may have signed must be there again after a crash.
Result<void> LedgerPublisher::TakeStatements() {
  std::vector<OperationStatement> statements;
  if (cosigner_ != nullptr) {
    for (std::string& text : cosigner_->TakeStatements())
      statements.push_back({.format = "witness", .source = {}, .text = std::move(text)});
  }
  {
    const std::lock_guard lock(added_mutex_);
    std::move(added_.begin(), added_.end(), std::back_inserter(statements));
    added_.clear();
  }
  std::vector<LogWriter::NewRecord> records;
  for (const OperationStatement& statement : statements) {
    const std::uint64_t index = position_ + records.size();
    records.push_back({index, OperationLeaf(last_time_us_, index, statement)});
  }
  if (records.empty()) return {};
  TW_RETURN_IF_ERROR(operations_log_->Append(records));
  for (LogWriter::NewRecord& record : records) {
    operations_.push_back({record.origin, std::move(record.payload)});
  }
  return {};
}

Result<void> LedgerPublisher::HandleLeaf(const LogRecord& record) {
  if (record.sequence != done_ + 1) {
    return Fail(ErrorCode::kCheckFailed, "leaf {} expected, leaf {} came", done_ + 1,
                record.sequence);
  }
  const auto leaf = ParseLeaf(record.payload);
  if (!leaf) return Prefix(fmt::format("leaf {}", record.sequence), leaf.error());
  TW_RETURN_IF_ERROR(PutOperations());
  FollowKeys(*leaf);
  const std::uint64_t index = position_;
  TW_RETURN_IF_ERROR(PutIntoLedger(record.payload, fmt::format("leaf {}", record.sequence)));
  ++done_;
  waiting_.push_back({index, FindingOf(*leaf)});
  last_time_us_ = waiting_.back().finding.time_us();
  const bool covered = position_ <= ledger_.published_size();
  // In a ledger that was closed, the last checkpoint may cover leaves that none would follow.
  const bool last_covered = position_ == ledger_.published_size();
  if (!CheckpointAfter(*leaf, index) && !last_covered) return {};
  return covered ? Release(TakeWaiting(position_)) : SignAndRelease();
}

void LedgerPublisher::UseKeys(KeyBook keys, NoteKey log_key, Instant newest) {
  keys_ = std::move(keys);
  newest_ = newest;
  log_key_ = std::move(log_key);
}

// Ingest has checked it; what does not follow here was followed when this was opened.
void LedgerPublisher::FollowKeys(const Leaf& leaf) {
  if (!keys_ || leaf.envelope.finding().kind() != v1::FINDING_KIND_KEY_SET) return;
  auto next = keys_->Check(leaf.envelope.finding().human_record().key_set());
  if (next) keys_->Take(std::move(*next));
}

// Alone, each checkpoint becomes durable together with the leaves of the next one. With others to
// be asked, the disk is not what is waited for.
Result<void> LedgerPublisher::Sign() {
  if (keys_) {
    // What a record is about may be older than what came before it.
    newest_ = std::max(newest_, Instant::FromMicros(last_time_us_));
    const Instant now = newest_;
    const auto counts = keys_->Admit(log_key_, kRoleLog, now, now);
    if (!counts) return Prefix("the log's key signs nothing more", counts.error());
  }
  TW_ASSIGN_OR_RETURN(const bool published, cosigner_ != nullptr
                                                ? ledger_.Publish(signer_, cosigner_)
                                                : ledger_.PublishAhead(signer_));
  unsigned_ = !published;
  return {};
}

Result<void> LedgerPublisher::SignAndRelease() {
  TW_RETURN_IF_ERROR(Sign());
  if (unsigned_) return {};
  TW_RETURN_IF_ERROR(TakeStatements());
  if (signed_ && ledger_.settled_size() >= signed_->checkpoint_size) {
    TW_RETURN_IF_ERROR(Release(*std::exchange(signed_, {})));
  }
  Group group = TakeWaiting(ledger_.published_size());
  if (ledger_.settled_size() >= group.checkpoint_size) return Release(std::move(group));
  signed_ = std::move(group);
  return {};
}

LedgerPublisher::Group LedgerPublisher::TakeWaiting(std::uint64_t checkpoint_size) {
  const std::uint64_t first = done_ - waiting_.size();
  return {std::exchange(waiting_, {}), first, checkpoint_size};
}

Result<void> LedgerPublisher::SettleAndRelease() {
  TW_RETURN_IF_ERROR(ledger_.Settle());
  if (!signed_) return {};
  return Release(*std::exchange(signed_, {}));
}

Result<void> LedgerPublisher::Release(Group group) {
  std::vector<LogWriter::NewRecord> records;
  std::uint64_t number = group.first;
  for (Waiting& leaf : group.leaves) {
    if (number++ < published_.last()) continue;
    v1::Envelope envelope;
    v1::PublishedFinding& published = *envelope.mutable_published();
    published.set_ledger_index(leaf.ledger_index);
    published.set_checkpoint_size(group.checkpoint_size);
    *published.mutable_finding() = std::move(leaf.finding);
    records.push_back({number, envelope.SerializeAsString()});
  }
  if (records.empty()) return {};
  return published_.Append(records);
}

}  // namespace trucewatch::evidence
