// SPDX-License-Identifier: Apache-2.0
#include "ingest/station/station_door.h"

#include <utility>

namespace trucewatch::station {
namespace {

constexpr Duration kDoorPoll = Duration::Millis(50);
// A group is at most this much: what one sync makes durable, and one answer waits for.
constexpr std::size_t kMaxGroupFrames = 64;
constexpr std::size_t kMaxGroupBytes = 8 << 20;

}  // namespace

StationDoor::StationDoor(PeerServer& server, HubReceiver& receiver, Clock& clock)
    : server_(server), receiver_(receiver), clock_(clock), accounts_(receiver.accounts()) {}

Result<std::vector<HubReceiver::Inbound>> StationDoor::Gather() {
  std::vector<HubReceiver::Inbound> frames;
  std::size_t bytes = 0;
  for (Duration wait = kDoorPoll; frames.size() < kMaxGroupFrames && bytes < kMaxGroupBytes;
       wait = Duration()) {
    TW_ASSIGN_OR_RETURN(auto message, server_.Receive(wait));
    if (!message) break;
    bytes += message->bytes.size();
    frames.push_back(
        {std::move(message->peer), std::move(message->user_id), std::move(message->bytes)});
  }
  return frames;
}

Result<void> StationDoor::Run(std::stop_token stop, std::stop_token give_up) {
  while (!stop.stop_requested()) {
    TW_ASSIGN_OR_RETURN(const auto frames, Gather());
    const Instant now = clock_.Now();
    if (!frames.empty()) {
      TW_ASSIGN_OR_RETURN(const auto answers, receiver_.Handle(frames, now));
      for (const auto& answer : answers) {
        // An answer that cannot be sent is one that gets lost: the station asks again.
        TW_RETURN_IF_ERROR(server_.Send(answer.peer, answer.bytes));
      }
    }
    TW_RETURN_IF_ERROR(receiver_.Tick(now));
    {
      const std::lock_guard lock(mutex_);
      accounts_ = receiver_.accounts();
    }
    if (receiver_.closed() && frames.empty() && (receiver_.settled() || give_up.stop_requested())) {
      return {};
    }
  }
  return {};
}

std::vector<StationAccount> StationDoor::accounts() const {
  const std::lock_guard lock(mutex_);
  return accounts_;
}

}  // namespace trucewatch::station
