// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/storage/storage.h"
#include "evidence/signer/in_process_signer.h"

namespace trucewatch::evidence {

// Body of the signing process ("trucewatch signer"): answers SignRequests from in_fd with
// SignReplies on out_fd until in_fd ends. Each message is preceded by its length as uint32
// big-endian. Holds a lock beside the state file, so that two signers of one log never run at once
// on a machine (kUnavailable). Fails when key or state are unusable, when the state cannot be
// stored, or on bytes that are no request.
Result<void> RunSigner(Storage& storage, const SignerOptions& options, int in_fd, int out_fd);

}  // namespace trucewatch::evidence
