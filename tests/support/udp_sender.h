// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace trucewatch::testing {

// Sends datagrams to a port of this machine, or to a multicast group.
class UdpSender {
 public:
  explicit UdpSender(std::uint16_t port, const char* address = "127.0.0.1")
      : socket_(socket(AF_INET, SOCK_DGRAM, 0)) {
    to_.sin_family = AF_INET;
    to_.sin_port = htons(port);
    inet_pton(AF_INET, address, &to_.sin_addr);
  }
  ~UdpSender() { close(socket_); }
  UdpSender(const UdpSender&) = delete;
  UdpSender& operator=(const UdpSender&) = delete;
  bool Send(const std::string& bytes) const {
    return sendto(socket_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to_),
                  sizeof to_) == static_cast<ssize_t>(bytes.size());
  }

 private:
  int socket_;
  sockaddr_in to_{};
};

}  // namespace trucewatch::testing
