// SPDX-License-Identifier: Apache-2.0
#include "core/process/job_client.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "core/base/bytes.h"
#include "core/process/framing.h"
#include "core/process/internal/job_protocol.h"

namespace trucewatch {
namespace {

using internal::kMaxControlFrame;
using internal::kMaxFromJob;
using internal::kMaxRequest;

constexpr std::int64_t kLookEveryMs = 500;
constexpr Duration kStartWithin = Duration::Seconds(120);  // with large models and elevation models

class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  ~OwnedFd() { Close(); }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

Result<void> SendDescriptor(int control, int fd) {
  char byte = 'J';
  iovec data{&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof(space);
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(head), &fd, sizeof(fd));
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(control, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent != 1) return Fail(ErrorCode::kUnavailable, "sendmsg: {}", std::strerror(errno));
  return {};
}

// Processor time of another process; nothing when it is gone.
std::optional<Duration> CpuOf(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
  return Duration::Micros(static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_nsec / 1000);
}

// Waits for a job for as long as it works; kTimeout when it has not for `stall`.
WaitForFd WaitWhileItWorks(pid_t pid, Duration stall) {
  const auto every_ms = static_cast<int>(std::min(kLookEveryMs, stall.micros() / 4000));
  return [pid, stall, every_ms](int fd, short events) -> Result<void> {
    std::optional<Duration> before = CpuOf(pid);
    auto since = std::chrono::steady_clock::now();
    pollfd waiting{fd, events, 0};
    while (true) {
      const int ready = ::poll(&waiting, 1, every_ms);
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) return Fail(ErrorCode::kIo, "{}", std::strerror(errno));
      const std::optional<Duration> now = CpuOf(pid);
      const auto time = std::chrono::steady_clock::now();
      if (now != before) {
        before = now;
        since = time;
      } else if (time - since >= std::chrono::microseconds(stall.micros())) {
        return Fail(ErrorCode::kTimeout, "it did nothing for {} s", stall.seconds());
      }
    }
  };
}

// Why a job ended that gave no answer. Nothing when that was none of its doing, as far as is known.
std::optional<std::string> RefusalOf(int status, Duration cpu, const JobLimits& limits) {
  if (WIFEXITED(status)) {
    if (WEXITSTATUS(status) != kExitOutOfMemory) return "ended without an answer";
    return fmt::format("needed more than {} MiB of memory", limits.memory_bytes >> 20);
  }
  const int signal = WTERMSIG(status);
  if (signal == SIGXCPU || (signal == SIGKILL && cpu >= limits.cpu)) {
    return fmt::format("used more than {} s of processor time", limits.cpu.seconds());
  }
  if (signal == SIGSYS) return "tried a system call that is forbidden to it";
  if (signal == SIGKILL) return std::nullopt;
  const char* name = ::sigabbrev_np(signal);
  return fmt::format("ended by SIG{}", name == nullptr ? "?" : name);
}

}  // namespace

Result<void> JobClient::Start() {
  if (process_) return {};
  TW_ASSIGN_OR_RETURN(process_,
                      ChildProcess::Start({.argv = options_.argv, .keeps_stderr = false}));
  std::string first;
  AppendBe64(first, static_cast<std::uint64_t>(options_.limits.cpu.micros()));
  AppendBe64(first, options_.limits.memory_bytes);
  if (options_.setup) first += *options_.setup;
  const auto talk = [&]() -> Result<std::optional<std::string>> {
    TW_RETURN_IF_ERROR(SendFrame(process_->fd(), first, kMaxControlFrame));
    return ReceiveFrame(process_->fd(), kMaxControlFrame, WaitAtMost(kStartWithin));
  };
  auto reply = talk();
  const std::size_t size = sizeof(internal::kReady) - 1;
  if (reply && *reply && (*reply)->size() == size + 1 && (*reply)->starts_with(internal::kReady)) {
    landlock_abi_ = static_cast<unsigned char>((**reply)[size]);
    return {};
  }
  process_.reset();
  const std::string& program = options_.argv.front();
  if (!reply) return Prefix(program, reply.error());
  if (!*reply) return Fail(ErrorCode::kUnavailable, "{}: ended before it was ready", program);
  return tl::unexpected<Error>(Error{ErrorCode::kUnavailable, **reply});
}

Result<JobEnd> JobClient::Run(const std::string& request, const Serve& serve) {
  std::string why;
  bool by_job = false;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    TW_RETURN_IF_ERROR(Start());
    Result<void> served;
    auto end = Attempt(request, serve, &served);
    if (!served) {
      process_.reset();
      return tl::unexpected<Error>(served.error());
    }
    if (end) return end;
    process_.reset();
    why = end.error().message;
    by_job = end.error().code == ErrorCode::kTimeout;
  }
  // Every time the same: it is the job after all.
  if (by_job) return JobEnd{.answer = {}, .refusal = why, .cpu = {}};
  return Fail(ErrorCode::kUnavailable, "{}: lost {} times: {}", options_.argv.front(), kAttempts,
              why);
}

Result<JobEnd> JobClient::Attempt(const std::string& request, const Serve& serve,
                                  Result<void>* served) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Fail(ErrorCode::kUnavailable, "socketpair: {}", std::strerror(errno));
  }
  OwnedFd ours(ends[0]);
  OwnedFd theirs(ends[1]);
  const int control = process_->fd();
  TW_RETURN_IF_ERROR(SendDescriptor(control, theirs.get()));
  theirs.Close();
  const auto of_control = [&](const WaitForFd& wait, std::size_t size) -> Result<std::string> {
    TW_ASSIGN_OR_RETURN(const auto frame, ReceiveFrame(control, kMaxControlFrame, wait));
    if (!frame || frame->size() != size) return Fail(ErrorCode::kUnavailable, "the process ended");
    return *frame;
  };
  TW_ASSIGN_OR_RETURN(const std::string started, of_control(WaitAtMost(kStartWithin), 4));
  const auto pid = static_cast<pid_t>(ReadBe32(AsBytes(started)));
  const WaitForFd wait = WaitWhileItWorks(pid, options_.stall);

  JobEnd end;
  const Result<void> sent = SendFrame(ours.get(), request, kMaxRequest, wait);
  if (!sent && sent.error().code != ErrorCode::kUnavailable) {
    return tl::unexpected<Error>(sent.error());
  }
  const auto give_up = [&](std::string why) {
    process_.reset();
    return JobEnd{.answer = {}, .refusal = std::move(why), .cpu = {}};
  };
  std::uint64_t questions = 0;
  while (sent && !end.answer) {
    auto frame = ReceiveFrame(ours.get(), kMaxFromJob, wait);
    if (!frame && frame.error().code == ErrorCode::kTimeout) {
      return tl::unexpected<Error>(frame.error());
    }
    const bool garbage = !frame && frame.error().code == ErrorCode::kBadInput;
    if (!garbage && (!frame || !*frame)) break;  // it is gone; its status says why
    const char tag = garbage || (*frame)->empty() ? '\0' : (**frame)[0];
    if (tag == internal::kTagAnswer) {
      end.answer = (*frame)->substr(1);
    } else if (tag == internal::kTagAsk && serve) {
      if (++questions > options_.max_questions) {
        return give_up(fmt::format("asked more than {} questions", options_.max_questions));
      }
      auto answer = serve((*frame)->substr(1));
      if (!answer) {
        *served = tl::unexpected<Error>(answer.error());
        return tl::unexpected<Error>(answer.error());
      }
      const auto told = SendFrame(ours.get(), *answer, kMaxRequest, wait);
      if (!told && told.error().code == ErrorCode::kTimeout) {
        return tl::unexpected<Error>(told.error());
      }
    } else {
      return give_up("said what is no answer");
    }
  }
  ours.Close();
  TW_ASSIGN_OR_RETURN(const std::string ended, of_control(wait, 12));
  const auto status = static_cast<int>(ReadBe32(AsBytes(ended)));
  end.cpu = Duration::Micros(static_cast<std::int64_t>(ReadBe64(AsBytes(ended).subspan(4))));
  if (end.answer && WIFEXITED(status) && WEXITSTATUS(status) == 0) return end;
  end.answer.reset();
  const auto refusal = RefusalOf(status, end.cpu, options_.limits);
  // By the kernel, short of memory; or by somebody.
  if (!refusal) return Fail(ErrorCode::kTimeout, "was killed");
  end.refusal = *refusal;
  return end;
}

}  // namespace trucewatch
