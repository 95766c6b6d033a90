// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/bus/log.h"
#include "core/config/mission_config.h"
#include "tools/trucewatch/mission_page.h"
#include "tools/trucewatch/mission_record.h"

namespace trucewatch::tools {

// For each verified event, the video picture nearest to the time it was verified, with the boxes of
// what moved in it; none where no video supports it. Reads the video segments from ingest's log.
Result<std::vector<PagePicture>> EventPictures(const MissionFile& mission,
                                               const MissionRecord& record, LogReader& ingest);

}  // namespace trucewatch::tools
