// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/geo/terrain.h"
#include "core/process/job_server.h"
#include "detect/appearance/image_detector.h"
#include "detect/channel_file.h"
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

// Looks at one segment, or one scene. `files`: the images of `scene`, then of `earlier`. What is
// wrong with the input is in the result. Pure function of its arguments; may run on several jobs in
// parallel.
v1::DetectJobResult DoDetectJob(const v1::DetectJob& job, const ServedFiles& files,
                                const DetectTools& tools);

MotionCounts CountsFrom(const v1::DetectCounts& message);

// For a program that will shut itself in: OpenCV starts no threads from now on. Before anything
// else of detection is called, networks are loaded included: they are run once.
void UseOneThread();

// The same for a job server: from a serialised DetectJob to a serialised DetectJobResult; images
// are channel files.
JobHandler DetectJobHandler(DetectTools tools);

}  // namespace trucewatch
