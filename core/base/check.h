// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace trucewatch {

// Logs file, line and text to stderr and aborts. The supervisor restarts the process.
[[noreturn]] void CheckFailed(const char* file, int line, const char* text);

}  // namespace trucewatch

// For programmer mistakes only; never reachable from input data. Always on.
#define TW_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::trucewatch::CheckFailed(__FILE__, __LINE__, #condition))
