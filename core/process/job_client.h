// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/process/child_process.h"
#include "core/process/confinement.h"

namespace trucewatch {

struct JobClientOptions {
  std::vector<std::string> argv;             // a program that calls RunJobServer
  std::shared_ptr<const std::string> setup;  // for it; may hold a model, which clients share
  JobLimits limits;
  // A job that neither works nor can go on for so long is given up. Time in which it uses the
  // processor, or waits for one, does not count: a slow machine gives up nothing that a fast one
  // would not.
  Duration stall = Duration::Seconds(20);
  std::uint64_t max_questions = 1'000'000;  // of one job
};

// How a job ended.
struct JobEnd {
  std::optional<std::string> answer;
  // Without an answer, why: "used more than 120 s of processor time", "tried what it may not",
  // "ended by SIGSEGV". Depends on the request alone, as far as the job itself does.
  std::string refusal;
  Duration cpu;  // used
};

// Has jobs done by a confined child process, one at a time. The process is started at the first
// job, and again when it is gone. Threads: one caller at a time; several clients in as many
// threads.
class JobClient {
 public:
  // Answers a question of a job; an Error ends the job, and Run with it.
  using Serve = std::function<Result<std::string>(const std::string& question)>;

  explicit JobClient(JobClientOptions options) : options_(std::move(options)) {}

  // Starts the process now. kUnavailable, or what its set-up fails with.
  Result<void> Start();
  // Fails when the process cannot be started, or was lost kAttempts times (not by the job's doing),
  // or with what `serve` fails with.
  Result<JobEnd> Run(const std::string& request, const Serve& serve = {});

  // Of the running process; 0 where the kernel has no Landlock.
  int landlock_abi() const { return landlock_abi_; }
  pid_t pid() const { return process_ ? process_->pid() : -1; }

  static constexpr int kAttempts = 3;

 private:
  // kTimeout: it may be the job's doing. Other errors: it is not.
  Result<JobEnd> Attempt(const std::string& request, const Serve& serve, Result<void>* served);

  const JobClientOptions options_;
  std::unique_ptr<ChildProcess> process_;
  int landlock_abi_ = 0;
};

}  // namespace trucewatch
