// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/storage/storage.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/ledger/merkle.h"

namespace trucewatch::tools {

// The entries of a ledger on disk, after everything that its checkpoint commits to was recomputed.
class LedgerEntries {
 public:
  // Fails with kNotFound without a checkpoint, kCheckFailed when the entries do not make its root.
  static Result<LedgerEntries> Open(Storage& storage, const std::string& folder);

  const std::string& origin() const { return checkpoint_.origin; }
  std::uint64_t size() const { return checkpoint_.size; }
  const std::string& checkpoint_note() const { return note_; }

  // From now on proofs are those of an earlier checkpoint of this ledger, whose exact bytes these
  // are. After the last ForEach. Fails with kCheckFailed when it is none.
  Result<void> UseCheckpoint(const std::string& note);

  // Ascending index; stops at the first failure.
  Result<void> ForEach(
      const std::function<Result<void>(std::uint64_t index, std::string_view leaf)>& handle) const;
  // The text of an offline proof (C2SP tlog-proof) that an entry is in the ledger.
  std::string ProofOf(std::uint64_t index) const;

 private:
  LedgerEntries(Storage& storage, std::string folder)
      : storage_(storage), folder_(std::move(folder)) {}

  Storage& storage_;
  std::string folder_;
  std::string note_;
  evidence::Checkpoint checkpoint_;
  evidence::MerkleTree tree_;
};

}  // namespace trucewatch::tools
