// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/config/mission_config.h"

namespace trucewatch::tools {

// Where a stage serves its log when stages run as processes of their own: what the config's bus { }
// says, relative paths below the state folder. kBadInput when it says nothing of this stage, or the
// path is too long for a socket.
Result<std::string> StageEndpoint(const MissionFile& mission, const std::string& state_directory,
                                  const std::string& stage);

}  // namespace trucewatch::tools
