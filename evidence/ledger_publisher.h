// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/bus/log.h"
#include "core/keys/key_book.h"
#include "evidence/leaf.h"
#include "evidence/ledger/ledger.h"

namespace trucewatch::evidence {

// Where operations (leaf kind 2) are kept before they are leaves: record by record the ledger index
// (origin) and the leaf. They are made here and nowhere else, so that after a crash, perhaps after
// the signer has signed them, only this log can give them back.
struct OperationsLog {
  LogReader& reader;
  LogWriter& writer;
};

// Something that is to be on record although no replay would say it.
struct OperationStatement {
  std::string format;  // data_fault.format: "retention", "hold", "timestamp"
  std::string source;
  std::string text;
  std::int64_t time_us = 0;  // the leaf has this time, or that of the leaf before when it is later
};

// Moves the log of leaves into the ledger and, once a signed checkpoint covers them, to the
// subscribers. Leaf n (record n of `leaves`) becomes record n of `published`, an
// Envelope{published} with origin n: both sides are idempotent by position, and a restart goes on
// where the shorter one ends. Its ledger index is n - 1 and the operations that stand before it. A
// checkpoint follows each leaf that CheckpointAfter names and the last one when the log closes,
// however the leaves were batched. What is re-read after a restart must be what the ledger holds,
// or Step fails with kCheckFailed. After an error open the ledger anew and make a new publisher.
// Threads: one caller at a time. All that is passed must outlive it.
class LedgerPublisher {
 public:
  LedgerPublisher(Ledger& ledger, LogSigner& signer, LogReader& leaves, LogWriter& published);

  // Before the first Step: from now on checkpoints are published only with these cosignatures, and
  // what the cosigner states becomes operations, in the ledger but not in `published`. Null: nobody
  // is asked (any more), but operations there are stay. Fails when they are not this ledger's.
  Result<void> UseCosigner(CheckpointCosigner* cosigner, const OperationsLog& operations);

  // Before the first Step, with `keys` as they stand after the leaves that were published
  // (FollowKeyLeaves): from now on nothing is signed with the log's key unless it counts, at the
  // event time of the newest leaf (`newest`: so far), in the newest key set that the leaves have
  // brought. Step fails
  // with kCheckFailed before it signs otherwise.
  void UseKeys(KeyBook keys, NoteKey log_key, Instant newest);

  // Handles what is there, or waits at most `wait` for something. False: the log of leaves is
  // closed, everything is in the ledger, signed and published, and `published` is closed too.
  Result<bool> Step(Duration wait);

  // To be put on record with the next checkpoint. Any thread. Needs UseCosigner before.
  void Add(OperationStatement statement);

  struct Operation {
    std::uint64_t ledger_index = 0;
    std::string leaf;
  };
  // All that are durable, by ledger index; those from signed_size() on have no checkpoint yet.
  const std::vector<Operation>& operations() const { return operations_; }
  std::uint64_t signed_size() const { return ledger_.settled_size(); }

  // Why nothing is published although there is something to publish; empty when that is not so.
  // Step asks for it again and does nothing else meanwhile; the caller gives it time between.
  std::string waiting_for() const;

 private:
  struct Waiting {
    std::uint64_t ledger_index = 0;
    v1::Finding finding;
  };
  struct Group {
    std::vector<Waiting> leaves;
    std::uint64_t first = 0;  // number of leaves[0], from 0
    std::uint64_t checkpoint_size = 0;
  };

  std::uint64_t IndexOfLeaf(std::uint64_t number) const;  // 0: the first
  Result<bool> ResumesWhereTheLedgerEnds(Duration wait);
  Result<void> HandleLeaf(const LogRecord& record);
  Result<void> PutIntoLedger(std::string_view leaf, const std::string& name);
  Result<void> PutOperations();
  Result<void> TakeStatements();
  void FollowKeys(const Leaf& leaf);
  Result<void> Sign();
  Result<void> SignAndRelease();
  Group TakeWaiting(std::uint64_t checkpoint_size);
  Result<void> SettleAndRelease();
  Result<void> Release(Group group);

  Ledger& ledger_;
  LogSigner& signer_;
  LogReader& leaves_;
  LogWriter& published_;
  CheckpointCosigner* cosigner_ = nullptr;
  LogWriter* operations_log_ = nullptr;
  std::optional<KeyBook> keys_;
  NoteKey log_key_;                    // with keys_
  Instant newest_;                     // with keys_: event time so far
  std::vector<Operation> operations_;  // by ledger index
  std::uint64_t done_;                 // leaves handled
  std::uint64_t position_;             // ledger entries handled: leaves and operations
  std::vector<Waiting> waiting_;   // handled and not yet signed for; the last one is number done_
  std::optional<Group> signed_;    // under a checkpoint that a power cut could still take away
  std::int64_t last_time_us_ = 0;  // event time of the last leaf handled
  bool checked_ = false;           // that leaf done_ is the one the ledger holds
  bool unsigned_ = false;          // a checkpoint is due and has not enough cosignatures yet
  bool closed_ = false;
  std::mutex added_mutex_;
  std::vector<OperationStatement> added_;
};

}  // namespace trucewatch::evidence
