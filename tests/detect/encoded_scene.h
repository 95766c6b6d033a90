// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "core/types/observation.h"
#include "tests/detect/motion/scene.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch::testing {

// The scene as a segment of real H.264, with its true poses.
VideoSegment Encode(const Scene& scene);

// What finds the vehicles of such scenes.
v1::config::DetectConfig SceneConfig(std::uint32_t threads);

}  // namespace trucewatch::testing
