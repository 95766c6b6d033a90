// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "trucewatch/v1/verify_snapshot.pb.h"
#include "verify/rule_memory.h"

namespace trucewatch {

// What a rule remembers, into and out of the snapshot. Reading fails with kBadInput on what no
// engine can have written.
void Write(const RuleMemory& memory, v1::VerifySnapshot::RuleMemory* out);
Result<RuleMemory> Read(const v1::VerifySnapshot::RuleMemory& in);

}  // namespace trucewatch
