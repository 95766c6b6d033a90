// SPDX-License-Identifier: Apache-2.0
#include "core/bus/internal/zmq_monitor.h"

#include <zmq.h>

#include <atomic>
#include <cstring>

namespace trucewatch::bus {
namespace {

constexpr int kEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
constexpr std::int64_t kMaxEventBytes = 4096;

std::optional<Handshake> OutcomeOf(int event) {
  switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return Handshake::kSucceeded;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return Handshake::kRefusedByZap;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      return Handshake::kProtocol;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      return Handshake::kBrokenOff;
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::unique_ptr<ZmqMonitor>> ZmqMonitor::Watch(const ZmqContext& context,
                                                      ZmqSocket& socket) {
  static std::atomic<std::uint64_t> count = 0;
  const std::string name = "inproc://trucewatch.monitor." + std::to_string(++count);
  if (zmq_socket_monitor(socket.handle(), name.c_str(), kEvents) != 0) {
    return Fail(ErrorCode::kUnavailable, "{}: cannot be made: {}", name, zmq_strerror(zmq_errno()));
  }
  // libzmq's I/O thread writes the events and would stand still on a full queue: no limit here.
  auto events = ZmqSocket::Open(context, ZMQ_PAIR, kMaxEventBytes);
  if (events) {
    const int unlimited = 0;
    zmq_setsockopt(events->handle(), ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    if (const auto connected = events->Connect(name); connected) {
      return std::unique_ptr<ZmqMonitor>(new ZmqMonitor(socket.handle(), std::move(*events)));
    }
  }
  zmq_socket_monitor(socket.handle(), nullptr, 0);
  return Fail(ErrorCode::kUnavailable, "{}: cannot be read", name);
}

// In this order: an I/O thread that writes to a monitor nobody reads waits for ever.
ZmqMonitor::~ZmqMonitor() { zmq_socket_monitor(watched_, nullptr, 0); }

Result<std::optional<HandshakeEvent>> ZmqMonitor::TryNext() {
  while (true) {
    TW_ASSIGN_OR_RETURN(const std::optional<ZmqMessage> message, events_.TryReceive());
    if (!message) return std::nullopt;
    // zmq_socket_monitor(3): 16 bits of event and 32 of value, in the machine's byte order.
    const std::string& frame = message->frames.front();
    if (frame.size() != 6) continue;
    std::uint16_t event = 0;
    std::uint32_t value = 0;
    std::memcpy(&event, frame.data(), sizeof event);
    std::memcpy(&value, frame.data() + sizeof event, sizeof value);
    if (const auto outcome = OutcomeOf(event)) {
      return HandshakeEvent{.outcome = *outcome, .detail = value};
    }
  }
}

}  // namespace trucewatch::bus
