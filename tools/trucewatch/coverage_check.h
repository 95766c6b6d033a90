// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/storage/storage.h"
#include "verify/coverage/archive/coverage_reader.h"

namespace trucewatch::tools {

// Where a run keeps its coverage archive: RUN/coverage or RUN/state/coverage. kNotFound, with what
// to do, when neither is there.
Result<std::string> CoverageFolderOf(Storage& storage, const std::string& run);

// Holds every period of the archive against the SHA-256 that the ledger's account of it names, and
// says what fits; 4 when a period is missing, differs or is in no account.
Result<int> CheckCoverage(Storage& storage, const std::string& run, const CoverageReader& reader);

}  // namespace trucewatch::tools
