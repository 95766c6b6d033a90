// SPDX-License-Identifier: Apache-2.0
#include "core/base/result.h"

namespace trucewatch {

int ExitCode(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUsage:
      return 2;
    case ErrorCode::kCheckFailed:
      return 4;
    default:
      return 3;
  }
}

}  // namespace trucewatch
