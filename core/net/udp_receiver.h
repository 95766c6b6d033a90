// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

// Receives UDP datagrams over IPv4: the live line of a radar, or of video in MPEG-TS.
// Threads: one caller at a time.
class UdpReceiver {
 public:
  // "0.0.0.0:8600", "127.0.0.1:0" (any free port), or a multicast group to join, "239.1.1.1:8600".
  // kBadInput when the text is no such address, kUnavailable when the port cannot be had.
  static Result<std::unique_ptr<UdpReceiver>> Open(const std::string& address);
  ~UdpReceiver();
  UdpReceiver(const UdpReceiver&) = delete;
  UdpReceiver& operator=(const UdpReceiver&) = delete;

  // The next datagram's payload, which may be empty; nothing when none came within `wait` or a
  // signal interrupted it. kIo when the socket is broken.
  Result<std::optional<std::string>> Receive(Duration wait);

  std::uint16_t port() const { return port_; }
  // Datagrams that the kernel dropped because nobody fetched them in time (SO_RXQ_OVFL), as of the
  // last datagram received. Counts from Open on.
  std::uint64_t lost() const { return lost_; }
  // Size of the receive buffer that the kernel granted, bytes. 4 MiB are asked for.
  int buffer_size() const { return buffer_size_; }

 private:
  UdpReceiver(int socket, std::uint16_t port, int buffer_size)
      : socket_(socket), port_(port), buffer_size_(buffer_size) {}

  int socket_;
  std::uint16_t port_;
  int buffer_size_;
  std::uint64_t lost_ = 0;
  std::uint32_t last_counter_ = 0;
};

}  // namespace trucewatch
