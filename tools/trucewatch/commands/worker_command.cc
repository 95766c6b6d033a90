// SPDX-License-Identifier: Apache-2.0
#include "core/process/job_server.h"
#include "core/raster/scene_reader.h"
#include "detect/detect_job.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/file_workers.h"
#include "tools/trucewatch/stage_factory.h"

namespace trucewatch::tools {

Result<int> RunWorkerCommand() {
  UseOneThread();
  TW_RETURN_IF_ERROR(RunJobServer([](const std::string& setup) -> Result<JobServerParts> {
    v1::DetectWorkerSetup message;
    if (!message.ParseFromString(setup)) {
      return Fail(ErrorCode::kUsage, "no set-up of a worker came; run, replay and detect start it");
    }
    JobServerParts parts;
    if (message.for_files()) {
      TW_ASSIGN_OR_RETURN(parts.handler, MakeFileJobHandler(std::move(message)));
    } else {
      TW_ASSIGN_OR_RETURN(DetectTools tools, MakeDetectTools(std::move(message)));
      parts.handler = DetectJobHandler(std::move(tools));
    }
    parts.readable = SceneReader::Prepare();
    return parts;
  }));
  return 0;
}

}  // namespace trucewatch::tools
