// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/bus/zmq_context.h"
#include "core/time/instant.h"

namespace trucewatch::bus {

// One socket with the options of RELIABILITY.md 2.B: LINGER 0, high-water mark 64, handshake 3 s,
// heartbeats 5 s / 15 s. Threads: one thread at a time.
class ZmqSocket {
 public:
  // A DEALER that asks, connected to `endpoint`. Fails with kBadInput on a malformed endpoint.
  static Result<ZmqSocket> Dealer(const ZmqContext& context, const std::string& endpoint);
  // A ROUTER that answers, bound to `endpoint`. Fails with kUnavailable when the endpoint is in
  // use.
  static Result<ZmqSocket> Router(const ZmqContext& context, const std::string& endpoint);

  ~ZmqSocket();
  ZmqSocket(ZmqSocket&& other) noexcept;
  ZmqSocket& operator=(ZmqSocket&& other) noexcept;

  // False when it would have to wait, or when the peer is gone.
  Result<bool> TrySend(const std::vector<std::string>& frames);
  // The frames of a message that is already here; nothing when there is none.
  Result<std::optional<std::vector<std::string>>> TryReceive();
  // Waits until a message can be read, or `wake_fd` (-1: none) is readable, or the time is over.
  Result<void> WaitReadable(Duration wait, int wake_fd = -1) const;
  // Waits until a message can be sent or the time is over.
  Result<void> WaitWritable(Duration wait) const;
  // Where it is really bound ("tcp://127.0.0.1:49152" for a port of 0 or *).
  std::string bound_endpoint() const;

 private:
  explicit ZmqSocket(void* socket) : socket_(socket) {}
  static Result<ZmqSocket> Open(const ZmqContext& context, int type,
                                std::int64_t max_message_bytes);
  Result<void> Poll(short events, Duration wait, int wake_fd) const;

  void* socket_;
};

}  // namespace trucewatch::bus
