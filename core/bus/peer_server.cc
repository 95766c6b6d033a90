// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <utility>

#include "core/bus/curve.h"
#include "core/bus/internal/door.h"

namespace trucewatch {
namespace {

using PeerClock = std::chrono::steady_clock;

// A batch of a station has at most 512 KiB; who sends more than this is disconnected.
constexpr std::int64_t kMaxPeerMessageBytes = 1 << 20;

class CurvePeerServer final : public PeerServer {
 public:
  explicit CurvePeerServer(std::unique_ptr<bus::Door> door) : door_(std::move(door)) {}

  Result<std::optional<Message>> Receive(Duration wait) override {
    const auto deadline = PeerClock::now() + std::chrono::microseconds(wait.micros());
    while (true) {
      TW_ASSIGN_OR_RETURN(std::optional<bus::Door::Message> message, door_->TryReceive());
      if (message) {
        return Message{.peer = std::move(message->peer),
                       .user_id = std::move(message->user_id),
                       .bytes = std::move(message->bytes)};
      }
      const auto left =
          std::chrono::duration_cast<std::chrono::microseconds>(deadline - PeerClock::now())
              .count();
      if (left <= 0) return std::nullopt;
      TW_RETURN_IF_ERROR(door_->Wait(Duration::Micros(left)));
    }
  }

  Result<bool> Send(const std::string& peer, std::string bytes) override {
    return door_->TrySend(peer, std::move(bytes));
  }

  const std::string& endpoint() const override { return door_->endpoint(); }

 private:
  const std::unique_ptr<bus::Door> door_;
};

}  // namespace

Result<std::unique_ptr<PeerServer>> PeerServer::Start(const ZmqContext& context,
                                                      const std::string& endpoint,
                                                      const CurveServer& curve) {
  TW_ASSIGN_OR_RETURN(std::unique_ptr<bus::Door> door,
                      bus::Door::Open(context, endpoint, kMaxPeerMessageBytes, &curve));
  return std::make_unique<CurvePeerServer>(std::move(door));
}

}  // namespace trucewatch
