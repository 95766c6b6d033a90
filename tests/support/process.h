// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace trucewatch::testing {

// A child process whose output goes to files. Killed with the object if it still runs.
class Process {
 public:
  // `program` is a path, or a name that is looked up.
  Process(const std::vector<std::string>& argv, const std::string& output_file);
  ~Process();
  Process(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Exit code, or 128 + signal.
  int Wait();
  // SIGKILL, and waits until it is gone.
  void Kill();
  // True when it has not ended yet.
  bool Running();

 private:
  pid_t pid_ = -1;
  int status_ = 0;
};

// Runs to the end; what it wrote to standard output and error, together, in `output`.
struct Finished {
  int code = -1;
  std::string output;
};
Finished RunProcess(const std::vector<std::string>& argv);

// Path of the trucewatch program of this build.
std::string TrucewatchProgram();

// Whole file; empty when it is not there.
std::string ReadFile(const std::string& path);

// All files below a folder: path relative to it -> content.
std::vector<std::pair<std::string, std::string>> ReadTree(const std::string& directory);

}  // namespace trucewatch::testing
