// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/geo/terrain.h"
#include "core/raster/scene_reader.h"
#include "core/types/observation.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch {

inline constexpr const char* kSatelliteModel = "satellite-1";

// A scene and its pixels.
struct ScenePass {
  const Scene* scene = nullptr;
  const SceneReader* pixels = nullptr;
};

// Share of `scene`'s footprint that `other` shows, 0..1. Footprints are convex.
double FootprintOverlap(const Scene& scene, const Scene& other);

// What stands in a scene, and what came and went since `earlier` (pixels null: there is no such
// pass). One look, also when nothing is there. The footprint is what both passes show when they
// were compared, else the scene, drawn in to what has data; holes in it lower the probability and
// make the look degraded ("partial: ..."). Detections are of the whole scene. Determinism: depends
// on the arguments alone. kBadInput when pixels are damaged or the footprint is out of all
// proportion.
Result<ObservationSet> LookAtScene(const ScenePass& now, const ScenePass& earlier,
                                   const v1::config::SatelliteDetectConfig& config,
                                   const Terrain& terrain);

// Vehicles that stand together: five or more, each within 60 m of another.
std::vector<GroupObservation> GroupStanding(const std::vector<Detection>& detections,
                                            double detection_probability);

}  // namespace trucewatch
