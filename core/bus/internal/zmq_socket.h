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

// A message as it came. Of a hostile one with many frames the first few.
struct ZmqMessage {
  std::vector<std::string> frames;
  // As the door's ZAP handler named the peer; empty where there is no CURVE. Read from the last
  // frame: the id frame of a ROUTER loses it in 4.3.4 (RELIABILITY.md 2.B, rule 4).
  std::string user_id;
};

// One socket with the options of RELIABILITY.md 2.B: LINGER 0, high-water mark 64, handshake 3 s,
// heartbeats 5 s / 15 s. Threads: one thread at a time.
class ZmqSocket {
 public:
  // A DEALER that asks, connected to `endpoint`. Fails with kBadInput on a malformed endpoint.
  static Result<ZmqSocket> Dealer(const ZmqContext& context, const std::string& endpoint);
  // Not yet connected or bound, so that more options can be set. `type` is ZMQ_DEALER, ZMQ_ROUTER
  // ... ; larger messages than max_message_bytes disconnect the peer.
  static Result<ZmqSocket> Open(const ZmqContext& context, int type,
                                std::int64_t max_message_bytes);
  Result<void> SetInt(int option, int value);
  Result<void> SetText(int option, const std::string& value);
  Result<void> Connect(const std::string& endpoint);
  // Fails with kUnavailable when the endpoint is in use.
  Result<void> Bind(const std::string& endpoint);

  ~ZmqSocket();
  ZmqSocket(ZmqSocket&& other) noexcept;
  ZmqSocket& operator=(ZmqSocket&& other) noexcept;

  // False when it would have to wait, or when the peer is gone.
  Result<bool> TrySend(const std::vector<std::string>& frames);
  // A message that is already here; nothing when there is none. Keeps at most max_frames.
  Result<std::optional<ZmqMessage>> TryReceive(std::size_t max_frames = 3);
  // Waits until a message can be read, or `wake_fd` (-1: none) is readable, or the time is over.
  Result<void> WaitReadable(Duration wait, int wake_fd = -1) const;
  // Waits until a message can be sent or the time is over; also until `events` can be read.
  Result<void> WaitWritable(Duration wait, const ZmqSocket* events = nullptr) const;
  // Where it is really bound ("tcp://127.0.0.1:49152" for a port of 0 or *).
  std::string bound_endpoint() const;

  void* handle() const { return socket_; }

 private:
  explicit ZmqSocket(void* socket) : socket_(socket) {}
  Result<void> Poll(short events, Duration wait, const ZmqSocket* also, int wake_fd) const;

  void* socket_;
};

}  // namespace trucewatch::bus
