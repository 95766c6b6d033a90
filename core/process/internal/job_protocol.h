// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// Between JobClient and RunJobServer.
// Control socket (the server's descriptors 0 and 1), both sides trusted: the set-up (limits as two
// uint64 big-endian: microseconds of processor time and bytes; then the worker's own bytes);
// "ready" or the reason why not; then for each job one byte with a descriptor (SCM_RIGHTS), the
// job's process id (uint32), and at its end: wait status (uint32) and processor time in
// microseconds (uint64).
// Job socket: the request; from the job, which is not trusted, frames that begin with a tag.
namespace trucewatch::internal {

inline constexpr std::size_t kMaxControlFrame = std::size_t{512} << 20;
inline constexpr std::size_t kMaxRequest = std::size_t{1} << 30;
inline constexpr std::size_t kMaxFromJob = 64 << 20;
inline constexpr char kTagAnswer = 'A';
inline constexpr char kTagAsk = 'Q';
inline constexpr char kReady[] = "ready";  // then a byte: the version of Landlock in force

}  // namespace trucewatch::internal
