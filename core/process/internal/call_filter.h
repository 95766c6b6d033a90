// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "core/base/result.h"

namespace trucewatch::internal {

// Builds a seccomp filter (seccomp(2), BPF): the first rule about a call decides; a call without
// one, and every call of another architecture, kills the process. Arguments are compared by their
// lower 32 bits, which is where flags and small numbers are.
class CallFilter {
 public:
  CallFilter();
  void Allow(long call);
  void Refuse(long call, int error);  // the call fails with this errno
  // Kills unless (argument & mask) == value.
  void AllowIf(long call, int argument, std::uint32_t mask, std::uint32_t value);
  // Kills if (argument & mask) != 0; else allowed, or with `error` not 0: fails with it.
  void KillIfAny(long call, int argument, std::uint32_t mask, int error = 0);
  // From now on, for this thread and what it forks. Needs no_new_privs. kUnavailable otherwise.
  Result<void> Install();

 private:
  void Test(long call, int argument, std::uint32_t mask, std::uint32_t value,
            std::uint32_t equal_action, std::uint32_t other_action);
  std::vector<sock_filter> program_;
};

}  // namespace trucewatch::internal
