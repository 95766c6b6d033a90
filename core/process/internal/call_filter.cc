// SPDX-License-Identifier: Apache-2.0
#include "core/process/internal/call_filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace trucewatch::internal {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "seccomp: which AUDIT_ARCH_ is this?"
#endif
// Calls of the x32 ABI have this bit and the architecture of x86-64.
constexpr std::uint32_t kX32Bit = 0x40000000;

constexpr std::uint32_t Refusal(int error) {
  return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(error) & SECCOMP_RET_DATA);
}
sock_filter Load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter Return(std::uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
// Skips so many instructions when the value loaded is not `value`.
sock_filter UnlessEqualSkip(std::uint32_t value, std::uint8_t instructions) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, instructions);
}

}  // namespace

CallFilter::CallFilter() {
  program_ = {
      Load(offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      Return(SECCOMP_RET_KILL_PROCESS),
      Load(offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1),
      Return(SECCOMP_RET_KILL_PROCESS),
  };
}

void CallFilter::Allow(long call) {
  program_.push_back(UnlessEqualSkip(static_cast<std::uint32_t>(call), 1));
  program_.push_back(Return(SECCOMP_RET_ALLOW));
}

void CallFilter::Refuse(long call, int error) {
  program_.push_back(UnlessEqualSkip(static_cast<std::uint32_t>(call), 1));
  program_.push_back(Return(Refusal(error)));
}

void CallFilter::Test(long call, int argument, std::uint32_t mask, std::uint32_t value,
                      std::uint32_t equal_action, std::uint32_t other_action) {
  // Little-endian: the lower half stands first.
  const std::size_t lower =
      offsetof(seccomp_data, args) + static_cast<std::size_t>(argument) * sizeof(std::uint64_t);
  program_.push_back(UnlessEqualSkip(static_cast<std::uint32_t>(call), 5));
  program_.push_back(Load(lower));
  program_.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
  program_.push_back(UnlessEqualSkip(value, 1));
  program_.push_back(Return(equal_action));
  program_.push_back(Return(other_action));
}

void CallFilter::AllowIf(long call, int argument, std::uint32_t mask, std::uint32_t value) {
  Test(call, argument, mask, value, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS);
}

void CallFilter::KillIfAny(long call, int argument, std::uint32_t mask, int error) {
  Test(call, argument, mask, 0, error == 0 ? SECCOMP_RET_ALLOW : Refusal(error),
       SECCOMP_RET_KILL_PROCESS);
}

Result<void> CallFilter::Install() {
  program_.push_back(Return(SECCOMP_RET_KILL_PROCESS));
  const sock_fprog program{static_cast<unsigned short>(program_.size()), program_.data()};
  const bool installed = ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
  program_.pop_back();
  if (!installed) return Fail(ErrorCode::kUnavailable, "seccomp: {}", std::strerror(errno));
  return {};
}

}  // namespace trucewatch::internal
