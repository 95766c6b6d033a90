// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "tools/audit/audit.h"

namespace trucewatch::audit {

// Adds what one entry says to the report. Fails when it is not written as docs/formats/ledger.md
// says or when its exercise mark is not the one of report.origin.
Result<void> AddLeaf(std::string_view entry, std::uint64_t index, AuditReport& report);

}  // namespace trucewatch::audit
