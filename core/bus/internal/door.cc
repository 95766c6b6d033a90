// SPDX-License-Identifier: Apache-2.0
#include "core/bus/internal/door.h"

#include <zmq.h>

#include <array>

#include "core/bus/internal/read_protocol.h"
#include "core/log/log.h"

namespace trucewatch::bus {
namespace {

// A draft constant, not in Debian's zmq.h without ZMQ_BUILD_DRAFT_API; the library honours it
// (RELIABILITY.md 2.B). Without it a door whose handler does not answer stands open.
constexpr int kZapEnforceDomain = 93;

constexpr int kMaxDropped = 64;  // at one go, so that a flood cannot keep the caller

Result<void> Require(const ZmqSocket& socket, int option, int expected, const char* name) {
  int value = -1;
  std::size_t size = sizeof value;
  if (zmq_getsockopt(socket.handle(), option, &value, &size) == 0 && value == expected) return {};
  return Fail(ErrorCode::kUnavailable,
              "this libzmq does not take {}: a CURVE door would not be closed; it is not opened",
              name);
}

Result<void> SetCurveServer(ZmqSocket& socket, const CurveServer& curve, const DoorFlaws& flaws) {
  if (curve.domain.empty() || !IsZ85Key(curve.keys.secret_key)) {
    return Fail(ErrorCode::kBadInput, "a CURVE door needs a domain and a secret key");
  }
  if (!flaws.no_curve) {
    TW_RETURN_IF_ERROR(socket.SetInt(ZMQ_CURVE_SERVER, 1));
    TW_RETURN_IF_ERROR(socket.SetText(ZMQ_CURVE_SECRETKEY, curve.keys.secret_key));
    TW_RETURN_IF_ERROR(Require(socket, ZMQ_MECHANISM, ZMQ_CURVE, "ZMQ_CURVE_SERVER"));
  }
  if (!flaws.no_enforcement) {
    TW_RETURN_IF_ERROR(socket.SetInt(kZapEnforceDomain, 1));
    TW_RETURN_IF_ERROR(Require(socket, kZapEnforceDomain, 1, "ZMQ_ZAP_ENFORCE_DOMAIN"));
  }
  if (flaws.no_domain) return {};
  // Enforced without a domain the handler is never asked: the two go together.
  TW_RETURN_IF_ERROR(socket.SetText(ZMQ_ZAP_DOMAIN, curve.domain));
  std::array<char, 256> domain{};
  std::size_t size = domain.size();
  if (zmq_getsockopt(socket.handle(), ZMQ_ZAP_DOMAIN, domain.data(), &size) != 0 ||
      curve.domain != domain.data()) {
    return Fail(ErrorCode::kUnavailable, "this libzmq does not take ZMQ_ZAP_DOMAIN '{}'",
                curve.domain);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Door>> Door::Open(const ZmqContext& context, const std::string& endpoint,
                                         std::int64_t max_message_bytes, const CurveServer* curve,
                                         const DoorFlaws& flaws) {
  TW_ASSIGN_OR_RETURN(ZmqSocket socket, ZmqSocket::Open(context, ZMQ_ROUTER, max_message_bytes));
  // Without it what cannot be sent is dropped in silence.
  TW_RETURN_IF_ERROR(socket.SetInt(ZMQ_ROUTER_MANDATORY, 1));
  std::unique_ptr<Door> door(new Door(std::move(socket)));
  if (curve != nullptr) {
    TW_RETURN_IF_ERROR(SetCurveServer(door->socket_, *curve, flaws));
    TW_ASSIGN_OR_RETURN(door->monitor_, ZmqMonitor::Watch(context, door->socket_));
    door->curve_ = true;
    door->quiet_ = curve->domain.starts_with(kSelfTestDomain);
  }
  TW_RETURN_IF_ERROR(door->socket_.Bind(endpoint));
  door->endpoint_ = door->socket_.bound_endpoint();
  return door;
}

Result<std::optional<Door::Message>> Door::TryReceive() {
  LogHandshakes();
  for (int i = 0; i < kMaxDropped; ++i) {
    TW_ASSIGN_OR_RETURN(std::optional<ZmqMessage> message, socket_.TryReceive());
    if (!message) return std::nullopt;
    if (message->frames.size() != 2) continue;
    if (curve_ && message->user_id.empty()) {
      // Cannot happen while the options hold: a second lock on the same door.
      Log(LogLevel::kError, "message_without_sender", {{"door", endpoint_}});
      continue;
    }
    return Message{.peer = std::move(message->frames[0]),
                   .user_id = std::move(message->user_id),
                   .bytes = std::move(message->frames[1])};
  }
  return std::nullopt;
}

Result<bool> Door::TrySend(const std::string& peer, std::string bytes) {
  return socket_.TrySend({peer, std::move(bytes)});
}

Result<void> Door::Wait(Duration wait, int wake_fd) const {
  return socket_.WaitReadable(wait, wake_fd);
}

void Door::LogHandshakes() {
  while (monitor_ != nullptr) {
    const auto event = monitor_->TryNext();
    if (!event || !*event) return;
    // Refusals by the handler are logged there, with the key.
    if ((*event)->outcome != Handshake::kProtocol || quiet_) continue;
    Log(LogLevel::kWarn, "handshake_failed",
        {{"door", endpoint_},
         {"why", "no CURVE, or meant for another server key"},
         {"detail", fmt::format("{:#x}", (*event)->detail)}});
  }
}

Result<std::unique_ptr<Knock>> Knock::At(const ZmqContext& context, const std::string& endpoint,
                                         const CurveClient* curve) {
  TW_ASSIGN_OR_RETURN(ZmqSocket socket, ZmqSocket::Open(context, ZMQ_DEALER, kMaxAnswerBytes));
  auto knock = std::make_unique<Knock>(std::move(socket));
  // No queueing for a peer that is not there, and none before the handshake is over.
  TW_RETURN_IF_ERROR(knock->socket.SetInt(ZMQ_IMMEDIATE, 1));
  if (curve != nullptr) {
    if (!IsZ85Key(curve->server_public) || !IsZ85Key(curve->keys.public_key) ||
        !IsZ85Key(curve->keys.secret_key)) {
      return Fail(ErrorCode::kBadInput, "{}: a CURVE key is not 40 characters of Z85", endpoint);
    }
    TW_RETURN_IF_ERROR(knock->socket.SetText(ZMQ_CURVE_SERVERKEY, curve->server_public));
    TW_RETURN_IF_ERROR(knock->socket.SetText(ZMQ_CURVE_PUBLICKEY, curve->keys.public_key));
    TW_RETURN_IF_ERROR(knock->socket.SetText(ZMQ_CURVE_SECRETKEY, curve->keys.secret_key));
    TW_RETURN_IF_ERROR(Require(knock->socket, ZMQ_MECHANISM, ZMQ_CURVE, "ZMQ_CURVE_SERVERKEY"));
  }
  TW_ASSIGN_OR_RETURN(knock->monitor, ZmqMonitor::Watch(context, knock->socket));
  TW_RETURN_IF_ERROR(knock->socket.Connect(endpoint));
  return knock;
}

}  // namespace trucewatch::bus
