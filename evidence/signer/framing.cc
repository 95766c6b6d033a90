// SPDX-License-Identifier: Apache-2.0
#include "evidence/signer/framing.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "core/base/bytes.h"

namespace trucewatch::evidence {
namespace {

Result<void> WaitReadable(int fd, const std::optional<Duration>& timeout) {
  pollfd waiting{fd, POLLIN, 0};
  const int wait_ms =
      timeout ? static_cast<int>(std::min<std::int64_t>(timeout->micros() / 1000, INT_MAX)) : -1;
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, wait_ms);
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) return Fail(ErrorCode::kIo, "poll: {}", std::strerror(errno));
  if (ready == 0) return Fail(ErrorCode::kTimeout, "no answer within {} ms", wait_ms);
  return {};
}

// Fewer bytes than asked for: the other side ended.
Result<std::string> ReadUpTo(int fd, std::size_t size, const std::optional<Duration>& timeout) {
  std::string out(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    TW_RETURN_IF_ERROR(WaitReadable(fd, timeout));
    const ssize_t got = ::read(fd, out.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(ErrorCode::kUnavailable, "read: {}", std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
  return out;
}

}  // namespace

Result<void> SendFrame(int fd, std::string_view message) {
  if (message.size() > kMaxFrameSize) {
    return Fail(ErrorCode::kBadInput, "message of {} bytes: at most {}", message.size(),
                kMaxFrameSize);
  }
  std::string frame;
  AppendBe32(frame, static_cast<std::uint32_t>(message.size()));
  frame.append(message);
  for (std::size_t done = 0; done < frame.size();) {
    ssize_t sent = ::send(fd, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK) {
      sent = ::write(fd, frame.data() + done, frame.size() - done);
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Fail(ErrorCode::kUnavailable, "write: {}", std::strerror(errno));
    done += static_cast<std::size_t>(sent);
  }
  return {};
}

Result<std::optional<std::string>> ReceiveFrame(int fd, const std::optional<Duration>& timeout) {
  TW_ASSIGN_OR_RETURN(const std::string prefix, ReadUpTo(fd, 4, timeout));
  if (prefix.empty()) return std::optional<std::string>();
  if (prefix.size() < 4) return Fail(ErrorCode::kUnavailable, "ended inside a message's length");
  const std::uint32_t size = ReadBe32(AsBytes(prefix));
  if (size > kMaxFrameSize) {
    return Fail(ErrorCode::kBadInput, "message of {} bytes announced: at most {}", size,
                kMaxFrameSize);
  }
  TW_ASSIGN_OR_RETURN(std::string message, ReadUpTo(fd, size, timeout));
  if (message.size() < size) return Fail(ErrorCode::kUnavailable, "ended inside a message");
  return std::optional<std::string>(std::move(message));
}

}  // namespace trucewatch::evidence
