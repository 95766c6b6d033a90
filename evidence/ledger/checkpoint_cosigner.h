// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "evidence/ledger/merkle.h"

namespace trucewatch::evidence {

// Who else has to sign a checkpoint before it is published. Threads: one caller at a time.
class CheckpointCosigner {
 public:
  virtual ~CheckpointCosigner() = default;

  // What they hold of this log, to be asked before the first signature after a start: checkpoints
  // that our own key signed. Nothing when too few answered (waiting_for() says so; ask again).
  // kCheckFailed when one holds what this tree does not extend: then nothing may ever be signed on.
  virtual Result<std::optional<std::vector<std::string>>> AskWhatTheyHold(
      const MerkleTree& tree) = 0;

  // The note with the cosignatures that could be had, each asked for once. Nothing when they are
  // not enough yet (waiting_for() says so; ask again). kCheckFailed as above.
  virtual Result<std::optional<std::string>> Cosign(const std::string& signed_note,
                                                    const MerkleTree& tree) = 0;

  // A sentence; empty when the last question had enough answers.
  virtual std::string waiting_for() const = 0;
  // Sentences for the record since the last call: who refuses, is silent, or cosigns again.
  virtual std::vector<std::string> TakeStatements() = 0;
};

}  // namespace trucewatch::evidence
