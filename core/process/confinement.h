// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

// Whether this build has sanitizers, whose run time calls more than a job may. Such builds do in
// process what is confined otherwise.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// What of the confinement this kernel has.
struct Confinement {
  int landlock_abi = 0;  // 0: none; then no file can be opened at all, not even for reading
};

// Shuts this process in, for good, before it looks at bytes of others. It must have one thread.
//   - every file descriptor but 0, 1 and 2 is closed; no new privileges; no core dumps; no files
//     are written (RLIMIT_FSIZE 0)
//   - Landlock: nothing of the file system but what lies below `readable`, and that to read
//   - seccomp: an allow-list for this architecture. Any other call kills the process: sockets,
//     exec, threads, opening for writing, executable memory, signals to others, tracing. It may
//     fork, and receive a descriptor, which ConfineJob takes away.
// kUnavailable when a step fails; without seccomp that is always so.
Result<Confinement> ConfineServer(std::span<const std::string> readable);

struct JobLimits {
  Duration cpu = Duration::Seconds(120);       // of processor time, then SIGXCPU
  std::uint64_t memory_bytes = 2048ULL << 20;  // of writable memory (RLIMIT_DATA)
};

// Further, in a child forked from a confined server: its limits; no forks, no descriptors, signals
// to itself only, no waiting but on the descriptors it has. Memory beyond the limit ends the
// process with kExitOutOfMemory where C++ asks for it; where a C library does, it gets none.
Result<void> ConfineJob(const JobLimits& limits);

inline constexpr int kExitOutOfMemory = 71;

}  // namespace trucewatch
