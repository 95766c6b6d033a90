// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/subscriber_door.h"

#include <algorithm>
#include <set>

namespace trucewatch::tools {
namespace {

using Peer = v1::config::SubscriberPeer;

// A consumer that has read the end of our log may ask once more when the answer got lost.
constexpr Duration kQuietAfterEnd = Duration::Millis(1500);
// So long it waits for a subscriber to show up, and for those that did to have read all. Longer
// than a subscriber takes to notice a hub that came back (a question that nobody answers lasts up
// to 6 s, its pause 2 s, libzmq's own up to 10 s).
constexpr Duration kSubscriberGrace = Duration::Seconds(15);
constexpr Duration kSubscriberEnd = Duration::Seconds(30);

std::set<std::string> IdsOf(const v1::config::HubConfig& hub,
                            std::initializer_list<Peer::Audience> audiences) {
  std::set<std::string> ids;
  for (const Peer& peer : hub.subscriber()) {
    if (std::find(audiences.begin(), audiences.end(), peer.audience()) != audiences.end())
      ids.insert(peer.id());
  }
  return ids;
}

}  // namespace

Result<std::unique_ptr<SubscriberDoor>> SubscriberDoor::Open(const ZmqContext& context,
                                                             const v1::config::HubConfig& hub,
                                                             const HubDoors& doors,
                                                             const Logs& logs) {
  std::unique_ptr<SubscriberDoor> door(new SubscriberDoor());
  std::vector<ServedLog> served;
  const auto serve = [&](const char* name, LogReader* log,
                         std::initializer_list<Peer::Audience> audiences) {
    if (log == nullptr) return;
    door->served_.push_back(std::make_unique<ServedReader>(*log));
    served.push_back({name, door->served_.back().get(), IdsOf(hub, audiences)});
  };
  serve("published", logs.published, {Peer::OFFICERS});
  serve("released", logs.released, {Peer::OFFICERS, Peer::PARTY_A, Peer::PARTY_B});
  serve("open", logs.open, {Peer::OFFICERS, Peer::PARTY_A, Peer::PARTY_B, Peer::PUBLIC});
  TW_ASSIGN_OR_RETURN(door->server_, LogServer::Start(context, hub.subscriber_endpoint(),
                                                      std::move(served), doors.subscriber_door()));
  return door;
}

bool SubscriberDoor::SomebodyHasAsked() const {
  return std::any_of(served_.begin(), served_.end(),
                     [](const auto& log) { return log->WasAsked(); });
}

bool SubscriberDoor::AllSeemToHaveRead() const {
  return std::all_of(served_.begin(), served_.end(), [](const auto& log) {
    return !log->WasAsked() || log->AllSeemToHaveRead(kQuietAfterEnd);
  });
}

void SubscriberDoor::ServeToTheEnd(Clock& clock, const std::stop_token& stop) const {
  const Instant start = clock.Now();
  while (!stop.stop_requested()) {
    const bool asked = SomebodyHasAsked();
    if (asked && AllSeemToHaveRead()) return;
    if (clock.Now() - start >= (asked ? kSubscriberEnd : kSubscriberGrace)) return;
    clock.SleepFor(Duration::Millis(50));
  }
}

}  // namespace trucewatch::tools
