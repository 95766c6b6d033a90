// SPDX-License-Identifier: Apache-2.0
#include "core/process/job_server.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "core/base/bytes.h"
#include "core/process/framing.h"
#include "core/process/internal/job_protocol.h"

namespace trucewatch {
namespace {

using internal::kMaxControlFrame;
using internal::kMaxFromJob;
using internal::kMaxRequest;

constexpr int kControl = STDIN_FILENO;
// A job waits only in read(2), for as long as it takes.
const WaitForFd kInRead = [](int, short) -> Result<void> { return {}; };

class SocketChannel final : public JobChannel {
 public:
  explicit SocketChannel(int fd) : fd_(fd) {}
  Result<std::string> Ask(std::string_view question) override {
    TW_RETURN_IF_ERROR(Say(internal::kTagAsk, question));
    TW_ASSIGN_OR_RETURN(std::optional<std::string> answer, ReceiveFrame(fd_, kMaxRequest, kInRead));
    if (!answer) return Fail(ErrorCode::kUnavailable, "nobody answers");
    return std::move(*answer);
  }
  Result<void> Say(char tag, std::string_view text) {
    std::string frame;
    AppendBe32(frame, static_cast<std::uint32_t>(text.size() + 1));
    frame.push_back(tag);
    frame += text;
    for (std::size_t done = 0; done < frame.size();) {
      // A socket, but send(2) is more than a job may do.
      const ssize_t wrote = ::write(fd_, frame.data() + done, frame.size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return Fail(ErrorCode::kUnavailable, "write: {}", std::strerror(errno));
      done += static_cast<std::size_t>(wrote);
    }
    return {};
  }

 private:
  int fd_;
};

// The descriptor of the next job; nothing when the parent has gone.
Result<std::optional<int>> NextJob() {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof(space);
  ssize_t got = 0;
  do {
    got = ::recvmsg(kControl, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return std::optional<int>();
  const cmsghdr* head = got < 0 ? nullptr : CMSG_FIRSTHDR(&message);
  if (head == nullptr || head->cmsg_type != SCM_RIGHTS) {
    return Fail(ErrorCode::kBadInput, "a job without a descriptor");
  }
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(head), sizeof(fd));
  return std::optional<int>(fd);
}

[[noreturn]] void DoJob(int fd, const JobHandler& handler, const JobLimits& limits) {
  // The way to the parent is not the job's. Libraries want these descriptors to be something.
  if (::dup3(STDERR_FILENO, STDIN_FILENO, 0) < 0 || ::dup3(STDERR_FILENO, STDOUT_FILENO, 0) < 0) {
    ::_exit(1);
  }
  if (!ConfineJob(limits)) ::_exit(1);
  const auto request = ReceiveFrame(fd, kMaxRequest, kInRead);
  if (!request || !*request) ::_exit(1);
  SocketChannel channel(fd);
  const std::string answer = handler(**request, channel);
  // Without destructors and exit handlers: nothing of this process is used any more.
  ::_exit(answer.size() < kMaxFromJob && channel.Say(internal::kTagAnswer, answer) ? 0 : 1);
}

Result<void> Serve(const JobHandler& handler, const JobLimits& limits) {
  while (true) {
    TW_ASSIGN_OR_RETURN(const std::optional<int> fd, NextJob());
    if (!fd) return {};
    const pid_t pid = ::fork();
    if (pid == 0) DoJob(*fd, handler, limits);
    ::close(*fd);
    if (pid < 0) return Fail(ErrorCode::kUnavailable, "fork: {}", std::strerror(errno));
    std::string started;
    AppendBe32(started, static_cast<std::uint32_t>(pid));
    TW_RETURN_IF_ERROR(SendFrame(kControl, started, kMaxControlFrame));
    int status = 0;
    rusage used{};
    while (::wait4(pid, &status, 0, &used) < 0) {
      if (errno != EINTR) return Fail(ErrorCode::kUnavailable, "wait: {}", std::strerror(errno));
    }
    const auto micros = [](const timeval& time) {
      return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
             static_cast<std::uint64_t>(time.tv_usec);
    };
    std::string ended;
    AppendBe32(ended, static_cast<std::uint32_t>(status));
    AppendBe64(ended, micros(used.ru_utime) + micros(used.ru_stime));
    TW_RETURN_IF_ERROR(SendFrame(kControl, ended, kMaxControlFrame));
  }
}

}  // namespace

Result<void> RunJobServer(const JobServerSetup& setup) {
  ::signal(SIGPIPE, SIG_IGN);
  TW_ASSIGN_OR_RETURN(const std::optional<std::string> first,
                      ReceiveFrame(kControl, kMaxControlFrame, WaitAtMost({})));
  if (!first) return {};
  if (first->size() < 16) return Fail(ErrorCode::kBadInput, "a set-up of {} bytes", first->size());
  JobLimits limits;
  const Bytes bytes = AsBytes(*first);
  limits.cpu = Duration::Micros(static_cast<std::int64_t>(ReadBe64(bytes)));
  limits.memory_bytes = ReadBe64(bytes.subspan(8));
  const auto refuse = [](const Error& error) -> Result<void> {
    TW_RETURN_IF_ERROR(SendFrame(kControl, error.message, kMaxControlFrame));
    return tl::unexpected<Error>(error);
  };
  const auto parts = setup(first->substr(16));
  if (!parts) return refuse(parts.error());
  const auto confined = ConfineServer(parts->readable);
  if (!confined) return refuse(confined.error());
  std::string ready = internal::kReady;
  ready.push_back(static_cast<char>(confined->landlock_abi));
  TW_RETURN_IF_ERROR(SendFrame(kControl, ready, kMaxControlFrame));
  return Serve(parts->handler, limits);
}

}  // namespace trucewatch
