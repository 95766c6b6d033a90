// SPDX-License-Identifier: Apache-2.0
#include "evidence/signer/signer_process.h"

#include "core/process/framing.h"

namespace trucewatch::evidence {

SignerProcess::SignerProcess(SignerProcessOptions options) : options_(std::move(options)) {}

Result<v1::SignReply> SignerProcess::Ask(const std::string& request) {
  if (!process_) {
    TW_ASSIGN_OR_RETURN(process_, ChildProcess::Start({.argv = options_.argv}));
  }
  const int fd = process_->fd();
  TW_RETURN_IF_ERROR(SendFrame(fd, request, kMaxSignerFrame));
  TW_ASSIGN_OR_RETURN(const std::optional<std::string> frame,
                      ReceiveFrame(fd, kMaxSignerFrame, WaitAtMost(options_.timeout)));
  if (!frame) return Fail(ErrorCode::kUnavailable, "ended without an answer");
  v1::SignReply reply;
  if (!reply.ParseFromString(*frame)) {
    return Fail(ErrorCode::kUnavailable, "{} bytes that are no SignReply", frame->size());
  }
  return reply;
}

Result<v1::SignReply> SignerProcess::Sign(const v1::SignRequest& request) {
  const std::string bytes = request.SerializeAsString();
  Error last{ErrorCode::kUnavailable, "no attempt allowed"};
  for (int attempt = 0; attempt < options_.attempts; ++attempt) {
    auto reply = Ask(bytes);
    if (reply) return reply;
    last = reply.error();
    // It has stored what it signed before it answered: killing it loses nothing.
    process_.reset();
  }
  return Prefix("signer process", last);
}

}  // namespace trucewatch::evidence
