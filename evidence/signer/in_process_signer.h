// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/storage/storage.h"
#include "evidence/ledger/checkpoint.h"
#include "evidence/ledger/log_signer.h"
#include "evidence/signer/log_key.h"
#include "evidence/signer/signer_state.h"

namespace trucewatch::evidence {

struct SignerOptions {
  std::string key_file;    // LogKey text
  std::string state_file;  // made at the first signature; lost or restored from a backup, the log
                           // must be retired
  std::string origin;      // must be the key's name
  // Nothing is signed after a start before the witnesses have said what they hold. The one who asks
  // brings their answers (SignRequest.seen_checkpoint): the holder of the key talks to no network.
  bool asks_witnesses = false;
};

// The signer's rule: a checkpoint is signed only when it extends the last one signed, which is
// remembered durably before the signature exists (SignerState). So neither a bug of the writer nor
// a restored backup of the ledger can fork history. Refuses a smaller size, the same size with
// another root, and a proof that does not hold; the same size and root are signed again. A
// checkpoint that it is shown with its own signature was signed by it, whatever its state file
// says: a larger one becomes its state, and after one of the same size with another root it refuses
// everything. Used inside the signer process (run_signer.h) and directly by tests.
class InProcessSigner final : public LogSigner {
 public:
  // Storage must outlive the signer.
  static Result<std::unique_ptr<InProcessSigner>> Open(Storage& storage,
                                                       const SignerOptions& options);
  // An Error means that the state could not be stored: the signer must not be used any more.
  Result<v1::SignReply> Sign(const v1::SignRequest& request) override;

  NoteKey public_key() const { return key_.public_key(); }

 private:
  InProcessSigner(const SignerOptions& options, LogKey key, SignerState state);
  Result<void> LearnFrom(const v1::SignRequest& request);

  LogKey key_;
  SignerState state_;
  bool waits_for_witnesses_;  // until they have answered
  std::string retired_;       // why nothing is signed ever again; empty: it is
};

}  // namespace trucewatch::evidence
