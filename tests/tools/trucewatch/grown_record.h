// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/trucewatch/ledger_record.h"

namespace trucewatch::tools {

// A mission with one of everything, made by hand: three zones of three sides with their coverage,
// an event of each kind, movements, officers' records, a case, a silent source, refused input.
// Names and texts are hostile: they try to be markup.
LedgerRecord GrownRecord();

inline constexpr const char* kHostile = "<script>alert(1)</script>\"'&\x07\xFF";

}  // namespace trucewatch::tools
