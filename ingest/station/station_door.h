// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <stop_token>
#include <vector>

#include "core/base/result.h"
#include "core/bus/curve.h"
#include "core/time/clock.h"
#include "ingest/station/hub_receiver.h"

namespace trucewatch::station {

// Carries frames between the hub's door and its receiver, in groups, so that one sync makes many
// batches durable. Threads: Run by one; accounts by any.
class StationDoor {
 public:
  // All outlive it.
  StationDoor(PeerServer& server, HubReceiver& receiver, Clock& clock);

  // Until `stop`, or the received log is closed and every station knows it. A station that does not
  // say so is answered until `give_up`: when the rest of the mission is done.
  Result<void> Run(std::stop_token stop, std::stop_token give_up);
  std::vector<StationAccount> accounts() const;

 private:
  Result<std::vector<HubReceiver::Inbound>> Gather();

  PeerServer& server_;
  HubReceiver& receiver_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<StationAccount> accounts_;
};

}  // namespace trucewatch::station
