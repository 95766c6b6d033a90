// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "tools/audit/case_list.h"

namespace trucewatch::audit {

// Raw bytes of a case bundle against raw/records.jsonl (`records`): the records of each file follow
// one another, fill it and have their SHA-256. Each byte is read once. Returns the digests
// (hexadecimal); fails with kCheckFailed, naming the line or file.
Result<std::set<std::string>> CheckRawRecords(const std::string& folder, const CaseList& list,
                                              std::string_view records);

}  // namespace trucewatch::audit
