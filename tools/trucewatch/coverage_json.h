// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/trucewatch/mission_record.h"

namespace trucewatch::tools {

// coverage.jsonl (docs/formats/coverage.md): one line for each zone, period and class, in the order
// of the ledger; an amended account's lines follow those they replace.
std::string CoverageLines(const MissionRecord& record);

}  // namespace trucewatch::tools
