// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "tools/audit/audit.h"

namespace trucewatch::audit {

struct ProofOptions {
  std::string proof;         // text of a C2SP tlog-proof file
  std::string leaf;          // the leaf's bytes, as in its bundle without the length
  std::string policy;        // text of the policy file
  bool parse_leaves = true;  // false: any C2SP log, whatever its entries say
};

struct ProofReport {
  std::uint64_t index = 0;  // of the leaf in the ledger
  AuditReport ledger;  // at the proof's checkpoint; counts and events are those of this leaf alone
};

// Checks offline, with one small file and nothing but the policy trusted, that a leaf is in a
// ledger. Fails with kCheckFailed, naming the line, and with kBadInput on a bad policy.
Result<ProofReport> AuditProof(const ProofOptions& options);

std::string FormatProofReport(const ProofReport& report);

}  // namespace trucewatch::audit
