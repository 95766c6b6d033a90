// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch {

// One TCP line whose bytes are only read, over IPv4: we call the other side, or it calls us (one
// peer at a time; the next one is answered when that one has gone). Nothing here waits longer than
// it is told to, but for the look-up of a host's name.
// Threads: one caller at a time.
class TcpReceiver {
 public:
  // "radar.example:4607" or "192.0.2.7:4607"; begins to connect. kBadInput when the text is no such
  // address, kUnavailable when the name is not known or the call is refused at once.
  static Result<std::unique_ptr<TcpReceiver>> Connect(const std::string& address);
  // "0.0.0.0:4607", "127.0.0.1:0" (any free port): waits for a caller.
  static Result<std::unique_ptr<TcpReceiver>> Listen(const std::string& address);
  ~TcpReceiver();
  TcpReceiver(const TcpReceiver&) = delete;
  TcpReceiver& operator=(const TcpReceiver&) = delete;

  // The bytes that have come, at most kMaxBytes; nothing when none came within `wait`.
  // kUnavailable: the line is gone (refused, reset, closed by the other side); drop the object.
  Result<std::optional<std::string>> Receive(Duration wait);

  bool connected() const { return stream_ >= 0 && !connecting_; }
  // The port that is listened on; 0 when we call.
  std::uint16_t port() const { return port_; }

  static constexpr std::size_t kMaxBytes = 64 << 10;

 private:
  TcpReceiver(std::string address, int stream, int listener, std::uint16_t port)
      : address_(std::move(address)),
        stream_(stream),
        listener_(listener),
        connecting_(stream >= 0),
        port_(port) {}
  Result<bool> Await(int fd, short what, Duration wait) const;  // true: ready
  Result<void> FinishConnecting();
  Result<void> Accept();

  const std::string address_;
  int stream_;    // -1: nobody has called yet
  int listener_;  // -1: we call
  bool connecting_;
  std::uint16_t port_;
};

}  // namespace trucewatch
