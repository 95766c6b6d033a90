// SPDX-License-Identifier: Apache-2.0
#include "core/process/job_server.h"
#include "core/raster/scene_reader.h"
#include "detect/detect_job.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/stage_factory.h"

namespace trucewatch::tools {

Result<int> RunWorkerCommand() {
  TW_RETURN_IF_ERROR(RunJobServer([](const std::string& setup) -> Result<JobServerParts> {
    TW_ASSIGN_OR_RETURN(DetectTools tools, MakeDetectTools(setup));
    JobServerParts parts;
    parts.handler = DetectJobHandler(std::move(tools));
    parts.readable = SceneReader::Prepare();
    return parts;
  }));
  return 0;
}

}  // namespace trucewatch::tools
