// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/bus/curve.h"
#include "core/bus/internal/zmq_monitor.h"
#include "core/bus/internal/zmq_socket.h"

namespace trucewatch::bus {

// Domains of the self-test start with this; what is refused there is no news.
inline constexpr std::string_view kSelfTestDomain = "trucewatch.self-test.";

// What to leave out of a door, so that a test can see the self-test find it. Nothing else sets it.
struct DoorFlaws {
  bool no_curve = false;
  bool no_domain = false;
  bool no_enforcement = false;
};

// A ROUTER to the outside: many peers, messages of one frame each. Under CURVE only peers come in
// that the ZAP handler knows, and every message says who sent it. Handshakes that fail are logged.
// Threads: one at a time.
class Door {
 public:
  // Without `curve` everybody may come in. Fails with kUnavailable when the endpoint is in use or
  // the library does not take the options that close the door.
  static Result<std::unique_ptr<Door>> Open(const ZmqContext& context, const std::string& endpoint,
                                            std::int64_t max_message_bytes,
                                            const CurveServer* curve, const DoorFlaws& flaws = {});

  struct Message {
    std::string peer;  // ZeroMQ's routing id
    std::string user_id;
    std::string bytes;
  };
  // The next message that is already here. Others than those of one frame are dropped, and under
  // CURVE those whose sender the handler has not named.
  Result<std::optional<Message>> TryReceive();
  // False when the peer is gone or takes nothing now.
  Result<bool> TrySend(const std::string& peer, std::string bytes);
  Result<void> Wait(Duration wait, int wake_fd = -1) const;
  const std::string& endpoint() const { return endpoint_; }

 private:
  explicit Door(ZmqSocket socket) : socket_(std::move(socket)) {}
  void LogHandshakes();

  ZmqSocket socket_;
  std::unique_ptr<ZmqMonitor> monitor_;  // after the socket: it ends first
  std::string endpoint_;
  bool curve_ = false;
  bool quiet_ = false;
};

// A DEALER that knocks at a door; without `curve` as if there were no CURVE.
struct Knock {
  static Result<std::unique_ptr<Knock>> At(const ZmqContext& context, const std::string& endpoint,
                                           const CurveClient* curve);

  explicit Knock(ZmqSocket made) : socket(std::move(made)) {}
  ZmqSocket socket;
  std::unique_ptr<ZmqMonitor> monitor;  // after the socket: it ends first
};

// CurveSelfTest on a door with flaws. `zap` may be null: a process without a handler.
Result<void> TestDoor(const ZmqContext& context, ZapHandler* zap, const DoorFlaws& flaws);

}  // namespace trucewatch::bus
