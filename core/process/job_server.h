// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/process/confinement.h"

namespace trucewatch {

// What a job says to whom it works for, besides its answer.
class JobChannel {
 public:
  virtual ~JobChannel() = default;
  // A question while at work, e.g. for a part of a file. Fails when the other side is gone.
  virtual Result<std::string> Ask(std::string_view question) = 0;
};

// Does one job; its answer.
using JobHandler = std::function<std::string(const std::string& request, JobChannel& channel)>;

struct JobServerParts {
  JobHandler handler;
  std::vector<std::string> readable;  // below these a job may read files; see ConfineServer
};
// Makes what jobs need (opens files, loads libraries) from what the other side sent first.
using JobServerSetup = std::function<Result<JobServerParts>(const std::string& setup)>;

// Body of a program that does jobs on hostile bytes: prepares itself with its parent's first
// message on descriptor 0, confines itself, then forks a child for each job, which confines itself
// further, does it and ends. So what one job leaves behind, or breaks, no other job meets: each
// starts from the same memory, and its end by a limit depends on its own bytes alone. Returns when
// the parent goes. The program has one thread. Errors: what the set-up fails with (the parent is
// told), or a parent that breaks the protocol.
// To add a worker: 1. a subcommand that calls this, 2. a JobHandler in its stage's folder, 3. a
// JobClient where the work is shared out.
Result<void> RunJobServer(const JobServerSetup& setup);

}  // namespace trucewatch
