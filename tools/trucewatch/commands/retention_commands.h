// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace trucewatch::tools {

// What of a run's raw evidence would go, or goes.
struct RetentionCommand {
  std::string run;     // folder of a replay or a run
  std::string config;  // mission config; empty: that of the ledger, which can only be looked at
  bool trim = false;
  std::optional<double> keep_days, quota_mb, margin_s;  // instead of the config's
  std::string as_of;                                    // what counts as now; empty: newest record
};
Result<int> RunRetention(const RetentionCommand& command);

// An officer's signed word that evidence must stay, or need not any more.
struct HoldCommand {
  std::string run;
  std::string event;  // beginning of an event's or case's id; empty: a time
  std::string from, to;
  std::vector<std::string> sources;
  bool lift = false;
  std::string lifts_hold;  // id of a hold
  std::string id;
  std::string time;  // when it is signed; empty: now
  std::string reason;
  std::string key;
};
Result<int> RunHold(const HoldCommand& command);

}  // namespace trucewatch::tools
