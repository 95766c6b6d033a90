// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "tools/audit/note.h"
#include "tools/audit/policy.h"

namespace trucewatch::audit {

inline constexpr std::uint64_t kMaxCheckpoint = 256 * 1024;  // bytes

struct SignedHead {
  TreeHead head;
  std::vector<std::string> cosigners;  // witnesses of the policy whose cosignature is good
};

// A checkpoint file that the policy accepts. Fails with kCheckFailed, naming the line.
Result<SignedHead> CheckCheckpoint(std::string_view file, const Policy& policy);

}  // namespace trucewatch::audit
