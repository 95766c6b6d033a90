// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <utility>

#include "core/bus/curve.h"
#include "core/bus/internal/door.h"

namespace trucewatch {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Duration kHandshakeWait = Duration::Seconds(1);

class CurveLink final : public Link {
 public:
  CurveLink(const ZmqContext& context, std::string endpoint, CurveClient curve,
            std::unique_ptr<bus::Knock> knock)
      : context_(context),
        endpoint_(std::move(endpoint)),
        curve_(std::move(curve)),
        knock_(std::move(knock)) {}

  Result<void> Send(std::string message) override {
    if (knock_ == nullptr) TW_RETURN_IF_ERROR(Reset());  // the last one failed
    const std::vector<std::string> frames{std::move(message)};
    const auto deadline = SteadyClock::now() + std::chrono::microseconds(kHandshakeWait.micros());
    while (true) {
      TW_RETURN_IF_ERROR(ReadHandshakes());
      TW_ASSIGN_OR_RETURN(const bool sent, knock_->socket.TrySend(frames));
      if (sent) return {};
      const auto left =
          std::chrono::duration_cast<std::chrono::microseconds>(deadline - SteadyClock::now())
              .count();
      if (left <= 0) break;
      TW_RETURN_IF_ERROR(
          knock_->socket.WaitWritable(Duration::Micros(left), &knock_->monitor->events()));
    }
    if (broken_off_ > 0) {
      return Fail(ErrorCode::kTimeout,
                  "{}: somebody serves there, but the handshake breaks off; is the hub's public "
                  "key right?",
                  endpoint_);
    }
    return Fail(ErrorCode::kTimeout, "{}: nobody serves there yet", endpoint_);
  }

  Result<std::optional<std::string>> Receive(Duration wait) override {
    if (knock_ == nullptr) TW_RETURN_IF_ERROR(Reset());
    TW_ASSIGN_OR_RETURN(auto message, knock_->socket.TryReceive());
    if (!message) {
      TW_RETURN_IF_ERROR(knock_->socket.WaitReadable(wait));
      TW_ASSIGN_OR_RETURN(message, knock_->socket.TryReceive());
    }
    if (!message) return std::nullopt;
    return std::move(message->frames.front());
  }

  // The old socket goes first: libzmq never tries again after a refused handshake (RELIABILITY.md
  // 2.B, rule 5).
  Result<void> Reset() override {
    knock_.reset();
    refusal_.clear();
    broken_off_ = 0;
    TW_ASSIGN_OR_RETURN(knock_, bus::Knock::At(context_, endpoint_, &curve_));
    return {};
  }

 private:
  Result<void> ReadHandshakes() {
    while (refusal_.empty()) {
      TW_ASSIGN_OR_RETURN(const auto event, knock_->monitor->TryNext());
      if (!event) return {};
      switch (event->outcome) {
        case bus::Handshake::kSucceeded:
          broken_off_ = 0;
          break;
        case bus::Handshake::kBrokenOff:
          ++broken_off_;
          break;
        case bus::Handshake::kRefusedByZap:
          refusal_ = fmt::format(
              "{}: the hub refused this key ({}, status {}): its config does not name the key for "
              "this door",
              endpoint_, curve_.keys.public_key, event->detail);
          break;
        case bus::Handshake::kProtocol:
          refusal_ = fmt::format(
              "{}: what serves there refused the handshake (protocol error {:#x}): it speaks no "
              "CURVE, or is not the hub whose key was given",
              endpoint_, event->detail);
          break;
      }
    }
    return Fail(ErrorCode::kUnavailable, "{}", refusal_);
  }

  const ZmqContext& context_;
  const std::string endpoint_;
  const CurveClient curve_;
  std::unique_ptr<bus::Knock> knock_;
  std::string refusal_;  // not empty: this socket will never get in
  int broken_off_ = 0;   // handshakes since the last good one
};

}  // namespace

Result<std::unique_ptr<Link>> MakeCurveLink(const ZmqContext& context, const std::string& endpoint,
                                            const CurveClient& curve) {
  TW_ASSIGN_OR_RETURN(std::unique_ptr<bus::Knock> knock, bus::Knock::At(context, endpoint, &curve));
  return std::make_unique<CurveLink>(context, endpoint, curve, std::move(knock));
}

}  // namespace trucewatch
