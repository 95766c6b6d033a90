// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "tools/audit/policy.h"

namespace trucewatch::audit {

struct AuditOptions {
  std::string ledger;               // folder
  std::string policy;               // text of the policy file
  std::optional<std::string> seen;  // text of a checkpoint that was seen earlier or elsewhere
  // Checkpoints that must be this ledger's too, by a name for messages: those that were stamped.
  std::map<std::string, std::string> stamped = {};
  bool parse_leaves = true;  // false: any C2SP log, whatever its entries say
};

// An event transition or a notified movement.
struct AuditEvent {
  std::uint64_t ledger_index = 0;
  std::int64_t time_us = 0;
  std::string kind;   // "event_transition", "notified_movement"
  std::string state;  // "candidate", "corroborated", "verified", "unspecified"
  std::string event_id;
  std::string rule;
  std::string zone;
  std::string notification;
  int count_min = 0;
  int count_max = 0;
  double probability = 0;
};

// What belongs to one run alone: a witness refused, evidence was trimmed or held, a stamp was had.
struct AuditOperation {
  std::uint64_t ledger_index = 0;
  std::int64_t time_us = 0;
  std::string format;
  std::string reason;
};

struct AuditReport {
  std::string origin;
  bool exercise = false;  // from the origin
  std::uint64_t size = 0;
  Digest root{};
  std::optional<std::int64_t> last_time_us;     // event time of the last leaf
  std::map<std::string, std::uint64_t> counts;  // leaves by kind
  std::vector<AuditEvent> events;
  std::vector<AuditOperation> operations;
  bool parties = false;                     // a parties' ledger (docs/formats/release.md)
  std::vector<std::string> cosigners;       // witnesses of the policy whose cosignature is good
  std::uint64_t files = 0;                  // checked, the checkpoint included
  std::vector<std::string> unsigned_files;  // of leaves that the checkpoint does not cover yet
};

// Checks everything a ledger's checkpoint commits to, offline and with nothing but the policy
// trusted: signatures, every entry, every tile (partial ones of earlier sizes too), the root, that
// no file is missing or added, what the leaves say, and with `seen` that the ledger still extends
// that checkpoint. Fails with kCheckFailed, naming the first bad entry, tile or line; kBadInput on
// a bad policy; kNotFound without a ledger. Without `seen` a ledger cut back to an older checkpoint
// is found good: the report says its size and time.
Result<AuditReport> AuditLedger(const AuditOptions& options);

// For people: "latest known: size, time", counts and events, one line each.
std::string FormatReport(const AuditReport& report);

}  // namespace trucewatch::audit
