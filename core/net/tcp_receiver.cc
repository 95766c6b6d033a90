// SPDX-License-Identifier: Apache-2.0
#include "core/net/tcp_receiver.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace trucewatch {
namespace {

// A peer that vanished without a word is noticed after about half a minute.
constexpr int kKeepIdleS = 10;
constexpr int kKeepIntervalS = 5;
constexpr int kKeepProbes = 4;

struct SocketGuard {
  int fd = -1;
  ~SocketGuard() {
    if (fd >= 0) close(fd);
  }
  int Release() { return std::exchange(fd, -1); }
};

tl::unexpected<Error> Gone(const std::string& address, const std::string& why) {
  return Fail(ErrorCode::kUnavailable, "tcp {}: {}", address, why);
}

tl::unexpected<Error> GoneByErrno(const std::string& address, const char* what, int error) {
  std::string reason = std::strerror(error);
  if (!reason.empty()) reason[0] = static_cast<char>(std::tolower(reason[0]));
  return Gone(address, *what == '\0' ? reason : fmt::format("{}: {}", what, reason));
}

Result<sockaddr_in> Resolve(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size() ||
      address.find_first_not_of("0123456789", colon + 1) != std::string::npos) {
    return Fail(ErrorCode::kBadInput,
                "'{}' is no TCP address; expected host:port, e.g. radar.example:4607", address);
  }
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(address.substr(0, colon).c_str(),
                                 address.substr(colon + 1).c_str(), &hints, &found);
  if (failed != 0) {
    return Gone(address, fmt::format("the host is not known: {}", gai_strerror(failed)));
  }
  sockaddr_in out{};
  std::memcpy(&out, found->ai_addr, sizeof out);
  freeaddrinfo(found);
  return out;
}

void KeepAlive(int fd) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepIdleS, sizeof kKeepIdleS);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepIntervalS, sizeof kKeepIntervalS);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &kKeepProbes, sizeof kKeepProbes);
}

}  // namespace

Result<std::unique_ptr<TcpReceiver>> TcpReceiver::Connect(const std::string& address) {
  TW_ASSIGN_OR_RETURN(const sockaddr_in to, Resolve(address));
  SocketGuard guard{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (guard.fd < 0) return GoneByErrno(address, "no socket", errno);
  KeepAlive(guard.fd);
  if (connect(guard.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
      errno != EINPROGRESS) {
    return GoneByErrno(address, "", errno);
  }
  return std::unique_ptr<TcpReceiver>(new TcpReceiver(address, guard.Release(), -1, 0));
}

Result<std::unique_ptr<TcpReceiver>> TcpReceiver::Listen(const std::string& address) {
  TW_ASSIGN_OR_RETURN(const sockaddr_in at, Resolve(address));
  SocketGuard guard{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (guard.fd < 0) return GoneByErrno(address, "no socket", errno);
  const int on = 1;
  setsockopt(guard.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(guard.fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    return GoneByErrno(address, "cannot bind", errno);
  }
  if (listen(guard.fd, 1) != 0) return GoneByErrno(address, "cannot listen", errno);
  sockaddr_in local{};
  socklen_t size = sizeof local;
  if (getsockname(guard.fd, reinterpret_cast<sockaddr*>(&local), &size) != 0) {
    return GoneByErrno(address, "getsockname", errno);
  }
  return std::unique_ptr<TcpReceiver>(
      new TcpReceiver(address, -1, guard.Release(), ntohs(local.sin_port)));
}

TcpReceiver::~TcpReceiver() {
  if (stream_ >= 0) close(stream_);
  if (listener_ >= 0) close(listener_);
}

Result<bool> TcpReceiver::Await(int fd, short what, Duration wait) const {
  pollfd waiting{fd, what, 0};
  const std::int64_t ms = std::clamp<std::int64_t>((wait.micros() + 999) / 1000, 0, 3'600'000);
  const int ready = poll(&waiting, 1, static_cast<int>(ms));
  if (ready < 0 && errno != EINTR) return GoneByErrno(address_, "poll", errno);
  return ready > 0;
}

Result<void> TcpReceiver::FinishConnecting() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(stream_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return GoneByErrno(address_, "", error);
  connecting_ = false;
  return {};
}

Result<void> TcpReceiver::Accept() {
  stream_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (stream_ >= 0) {
    KeepAlive(stream_);
    return {};
  }
  // A caller may have hung up before it was answered.
  if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) return {};
  return GoneByErrno(address_, "accept", errno);
}

Result<std::optional<std::string>> TcpReceiver::Receive(Duration wait) {
  if (!connected()) {
    TW_ASSIGN_OR_RETURN(const bool ready, connecting_ ? Await(stream_, POLLOUT, wait)
                                                      : Await(listener_, POLLIN, wait));
    if (!ready) return std::optional<std::string>();
    if (connecting_) {
      TW_RETURN_IF_ERROR(FinishConnecting());
    } else {
      TW_RETURN_IF_ERROR(Accept());
    }
    return std::optional<std::string>();
  }
  TW_ASSIGN_OR_RETURN(const bool ready, Await(stream_, POLLIN, wait));
  if (!ready) return std::optional<std::string>();
  std::string bytes(kMaxBytes, '\0');
  const ssize_t size = recv(stream_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size == 0) return Gone(address_, "closed by the other side");
  if (size < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
      return std::optional<std::string>();
    }
    return GoneByErrno(address_, "", errno);
  }
  bytes.resize(static_cast<std::size_t>(size));
  return std::optional<std::string>(std::move(bytes));
}

}  // namespace trucewatch
