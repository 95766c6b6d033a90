// SPDX-License-Identifier: Apache-2.0
#include "core/net/udp_receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace trucewatch {
namespace {

constexpr std::size_t kMaxDatagram = 65'535;
constexpr int kBufferSize = 4 << 20;

struct Endpoint {
  in_addr address{};
  std::uint16_t port = 0;
};

Result<Endpoint> ParseEndpoint(const std::string& text) {
  const auto wrong = [&] {
    return Fail(ErrorCode::kBadInput,
                "'{}' is no UDP address; expected IPv4:port, e.g. 0.0.0.0:8600 or 239.1.1.1:8600",
                text);
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong();
  Endpoint endpoint;
  if (inet_pton(AF_INET, text.substr(0, colon).c_str(), &endpoint.address) != 1) return wrong();
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, endpoint.port);
  if (parsed.ec != std::errc() || parsed.ptr != end) return wrong();
  return endpoint;
}

// Closes the socket unless it was handed on.
struct UdpSocketGuard {
  int fd = -1;
  ~UdpSocketGuard() {
    if (fd >= 0) close(fd);
  }
};

bool Set(int fd, int level, int option, const void* value, socklen_t size) {
  return setsockopt(fd, level, option, value, size) == 0;
}

}  // namespace

Result<std::unique_ptr<UdpReceiver>> UdpReceiver::Open(const std::string& address) {
  TW_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(address));
  const auto unavailable = [&](const char* what) {
    return Fail(ErrorCode::kUnavailable, "udp {}: {}: {}", address, what, std::strerror(errno));
  };
  UdpSocketGuard guard{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (guard.fd < 0) return unavailable("no socket");
  const bool multicast = IN_MULTICAST(ntohl(endpoint.address.s_addr));
  const int on = 1;
  // Several receivers of one group may run on a machine; two of one unicast port would steal from
  // each other.
  if (multicast && !Set(guard.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) {
    return unavailable("SO_REUSEADDR");
  }
  // The kernel grants what it may; how much is in buffer_size().
  Set(guard.fd, SOL_SOCKET, SO_RCVBUF, &kBufferSize, sizeof kBufferSize);
  if (!Set(guard.fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on)) return unavailable("SO_RXQ_OVFL");
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr = endpoint.address;  // bound to the group: other groups on the port stay out
  local.sin_port = htons(endpoint.port);
  if (bind(guard.fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
    return unavailable("cannot bind");
  }
  if (multicast) {
    ip_mreq group{};
    group.imr_multiaddr = endpoint.address;
    group.imr_interface.s_addr = htonl(INADDR_ANY);
    if (!Set(guard.fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group)) {
      return unavailable("cannot join the group");
    }
  }
  socklen_t size = sizeof local;
  if (getsockname(guard.fd, reinterpret_cast<sockaddr*>(&local), &size) != 0) {
    return unavailable("getsockname");
  }
  int granted = 0;
  size = sizeof granted;
  if (getsockopt(guard.fd, SOL_SOCKET, SO_RCVBUF, &granted, &size) != 0) {
    return unavailable("SO_RCVBUF");
  }
  std::unique_ptr<UdpReceiver> receiver(new UdpReceiver(guard.fd, ntohs(local.sin_port), granted));
  guard.fd = -1;
  return receiver;
}

UdpReceiver::~UdpReceiver() { close(socket_); }

Result<std::optional<std::string>> UdpReceiver::Receive(Duration wait) {
  pollfd waiting{socket_, POLLIN, 0};
  const std::int64_t ms = std::clamp<std::int64_t>((wait.micros() + 999) / 1000, 0, 3'600'000);
  const int ready = poll(&waiting, 1, static_cast<int>(ms));
  if (ready < 0 && errno != EINTR) {
    return Fail(ErrorCode::kIo, "udp: poll: {}", std::strerror(errno));
  }
  if (ready <= 0) return std::optional<std::string>();
  std::string bytes(kMaxDatagram, '\0');
  alignas(cmsghdr) char control[256];
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t size = recvmsg(socket_, &message, MSG_DONTWAIT);
  if (size < 0) {
    // A datagram with a wrong checksum wakes poll and is then gone.
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
      return std::optional<std::string>();
    }
    return Fail(ErrorCode::kIo, "udp: recvmsg: {}", std::strerror(errno));
  }
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) continue;
    std::uint32_t counter = 0;
    std::memcpy(&counter, CMSG_DATA(c), sizeof counter);
    lost_ += static_cast<std::uint32_t>(counter - last_counter_);  // the kernel's counter wraps
    last_counter_ = counter;
  }
  bytes.resize(static_cast<std::size_t>(size));
  return std::optional<std::string>(std::move(bytes));
}

}  // namespace trucewatch
