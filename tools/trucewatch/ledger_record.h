// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/storage/storage.h"
#include "tools/trucewatch/mission_record.h"

namespace trucewatch::tools {

// One leaf of the ledger, as an appendix names it.
struct LedgerEntry {
  std::uint64_t index = 0;
  Digest leaf_hash{};  // SHA-256(0x00 || leaf), docs/formats/ledger.md
  FindingKind kind = FindingKind::kUnspecified;
  Instant time;
};

// A mission as its ledger alone tells it: config and agreement are in its first leaf.
struct LedgerRecord {
  MissionRecord record;
  std::vector<LedgerEntry> entries;  // ascending index; those up to as_of
  Instant as_of;
  std::string origin;
  std::uint64_t size = 0;  // of the checkpoint, entries after as_of included
  Digest root{};
  std::string build_id;     // of the program that ran the mission
  bool audited = false;     // checked against the run folder's policy.txt, signature included
  std::string ledger_path;  // RUN/ledger
  std::string policy_path;  // RUN/policy.txt; empty when there is none
  // Hex SHA-256 of the agreement's bytes; of several versions "X, then Y"; empty without one.
  std::string agreement_hash;
};

// Reads RUN/ledger, recomputes every hash the checkpoint commits to, and, where RUN/policy.txt is,
// audits it. Entries after `as_of` are left out. Fails with kCheckFailed when something does not
// fit, kNotFound when there is no ledger, kBadInput when its first leaf is no mission header.
Result<LedgerRecord> ReadLedgerRecord(Storage& storage, const std::string& run,
                                      std::optional<Instant> as_of);

// "event_transition", "coverage", ...
std::string FindingKindName(FindingKind kind);

}  // namespace trucewatch::tools
