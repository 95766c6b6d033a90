// SPDX-License-Identifier: Apache-2.0
#include "evidence/signer/run_signer.h"

#include "core/process/framing.h"
#include "evidence/signer/signer_process.h"
#include "evidence/signer/state_lock.h"

namespace trucewatch::evidence {

Result<void> RunSigner(Storage& storage, const SignerOptions& options, int in_fd, int out_fd) {
  const auto lock = StateLock::Take(options.state_file + ".lock");
  if (!lock) return Prefix("another signer of this log is running", lock.error());
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<InProcessSigner> signer,
                      InProcessSigner::Open(storage, options));
  while (true) {
    TW_ASSIGN_OR_RETURN(const std::optional<std::string> frame,
                        ReceiveFrame(in_fd, kMaxSignerFrame, WaitAtMost({})));
    if (!frame) return {};
    v1::SignRequest request;
    if (!request.ParseFromString(*frame)) {
      return Fail(ErrorCode::kBadInput, "{} bytes that are no SignRequest", frame->size());
    }
    TW_ASSIGN_OR_RETURN(const v1::SignReply reply, signer->Sign(request));
    TW_RETURN_IF_ERROR(SendFrame(out_fd, reply.SerializeAsString(), kMaxSignerFrame));
  }
}

}  // namespace trucewatch::evidence
