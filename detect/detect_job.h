// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/geo/terrain.h"
#include "core/process/job_server.h"
#include "core/storage/storage.h"
#include "detect/appearance/image_detector.h"
#include "detect/motion/motion_detector.h"
#include "trucewatch/v1/config/mission.pb.h"
#include "trucewatch/v1/detect_worker.pb.h"

namespace trucewatch {

// What looking at segments and scenes takes besides their bytes.
struct DetectTools {
  v1::config::DetectConfig config;                         // validated
  std::unique_ptr<const Terrain> terrain;                  // of the mission
  std::unique_ptr<const appearance::ImageDetector> looks;  // of config.appearance; null: none
};

// The images of a job's scenes: of `scene`, then of `earlier`.
using SceneFiles = std::vector<std::shared_ptr<const File>>;

// Looks at one segment, or one scene. What is wrong with the input is in the result. Pure function
// of its arguments; may run on several jobs in parallel.
v1::DetectJobResult DoDetectJob(const v1::DetectJob& job, const SceneFiles& files,
                                const DetectTools& tools);

MotionCounts CountsFrom(const v1::DetectCounts& message);

// The same for a job server: from a serialised DetectJob to a serialised DetectJobResult; images
// are read by questions that AnswerFileQuestion answers on the other side.
JobHandler DetectJobHandler(DetectTools tools);
// Empty when the question is none, or asks for what is not there. Fails with what a file fails
// with.
Result<std::string> AnswerFileQuestion(const SceneFiles& files, const std::string& question);

}  // namespace trucewatch
