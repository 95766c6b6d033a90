// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/geo/camera.h"
#include "core/time/instant.h"
#include "tools/simulate/scenario.h"
#include "tools/simulate/world.h"

namespace trucewatch::simulate {

int FrameCount(const Scenario& scenario, int drone = 0);

// The ST 0601 packet that goes with a frame: what the drone believes about itself.
std::string MetadataPacket(const Scenario& scenario, const v1::config::DroneConfig& drone,
                           const CameraPose& pose, Instant time);

// Renders one drone's flight and writes it as an MPEG transport stream with synchronous KLV. Frames
// are rendered by `threads` workers and written in order by the caller's thread. Determinism: the
// bytes do not depend on the number of threads.
Result<void> RecordVideo(const Scenario& scenario, const World& world, int drone,
                         const std::string& path, unsigned threads,
                         const std::function<void(double fraction)>& progress);

}  // namespace trucewatch::simulate
