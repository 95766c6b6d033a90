// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>

#include "core/bus/curve.h"
#include "core/bus/internal/door.h"

namespace trucewatch {
namespace bus {
namespace {

using KnockClock = std::chrono::steady_clock;

constexpr Duration kVerdictWait = Duration::Seconds(1);
// A machine that is busy may need more than one try; who gets in even once fails the test.
constexpr int kTries = 3;
constexpr std::int64_t kMaxTestMessageBytes = 1024;
constexpr const char* kUser = "self-test";

// What the door does with who knocks; nothing: it stayed silent.
Result<std::optional<Handshake>> VerdictOn(Knock& knock) {
  const auto deadline = KnockClock::now() + std::chrono::microseconds(kVerdictWait.micros());
  while (true) {
    TW_ASSIGN_OR_RETURN(const auto event, knock.monitor->TryNext());
    if (event) return event->outcome;
    const auto left =
        std::chrono::duration_cast<std::chrono::microseconds>(deadline - KnockClock::now()).count();
    if (left <= 0) return std::nullopt;
    TW_RETURN_IF_ERROR(knock.monitor->events().WaitReadable(Duration::Micros(left)));
  }
}

struct Visitor {
  const char* who = nullptr;
  const CurveClient* curve = nullptr;  // null: without CURVE
  Handshake expected = Handshake::kSucceeded;
};

// The socket of a visitor that was dealt with as expected.
Result<std::unique_ptr<Knock>> Visit(const ZmqContext& context, const Door& door,
                                     const Visitor& visitor) {
  for (int i = 0; i < kTries; ++i) {
    TW_ASSIGN_OR_RETURN(std::unique_ptr<Knock> knock,
                        Knock::At(context, door.endpoint(), visitor.curve));
    TW_ASSIGN_OR_RETURN(const std::optional<Handshake> verdict, VerdictOn(*knock));
    if (verdict == visitor.expected) return knock;
    if (verdict == Handshake::kSucceeded) {
      return Fail(ErrorCode::kCheckFailed,
                  "self-test of the CURVE door: {} got in; no door is opened to anybody",
                  visitor.who);
    }
    if (verdict) {
      return Fail(ErrorCode::kCheckFailed,
                  "self-test of the CURVE door: {} was turned away, but not {}", visitor.who,
                  visitor.expected == Handshake::kRefusedByZap ? "by the list of known keys"
                                                               : "as it has to be");
    }
  }
  return Fail(ErrorCode::kCheckFailed,
              "self-test of the CURVE door: {} got no answer, {} times within {} s", visitor.who,
              kTries, kVerdictWait.seconds());
}

Result<void> VisitAll(const ZmqContext& context, Door& door, const CurveClient& stranger,
                      const CurveClient& known) {
  TW_ASSIGN_OR_RETURN(const auto refused,
                      Visit(context, door, {"a random key", &stranger, Handshake::kRefusedByZap}));
  TW_ASSIGN_OR_RETURN(
      const auto plain,
      Visit(context, door, {"a client without CURVE", nullptr, Handshake::kProtocol}));
  TW_ASSIGN_OR_RETURN(const auto guest,
                      Visit(context, door, {"a known key", &known, Handshake::kSucceeded}));
  TW_RETURN_IF_ERROR(refused->socket.TrySend({"stranger"}));
  TW_RETURN_IF_ERROR(plain->socket.TrySend({"plain"}));
  // Comes last, so that what the others may have brought in lies before it.
  TW_RETURN_IF_ERROR(guest->socket.WaitWritable(kVerdictWait));
  TW_RETURN_IF_ERROR(guest->socket.TrySend({"known"}));
  TW_ASSIGN_OR_RETURN(auto message, door.TryReceive());
  for (int i = 0; i < kTries && !message; ++i) {
    TW_RETURN_IF_ERROR(door.Wait(kVerdictWait));
    TW_ASSIGN_OR_RETURN(message, door.TryReceive());
  }
  if (!message) {
    return Fail(ErrorCode::kCheckFailed,
                "self-test of the CURVE door: a known key was let in, but its message was not");
  }
  if (message->bytes != "known" || message->user_id != kUser) {
    return Fail(ErrorCode::kCheckFailed,
                "self-test of the CURVE door: a message of '{}' came in; expected none but that of "
                "'{}'",
                message->user_id, kUser);
  }
  return {};
}

}  // namespace

Result<void> TestDoor(const ZmqContext& context, ZapHandler* zap, const DoorFlaws& flaws) {
  static std::atomic<std::uint64_t> count = 0;
  const CurveServer server{.keys = MakeCurveKeyPair(),
                           .domain = std::string(kSelfTestDomain) + std::to_string(++count)};
  const std::string& server_public = server.keys.public_key;
  const CurveClient known{.keys = MakeCurveKeyPair(), .server_public = server_public};
  const CurveClient stranger{.keys = MakeCurveKeyPair(), .server_public = server_public};
  TW_ASSIGN_OR_RETURN(
      const std::unique_ptr<Door> door,
      Door::Open(context, "tcp://127.0.0.1:*", kMaxTestMessageBytes, &server, flaws));
  if (zap != nullptr) zap->Register(server.domain, {{known.keys.public_key, kUser}});
  const Result<void> result = VisitAll(context, *door, stranger, known);
  if (zap != nullptr) zap->Register(server.domain, {});
  return result;
}

}  // namespace bus

Result<void> CurveSelfTest(const ZmqContext& context, ZapHandler& zap) {
  return bus::TestDoor(context, &zap, {});
}

}  // namespace trucewatch
