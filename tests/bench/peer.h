// SPDX-License-Identifier: Apache-2.0
// Another program over the same input, beside ours in one run. A peer's benchmark is called Peer...
// and uses manual time: tools/bench/parsers holds the others of its program against it.
#pragma once

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

namespace trucewatch::bench {

// User and system seconds of one run of a program, its output thrown away; negative when it cannot
// be started or fails.
inline double ChildCpuSeconds(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return -1;
  int status = 0;
  rusage usage{};
  if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return -1;
  }
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The body of a Peer... benchmark; register it with ->UseManualTime()->Iterations(n).
inline void RunPeer(benchmark::State& state, const std::vector<std::string>& argv,
                    std::int64_t items, std::int64_t bytes) {
  for (auto _ : state) {
    const double seconds = ChildCpuSeconds(argv);
    if (seconds < 0) return state.SkipWithError((argv[0] + " cannot be run").c_str());
    state.SetIterationTime(seconds);
  }
  state.SetItemsProcessed(state.iterations() * items);
  state.SetBytesProcessed(state.iterations() * bytes);
}

}  // namespace trucewatch::bench
