// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "core/time/instant.h"

namespace trucewatch {

// Time stamp inside a coded picture (MISB ST 0604): microseconds, in a user data message that
// starts with "MISPmicrosectime" (H.264, MPEG-2) or the H.265 identifier, or nanoseconds with the
// H.265 one. Nothing when there is none or it is malformed. Read as POSIX microseconds, like ST
// 0601 item 2.
std::optional<Instant> ReadMispTime(std::string_view access_unit);

}  // namespace trucewatch
