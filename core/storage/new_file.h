// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace trucewatch {

// Writes a key or the like to a file that must not exist yet, durable when it returns. Not through
// Storage: the mode must be right before the first byte is in the file. kBadInput when it is there.
Result<void> WriteNewFile(const std::string& path, std::string_view text, mode_t mode);

}  // namespace trucewatch
