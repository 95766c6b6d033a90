// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/types/observation.h"
#include "tests/detect/motion/scene.h"

namespace trucewatch::testing {

// The scene as a segment of real H.264, with its true poses.
VideoSegment Encode(const Scene& scene);

}  // namespace trucewatch::testing
