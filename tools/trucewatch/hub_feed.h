// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/bus/curve.h"
#include "core/config/mission_config.h"
#include "core/journal/journal.h"
#include "core/keys/key_book.h"
#include "core/time/clock.h"
#include "ingest/station/hub_receiver.h"
#include "ingest/station/station_door.h"
#include "tools/trucewatch/hub_doors.h"

namespace trucewatch::tools {

// Where a mission with a hub gets its records from: the door to the stations, and the log of what
// came through it. Threads: Run by one; the rest by any.
class HubFeed {
 public:
  using Notes = decltype(station::HubOptions::notes);
  // Opens the door. `header` is the journal's first record. Everything passed outlives it.
  // `keys`: as BeginKeyBook gives it.
  // kUnavailable when the endpoint is in use, kCheckFailed when `received` is of another mission.
  static Result<std::unique_ptr<HubFeed>> Open(const MissionFile& mission,
                                               const std::string& header, Journal& received,
                                               Journal& refused, const HubDoors& doors,
                                               const ZmqContext& context, Clock& clock,
                                               std::optional<KeyBook> keys, Notes notes = {});

  // Until every station has ended and knows it, or `stop`; after `give_up` it waits for no station
  // to know.
  Result<void> Run(std::stop_token stop, std::stop_token give_up);
  std::vector<station::StationAccount> accounts() const { return door_->accounts(); }
  const std::string& endpoint() const { return server_->endpoint(); }

 private:
  HubFeed() = default;

  std::unique_ptr<station::HubReceiver> receiver_;
  std::unique_ptr<PeerServer> server_;
  std::unique_ptr<station::StationDoor> door_;
};

// "station fs-north: 512 records in 64 batches delivered, 0 declared lost, connected 3 times".
std::string AccountLine(const station::StationAccount& account);

}  // namespace trucewatch::tools
