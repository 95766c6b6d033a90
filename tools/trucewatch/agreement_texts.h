// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/base/result.h"
#include "core/config/mission_config.h"
#include "verify/agreement/versions.h"

namespace trucewatch::tools {

// The versions of the agreement that the config names, in order; exact bytes.
Result<std::vector<AgreementFile>> ReadAgreementFiles(const MissionFile& mission);

}  // namespace trucewatch::tools
