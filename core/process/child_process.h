// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch {

struct ChildProcessOptions {
  // Program and arguments, e.g. {"/proc/self/exe", "worker"}.
  std::vector<std::string> argv;
  bool keeps_stderr = true;  // else it goes to /dev/null
};

// A program started as our child, with a socket to it. Its standard input and output are the other
// end; of our environment it gets where libraries are found and what sanitizers are told, nothing
// else. In a process group of its own, so that a terminal's Ctrl-C is ours to handle. Killed, with
// all it has started, when the object goes. Threads: one caller at a time.
class ChildProcess {
 public:
  // kBadInput without a program, kUnavailable when it cannot be started.
  static Result<std::unique_ptr<ChildProcess>> Start(ChildProcessOptions options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  int fd() const { return fd_; }
  pid_t pid() const { return pid_; }

 private:
  ChildProcess(int fd, pid_t pid) : fd_(fd), pid_(pid) {}
  const int fd_;
  const pid_t pid_;
};

}  // namespace trucewatch
