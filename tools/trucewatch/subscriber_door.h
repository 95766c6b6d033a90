// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/bus/log.h"
#include "core/bus/log_server.h"
#include "core/bus/zmq_context.h"
#include "core/time/clock.h"
#include "tools/trucewatch/hub_doors.h"
#include "tools/trucewatch/served_log.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch::tools {

// The hub's door to subscribers: each gets the logs of his audience and cannot tell that there are
// others.
//   officers          published, released, open
//   party A, party B  released, open: the same for both
//   public            open
// Nothing else is behind it: no log of a stage, no health, no coverage.
class SubscriberDoor {
 public:
  struct Logs {
    LogReader* published = nullptr;
    LogReader* released = nullptr;  // null, like the next one: nothing is released
    LogReader* open = nullptr;
  };
  // The logs, the doors and the context outlive it. kUnavailable when the endpoint is in use.
  static Result<std::unique_ptr<SubscriberDoor>> Open(const ZmqContext& context,
                                                      const v1::config::HubConfig& hub,
                                                      const HubDoors& doors, const Logs& logs);

  // After the mission's end: until those who have asked have read the logs that have ended, for a
  // while at most; a while, too, for somebody to ask at all.
  void ServeToTheEnd(Clock& clock, const std::stop_token& stop) const;

 private:
  SubscriberDoor() = default;
  bool SomebodyHasAsked() const;
  bool AllSeemToHaveRead() const;

  std::vector<std::unique_ptr<ServedReader>> served_;
  std::unique_ptr<LogServer> server_;  // after what it serves
};

}  // namespace trucewatch::tools
