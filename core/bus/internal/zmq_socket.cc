// SPDX-License-Identifier: Apache-2.0
#include "core/bus/internal/zmq_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "core/bus/internal/read_protocol.h"

namespace trucewatch::bus {
namespace {

constexpr int kBindAttempts = 25;
constexpr std::chrono::milliseconds kBindPause{20};

struct Option {
  int name;
  int value;
};

// Set before bind and connect: the high-water marks count only then (RELIABILITY.md 5.2).
constexpr std::array<Option, 9> kOptions = {{{ZMQ_LINGER, 0},
                                             {ZMQ_SNDHWM, 64},
                                             {ZMQ_RCVHWM, 64},
                                             {ZMQ_HANDSHAKE_IVL, 3000},
                                             {ZMQ_HEARTBEAT_IVL, 5000},
                                             {ZMQ_HEARTBEAT_TIMEOUT, 15000},
                                             {ZMQ_HEARTBEAT_TTL, 15000},
                                             {ZMQ_RECONNECT_IVL, 250},
                                             {ZMQ_RECONNECT_IVL_MAX, 10000}}};

tl::unexpected<Error> FailZmq(ErrorCode code, const char* what, const std::string& endpoint) {
  return Fail(code, "{}: cannot {}: {}", endpoint, what, zmq_strerror(zmq_errno()));
}

tl::unexpected<Error> FailEndpoint(const char* what, const std::string& endpoint) {
  if (zmq_errno() != EINVAL && zmq_errno() != EPROTONOSUPPORT) {
    return FailZmq(ErrorCode::kUnavailable, what, endpoint);
  }
  return Fail(ErrorCode::kBadInput,
              "'{}' is no endpoint: expected inproc://NAME, ipc://PATH or tcp://HOST:PORT",
              endpoint);
}

// libzmq removes an ipc file that is in its way without asking who listens there, so we ask.
bool IpcIsServed(const std::string& endpoint) {
  constexpr std::string_view kScheme = "ipc://";
  sockaddr_un address{};
  const std::string path = endpoint.substr(kScheme.size());
  if (path.empty() || path[0] == '@' || path[0] == '*' || path.size() >= sizeof address.sun_path) {
    return false;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const bool served =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return served;
}

}  // namespace

Result<ZmqSocket> ZmqSocket::Open(const ZmqContext& context, int type,
                                  std::int64_t max_message_bytes) {
  ZmqSocket socket(zmq_socket(context.handle(), type));
  if (socket.socket_ == nullptr) return FailZmq(ErrorCode::kUnavailable, "make socket", "zmq");
  for (const Option& option : kOptions) {
    if (zmq_setsockopt(socket.socket_, option.name, &option.value, sizeof option.value) != 0) {
      return FailZmq(ErrorCode::kUnavailable, "set option", std::to_string(option.name));
    }
  }
  if (zmq_setsockopt(socket.socket_, ZMQ_MAXMSGSIZE, &max_message_bytes,
                     sizeof max_message_bytes) != 0) {
    return FailZmq(ErrorCode::kUnavailable, "set option", "ZMQ_MAXMSGSIZE");
  }
  return socket;
}

Result<void> ZmqSocket::SetInt(int option, int value) {
  if (zmq_setsockopt(socket_, option, &value, sizeof value) == 0) return {};
  return FailZmq(ErrorCode::kUnavailable, "set option", std::to_string(option));
}

Result<void> ZmqSocket::SetText(int option, const std::string& value) {
  if (zmq_setsockopt(socket_, option, value.data(), value.size()) == 0) return {};
  return FailZmq(ErrorCode::kUnavailable, "set option", std::to_string(option));
}

Result<void> ZmqSocket::Connect(const std::string& endpoint) {
  if (zmq_connect(socket_, endpoint.c_str()) != 0) return FailEndpoint("connect", endpoint);
  return {};
}

Result<void> ZmqSocket::Bind(const std::string& endpoint) {
  // A socket closed a moment ago, here or in a process that was killed, may not have let go yet.
  for (int attempt = 0; attempt < kBindAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kBindPause);
    if (endpoint.starts_with("ipc://") && IpcIsServed(endpoint)) continue;
    if (zmq_bind(socket_, endpoint.c_str()) == 0) return {};
    if (zmq_errno() != EADDRINUSE) return FailEndpoint("serve there", endpoint);
  }
  return Fail(
      ErrorCode::kUnavailable,
      "{}: already in use; stop the program that serves there, or configure another endpoint",
      endpoint);
}

Result<ZmqSocket> ZmqSocket::Dealer(const ZmqContext& context, const std::string& endpoint) {
  TW_ASSIGN_OR_RETURN(ZmqSocket socket, Open(context, ZMQ_DEALER, kMaxAnswerBytes));
  // No queueing for a peer that is not there: the question would be stale when it arrived.
  TW_RETURN_IF_ERROR(socket.SetInt(ZMQ_IMMEDIATE, 1));
  TW_RETURN_IF_ERROR(socket.Connect(endpoint));
  return socket;
}

ZmqSocket::~ZmqSocket() {
  if (socket_ != nullptr) zmq_close(socket_);
}

ZmqSocket::ZmqSocket(ZmqSocket&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}

ZmqSocket& ZmqSocket::operator=(ZmqSocket&& other) noexcept {
  std::swap(socket_, other.socket_);
  return *this;
}

Result<bool> ZmqSocket::TrySend(const std::vector<std::string>& frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const int flags = ZMQ_DONTWAIT | (i + 1 < frames.size() ? ZMQ_SNDMORE : 0);
    while (zmq_send(socket_, frames[i].data(), frames[i].size(), flags) < 0) {
      const int error = zmq_errno();
      if (error == EINTR) continue;
      // Only the first frame can fail like this: a message is queued whole.
      if (error == EAGAIN || error == EHOSTUNREACH) return false;
      return FailZmq(ErrorCode::kUnavailable, "send", "zmq");
    }
  }
  return true;
}

Result<std::optional<ZmqMessage>> ZmqSocket::TryReceive(std::size_t max_frames) {
  ZmqMessage received;
  for (bool more = true; more;) {
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (zmq_msg_recv(&frame, socket_, ZMQ_DONTWAIT) < 0) {
      const int error = zmq_errno();
      if (error == EINTR) continue;
      zmq_msg_close(&frame);
      if (error == EAGAIN) return std::nullopt;
      return FailZmq(ErrorCode::kUnavailable, "receive", "zmq");
    }
    if (received.frames.size() < max_frames) {
      received.frames.emplace_back(static_cast<const char*>(zmq_msg_data(&frame)),
                                   zmq_msg_size(&frame));
    }
    more = zmq_msg_more(&frame) != 0;
    if (const char* user = more ? nullptr : zmq_msg_gets(&frame, "User-Id")) {
      received.user_id = user;
    }
    zmq_msg_close(&frame);
  }
  return received;
}

Result<void> ZmqSocket::WaitReadable(Duration wait, int wake_fd) const {
  return Poll(ZMQ_POLLIN, wait, nullptr, wake_fd);
}

Result<void> ZmqSocket::WaitWritable(Duration wait, const ZmqSocket* events) const {
  return Poll(ZMQ_POLLOUT, wait, events, -1);
}

Result<void> ZmqSocket::Poll(short events, Duration wait, const ZmqSocket* also,
                             int wake_fd) const {
  std::array<zmq_pollitem_t, 3> items{};
  std::size_t count = 0;
  items[count++] = {socket_, 0, events, 0};
  if (also != nullptr) items[count++] = {also->socket_, 0, ZMQ_POLLIN, 0};
  if (wake_fd >= 0) items[count++] = {nullptr, wake_fd, ZMQ_POLLIN, 0};
  const std::int64_t millis = (std::max<std::int64_t>(wait.micros(), 0) + 999) / 1000;
  if (zmq_poll(items.data(), static_cast<int>(count), static_cast<long>(millis)) < 0 &&
      zmq_errno() != EINTR) {
    return FailZmq(ErrorCode::kUnavailable, "poll", "zmq");
  }
  return {};
}

std::string ZmqSocket::bound_endpoint() const {
  std::array<char, 512> text{};
  std::size_t size = text.size();
  if (zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, text.data(), &size) != 0) return {};
  return text.data();
}

}  // namespace trucewatch::bus
