// SPDX-License-Identifier: Apache-2.0
#include "core/process/confinement.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <new>

#include "core/process/internal/call_filter.h"

namespace trucewatch {
namespace {

using internal::CallFilter;

// Landlock's rights by the version that brought them (linux/landlock.h of newer kernels names them
// all): 13 at first, REFER, TRUNCATE, then IOCTL_DEV.
std::uint64_t AllRights(int abi) {
  std::uint64_t rights = (std::uint64_t{1} << 13) - 1;
  if (abi >= 2) rights |= std::uint64_t{1} << 13;
  if (abi >= 3) rights |= std::uint64_t{1} << 14;
  if (abi >= 5) rights |= std::uint64_t{1} << 15;
  return rights;
}

tl::unexpected<Error> Failed(const char* what) {
  return Fail(ErrorCode::kUnavailable, "{}: {}", what, std::strerror(errno));
}

// The version in force; 0 where the kernel has none, or it is switched off.
Result<int> ShutFileSystem(std::span<const std::string> readable) {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return 0;
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = AllRights(static_cast<int>(abi));
  const auto ruleset = static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes.handled_access_fs), 0));
  if (ruleset < 0) return Failed("landlock_create_ruleset");
  for (const std::string& path : readable) {
    landlock_path_beneath_attr beneath{};
    beneath.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
    beneath.parent_fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0) continue;  // what is not there cannot be read
    const long added =
        ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    ::close(beneath.parent_fd);
    if (added != 0) return Failed("landlock_add_rule");
  }
  const long restricted = ::syscall(SYS_landlock_restrict_self, ruleset, 0);
  ::close(ruleset);
  if (restricted != 0) return Failed("landlock_restrict_self");
  return static_cast<int>(abi);
}

Result<void> SetLimit(decltype(RLIMIT_CORE) what, rlim_t soft, rlim_t hard) {
  const rlimit limit{soft, hard};
  if (::setrlimit(what, &limit) != 0) return Failed("setrlimit");
  return {};
}

constexpr std::uint32_t kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;

// What both may do: work on memory, and on the descriptors that are open.
void AllowWork(CallFilter& filter) {
  for (const long call : {SYS_read,
                          SYS_write,
                          SYS_readv,
                          SYS_writev,
                          SYS_pread64,
                          SYS_close,
                          SYS_fstat,
                          SYS_lseek,
                          SYS_munmap,
                          SYS_mremap,
                          SYS_brk,
                          SYS_madvise,
                          SYS_clock_gettime,
                          SYS_clock_getres,
                          SYS_gettimeofday,
                          SYS_getpid,
                          SYS_gettid,
                          SYS_getuid,
                          SYS_geteuid,
                          SYS_getgid,
                          SYS_getegid,
                          SYS_getrandom,
                          SYS_sched_yield,
                          SYS_sched_getaffinity,
                          SYS_exit,
                          SYS_exit_group,
                          SYS_rt_sigreturn,
                          SYS_rt_sigaction,
                          SYS_rt_sigprocmask,
                          SYS_sigaltstack,
                          SYS_getrusage,
                          SYS_rseq,
                          SYS_set_robust_list,
                          SYS_restart_syscall,
                          SYS_sysinfo,
                          SYS_uname,
                          SYS_fcntl,
                          SYS_fadvise64}) {
    filter.Allow(call);
  }
  filter.KillIfAny(SYS_mmap, 2, PROT_EXEC);
  filter.KillIfAny(SYS_mprotect, 2, PROT_EXEC);
  // Only to wake: with one thread a wait would last for ever.
  filter.AllowIf(SYS_futex, 1, static_cast<std::uint32_t>(FUTEX_CMD_MASK), FUTEX_WAKE);
  filter.Refuse(SYS_ioctl, ENOTTY);
}

// Reading what Landlock leaves readable; without it nothing may be opened.
void AllowFiles(CallFilter& filter, bool landlock) {
  const int error = landlock ? 0 : EACCES;
  filter.KillIfAny(SYS_openat, 2, kWriting, error);
#ifdef SYS_open
  filter.KillIfAny(SYS_open, 1, kWriting, error);
  for (const long call : {SYS_stat, SYS_lstat, SYS_access, SYS_readlink}) {
    landlock ? filter.Allow(call) : filter.Refuse(call, EACCES);
  }
#endif
  for (const long call :
       {SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_faccessat2, SYS_readlinkat, SYS_getcwd}) {
    landlock ? filter.Allow(call) : filter.Refuse(call, EACCES);
  }
}

Result<void> CheckOneThread() {
  std::error_code error;
  const auto tasks = std::filesystem::directory_iterator("/proc/self/task", error);
  const auto threads = error ? 0 : std::distance(begin(tasks), end(tasks));
  if (threads == 1) return {};
  // The others would not be shut in.
  return Fail(ErrorCode::kUnavailable, "{} threads where one is due", threads);
}

}  // namespace

Result<Confinement> ConfineServer(std::span<const std::string> readable) {
  Confinement result;
  TW_RETURN_IF_ERROR(CheckOneThread());
  if (::syscall(SYS_close_range, 3U, ~0U, 0U) != 0) return Failed("close_range");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("no_new_privs");
  TW_RETURN_IF_ERROR(SetLimit(RLIMIT_CORE, 0, 0));
  TW_RETURN_IF_ERROR(SetLimit(RLIMIT_FSIZE, 0, 0));
  TW_ASSIGN_OR_RETURN(result.landlock_abi, ShutFileSystem(readable));
  CallFilter filter;
  AllowWork(filter);
  AllowFiles(filter, result.landlock_abi > 0);
  // fork(3) of glibc, wait, a descriptor, and what ConfineJob needs.
  filter.AllowIf(SYS_clone, 0, ~0U, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD);
  for (const long call : {SYS_wait4, SYS_recvmsg, SYS_sendto, SYS_dup3, SYS_prctl, SYS_prlimit64,
                          SYS_tgkill, SYS_setrlimit}) {
    filter.Allow(call);
  }
  TW_RETURN_IF_ERROR(filter.Install());
  return result;
}

Result<void> ConfineJob(const JobLimits& limits) {
  std::set_new_handler([] { ::_exit(kExitOutOfMemory); });
  const auto cpu_s = static_cast<rlim_t>(std::max(1.0, limits.cpu.seconds()));
  TW_RETURN_IF_ERROR(SetLimit(RLIMIT_CPU, cpu_s, cpu_s + 1));
  TW_RETURN_IF_ERROR(SetLimit(RLIMIT_DATA, limits.memory_bytes, limits.memory_bytes));
  TW_RETURN_IF_ERROR(SetLimit(RLIMIT_NPROC, 0, 0));
  CallFilter filter;
  AllowWork(filter);
  // abort() signals itself.
  filter.AllowIf(SYS_tgkill, 0, ~0U, static_cast<std::uint32_t>(::getpid()));
  // As the server's, which is in force too.
  AllowFiles(filter, true);
  filter.KillIfAny(SYS_prlimit64, 2, ~0U);  // reading a limit has no new one
  filter.Refuse(SYS_prctl, EPERM);
  return filter.Install();
}

}  // namespace trucewatch
