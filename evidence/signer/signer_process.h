// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/process/child_process.h"
#include "core/time/instant.h"
#include "evidence/ledger/log_signer.h"

namespace trucewatch::evidence {

// Of a request or a reply.
inline constexpr std::size_t kMaxSignerFrame = 64 * 1024;

struct SignerProcessOptions {
  // Program and arguments; the program must do what RunSigner(.., 0, 1) does. For example
  // {"/proc/self/exe", "signer", "--key", KEY, "--state", STATE, "--origin", ORIGIN}.
  std::vector<std::string> argv;
  Duration timeout = Duration::Seconds(10);  // for one answer
  int attempts = 3;                          // a dead or silent signer is started again so often
};

// The signer as a child process: the key lives there and nowhere else. Started at the first
// request, in a process group of its own so that a terminal's Ctrl-C lets the last checkpoint be
// signed; it ends when this object goes.
class SignerProcess final : public LogSigner {
 public:
  explicit SignerProcess(SignerProcessOptions options);
  SignerProcess(const SignerProcess&) = delete;
  SignerProcess& operator=(const SignerProcess&) = delete;

  // Fails with the last attempt's error when no attempt got an answer.
  Result<v1::SignReply> Sign(const v1::SignRequest& request) override;

  pid_t pid() const { return process_ ? process_->pid() : -1; }  // -1 when none runs

 private:
  Result<v1::SignReply> Ask(const std::string& request);

  SignerProcessOptions options_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace trucewatch::evidence
