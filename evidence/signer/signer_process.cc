// SPDX-License-Identifier: Apache-2.0
#include "evidence/signer/signer_process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "evidence/signer/framing.h"

namespace trucewatch::evidence {

SignerProcess::SignerProcess(SignerProcessOptions options) : options_(std::move(options)) {}

SignerProcess::~SignerProcess() { Stop(); }

Result<void> SignerProcess::Start() {
  if (options_.argv.empty()) return Fail(ErrorCode::kBadInput, "no signer program is configured");
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Fail(ErrorCode::kIo, "socketpair: {}", std::strerror(errno));
  }
  std::vector<char*> argv;
  for (std::string& argument : options_.argv) argv.push_back(argument.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error = ::posix_spawn(&pid_, argv[0], &actions, &attributes, argv.data(), ::environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(ends[1]);
  fd_ = ends[0];
  if (error != 0) {
    pid_ = -1;
    Stop();
    return Fail(ErrorCode::kUnavailable, "signer {}: cannot be started: {}", options_.argv[0],
                std::strerror(error));
  }
  return {};
}

void SignerProcess::Stop() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  if (pid_ < 0) return;
  // It has stored what it signed before it answered: killing it loses nothing.
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

Result<v1::SignReply> SignerProcess::Ask(const std::string& request) {
  if (pid_ < 0) TW_RETURN_IF_ERROR(Start());
  TW_RETURN_IF_ERROR(SendFrame(fd_, request));
  TW_ASSIGN_OR_RETURN(const std::optional<std::string> frame, ReceiveFrame(fd_, options_.timeout));
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
    Stop();
  }
  return Prefix("signer process", last);
}

}  // namespace trucewatch::evidence
