// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bus/log.h"
#include "evidence/leaf.h"
#include "evidence/ledger/ledger.h"

namespace trucewatch::evidence {

// Moves the log of leaves into the ledger and, once a signed checkpoint covers them, to the
// subscribers. Leaf n (record n of `leaves`) becomes ledger index n - 1 and record n of
// `published`, an Envelope{published} with origin n: both sides are idempotent by position, and a
// restart goes on where the shorter one ends. A checkpoint follows each leaf that CheckpointAfter
// names and the last one when the log closes, however the leaves were batched. What is re-read
// after a restart must be what the ledger holds, or Step fails with kCheckFailed. After an error
// open the ledger anew and make a new publisher. Threads: one caller at a time. All four must
// outlive it.
class LedgerPublisher {
 public:
  LedgerPublisher(Ledger& ledger, LogSigner& signer, LogReader& leaves, LogWriter& published);

  // Handles what is there, or waits at most `wait` for something. False: the log of leaves is
  // closed, everything is in the ledger, signed and published, and `published` is closed too.
  Result<bool> Step(Duration wait);

 private:
  Result<bool> ResumesWhereTheLedgerEnds(Duration wait);
  Result<void> HandleLeaf(const LogRecord& record);
  Result<void> SignAndRelease();
  Result<void> Release(std::uint64_t checkpoint_size);

  Ledger& ledger_;
  LogSigner& signer_;
  LogReader& leaves_;
  LogWriter& published_;
  std::uint64_t done_;                // leaves handled
  std::vector<v1::Finding> waiting_;  // handled and not yet published; the last one is number done_
  bool checked_ = false;              // that leaf done_ is the one the ledger holds
  bool closed_ = false;
};

}  // namespace trucewatch::evidence
