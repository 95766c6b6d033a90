// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/trucewatch/ledger_record.h"

namespace trucewatch::tools {

// A mission with one of everything, made by hand: three zones of three sides with their coverage,
// an event of each kind, movements, officers' records, a case, a silent source, refused input.
// Names and texts are hostile: they try to be markup.
inline constexpr const char* kHostile = "<script>alert(1)</script>\"'&\x07\xFF";
LedgerRecord GrownRecord(const std::string& hostile = kHostile);

// The same as a run folder on disk: RUN/ledger, signed, and RUN/policy.txt.
void WriteGrownRun(const std::string& run);

}  // namespace trucewatch::tools
