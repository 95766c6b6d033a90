// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/crypto/timestamp.h"
#include "tools/audit/audit.h"
#include "tools/audit/case_list.h"

namespace trucewatch::audit {

struct BundleOptions {
  std::string folder;   // of the case bundle
  std::string policy;   // text of the policy file
  std::string signers;  // text: vkeys of those who may have signed it, one a line
  // PEM: whom to trust for the time-stamp of the bundle's checkpoint, which is then asked for.
  std::optional<std::string> ca_pem = {};
};

struct BundleReport {
  CaseList list;
  AuditReport ledger;          // counts and events are those of the bundle's leaves
  std::size_t statements = 0;  // on the event
  std::size_t opened = 0;      // officers' entries that a party's bundle opens
  bool has_raw = true;         // officers' always; a party's where the mission released recordings
  std::size_t raw_named = 0;   // raw records that the statements, or opened entries, name
  std::size_t raw_in_bundle = 0;   // of these
  std::optional<Timestamp> stamp;  // of the checkpoint in the proofs
};

// Checks a case bundle (docs/formats/bundle.md) offline, with nothing trusted but the policy and
// the signers' keys. Fails with kCheckFailed, naming the first file or line that does not fit;
// kBadInput on a bad policy or signers' file, kNotFound without a folder.
Result<BundleReport> AuditBundle(const BundleOptions& options);

std::string FormatBundleReport(const BundleReport& report);

}  // namespace trucewatch::audit
