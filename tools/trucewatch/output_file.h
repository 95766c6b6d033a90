// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/storage/storage.h"

namespace trucewatch::tools {

// Writes what a user asked for with --out: after a crash it is the old or the new file. kUsage when
// the path is a folder or a device, which must not be replaced by a file.
Result<void> WriteOutputFile(Storage& storage, const std::string& path, Bytes bytes);

}  // namespace trucewatch::tools
