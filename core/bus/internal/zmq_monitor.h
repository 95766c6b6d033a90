// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/bus/internal/zmq_socket.h"
#include "core/bus/zmq_context.h"

namespace trucewatch::bus {

enum class Handshake {
  kSucceeded,
  kRefusedByZap,  // the door knows no such key
  kProtocol,      // another mechanism, or keys that do not belong together
  kBrokenOff,     // the connection ended in it; also what a client sees of a wrong server key
};

struct HandshakeEvent {
  Handshake outcome = Handshake::kBrokenOff;
  unsigned detail = 0;  // ZAP status, ZMQ_PROTOCOL_ERROR_... or errno
};

// Tells what became of the handshakes of one socket. Version 1 of libzmq's monitor: version 2 with
// statistics can crash in 4.3.4 (RELIABILITY.md 2.B, rule 8). Threads: the socket's.
class ZmqMonitor {
 public:
  // Before the socket connects or binds, so that nothing is missed. Ends before the socket does.
  static Result<std::unique_ptr<ZmqMonitor>> Watch(const ZmqContext& context, ZmqSocket& socket);
  ~ZmqMonitor();
  ZmqMonitor(const ZmqMonitor&) = delete;
  ZmqMonitor& operator=(const ZmqMonitor&) = delete;

  // The next event that is already here.
  Result<std::optional<HandshakeEvent>> TryNext();
  const ZmqSocket& events() const { return events_; }  // for a poll

 private:
  ZmqMonitor(void* watched, ZmqSocket events) : watched_(watched), events_(std::move(events)) {}
  void* const watched_;
  ZmqSocket events_;
};

}  // namespace trucewatch::bus
