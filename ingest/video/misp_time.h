// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time/instant.h"

namespace trucewatch {

// Time stamp inside a coded picture (MISB ST 0603, ST 0604).
struct MispStamp {
  Instant time;  // read as POSIX microseconds, like ST 0601 item 2
  std::uint8_t status = 0;
  bool nanoseconds = false;  // the stamp's own unit; it is rounded down

  // ST 0603 time status: the clock behind it is locked to an absolute reference; it has jumped;
  // it has jumped backwards.
  bool locked() const { return (status & 0x80) == 0; }
  bool discontinuity() const { return (status & 0x40) != 0; }
  bool reverse() const { return discontinuity() && (status & 0x20) != 0; }
};

// Microseconds in a user data message that starts with "MISPmicrosectime" (H.264, MPEG-2) or the
// H.265 identifier, or nanoseconds with the H.265 one. Nothing when there is none or it is
// malformed.
std::optional<MispStamp> ReadMispTime(std::string_view access_unit);

}  // namespace trucewatch
