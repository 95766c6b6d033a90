// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <string>

#include "core/bus/log.h"
#include "core/storage/storage.h"

namespace trucewatch::tools {

// Writes the coverage archive of a run from verify's log, until the log is closed or a stop is
// asked for. It goes on where the archive ends.
Result<void> FollowCoverage(Storage& storage, LogReader& verify, const std::string& directory,
                            std::stop_token stop);

}  // namespace trucewatch::tools
