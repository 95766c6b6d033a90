// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "core/storage/storage.h"
#include "evidence/ledger/checkpoint.h"

namespace trucewatch::evidence {

// What the signer signed last, in a file that is made once and then overwritten in place, so that
// storing costs one flush of the disk (docs/formats/ledger.md, "The signer's state"). Two places in
// turn: a power cut can damage only the one that is being written, whose state no signature stands
// for yet. Each place holds its record twice, so that one bad block does not bring back an older
// state. Threads: thread-compatible.
class SignerState {
 public:
  // `last()` is the empty tree when there is no file. Fails (kBadInput) when the file is no state,
  // none of its records is whole, or it is another origin's; durable is what it gives.
  static Result<SignerState> Load(Storage& storage, std::string path, const std::string& origin);

  const Checkpoint& last() const { return last_; }
  // Durable when it returns. After an error the state must be loaded anew.
  Result<void> Store(const Checkpoint& state);

 private:
  SignerState(Storage& storage, std::string path, Checkpoint last)
      : storage_(&storage), path_(std::move(path)), last_(std::move(last)) {}
  Result<void> Read(const std::string& bytes);
  Result<void> ReadFirstFormat(std::string_view text);

  Storage* storage_;  // must outlive it
  std::string path_;
  Checkpoint last_;
  bool has_places_ = false;  // the file is there, and of this format
  std::size_t place_ = 0;    // where last_ stands
};

}  // namespace trucewatch::evidence
