// SPDX-License-Identifier: Apache-2.0
#include "core/process/framing.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "core/base/bytes.h"

namespace trucewatch {
namespace {

// Memory for a message grows with what comes, not with what is announced.
constexpr std::size_t kPiece = 1 << 20;

// Fewer bytes than asked for: the other side ended.
Result<std::string> ReadUpTo(int fd, std::size_t size, const WaitForFd& wait) {
  std::string out;
  std::size_t done = 0;
  while (done < size) {
    TW_RETURN_IF_ERROR(wait(fd, POLLIN));
    if (out.size() == done) out.resize(std::min(size, std::max(done + kPiece, 2 * done)));
    const ssize_t got = ::read(fd, out.data() + done, out.size() - done);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return Fail(ErrorCode::kUnavailable, "read: {}", std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
  return out;
}

Result<void> WriteAll(int fd, std::string_view bytes, const WaitForFd& wait) {
  const int flags = MSG_NOSIGNAL | (wait ? MSG_DONTWAIT : 0);
  for (std::size_t done = 0; done < bytes.size();) {
    if (wait) TW_RETURN_IF_ERROR(wait(fd, POLLOUT));
    ssize_t sent = ::send(fd, bytes.data() + done, bytes.size() - done, flags);
    if (sent < 0 && errno == ENOTSOCK) {
      sent = ::write(fd, bytes.data() + done, bytes.size() - done);
    }
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) return Fail(ErrorCode::kUnavailable, "write: {}", std::strerror(errno));
    done += static_cast<std::size_t>(sent);
  }
  return {};
}

}  // namespace

WaitForFd WaitAtMost(std::optional<Duration> timeout) {
  const int wait_ms =
      timeout ? static_cast<int>(std::min<std::int64_t>(timeout->micros() / 1000, INT_MAX)) : -1;
  return [wait_ms](int fd, short events) -> Result<void> {
    pollfd waiting{fd, events, 0};
    int ready = 0;
    do {
      ready = ::poll(&waiting, 1, wait_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0) return Fail(ErrorCode::kIo, "poll: {}", std::strerror(errno));
    if (ready == 0) return Fail(ErrorCode::kTimeout, "no answer within {} ms", wait_ms);
    return {};
  };
}

Result<void> SendFrame(int fd, std::string_view message, std::size_t max_size,
                       const WaitForFd& wait) {
  if (message.size() > max_size) {
    return Fail(ErrorCode::kBadInput, "message of {} bytes: at most {}", message.size(), max_size);
  }
  std::string prefix;
  AppendBe32(prefix, static_cast<std::uint32_t>(message.size()));
  TW_RETURN_IF_ERROR(WriteAll(fd, prefix, wait));
  return WriteAll(fd, message, wait);
}

Result<std::optional<std::string>> ReceiveFrame(int fd, std::size_t max_size,
                                                const WaitForFd& wait) {
  TW_ASSIGN_OR_RETURN(const std::string prefix, ReadUpTo(fd, 4, wait));
  if (prefix.empty()) return std::optional<std::string>();
  if (prefix.size() < 4) return Fail(ErrorCode::kUnavailable, "ended inside a message's length");
  const std::uint32_t size = ReadBe32(AsBytes(prefix));
  if (size > max_size) {
    return Fail(ErrorCode::kBadInput, "message of {} bytes announced: at most {}", size, max_size);
  }
  TW_ASSIGN_OR_RETURN(std::string message, ReadUpTo(fd, size, wait));
  if (message.size() < size) return Fail(ErrorCode::kUnavailable, "ended inside a message");
  return std::optional<std::string>(std::move(message));
}

}  // namespace trucewatch
