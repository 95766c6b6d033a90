// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "trucewatch/v1/signer.pb.h"

namespace trucewatch::evidence {

// Who signs checkpoints. The ledger's writer never holds the key.
// Asking again for the last size and root gives the same checkpoint again.
// Threads: one caller at a time.
class LogSigner {
 public:
  virtual ~LogSigner() = default;
  // A refusal is a reply with `error` set; an Error means that no answer could be had.
  virtual Result<v1::SignReply> Sign(const v1::SignRequest& request) = 0;
};

}  // namespace trucewatch::evidence
