// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/geo/camera.h"
#include "core/geo/terrain.h"
#include "core/types/observation.h"
#include "ingest/video/metadata_reader.h"

namespace trucewatch {

// What stands for the looks of one source; `terrain` outlives them.
struct VmtiOptions {
  SourceId source;
  Lineage
      lineage;  // of the video; the look's names its detector and that it derives from the sensor
  const Terrain* terrain = nullptr;
  double detection_probability = 0;  // of one moving vehicle; 0: an empty set proves nothing
  double false_alarms_per_km2 = 0;
};

// Where the camera was at the time of the set, for the picture the pixels are counted in.
struct VmtiCamera {
  CameraPose pose;  // width_px and height_px: of the video
  CameraPoseSigma sigma;
};

// What a set became, and what was kept back.
struct VmtiLook {
  ObservationSet look;
  int persons = 0;   // a single person is never reported
  int others = 0;    // animals, aircraft, vessels
  int unseen = 0;    // inactive, dropped or coasted (item 23): nothing was seen there
  int unplaced = 0;  // without a position, with one far outside the picture, or of unknown error
  int beyond = 0;    // more than kMaxVmtiTargets
};
inline constexpr std::size_t kMaxVmtiTargets = 1000;

// A look of the platform's own detector (MISB ST 0903). A target's place: location pack (item 17);
// else offset from the frame centre (10, 11); else its pixel (1, 19, 20) through the pose to the
// ground. Its covariance: the sigmas given, never smaller than the pose allows at that place in any
// direction; without sigmas what the pose allows. Classes: unknown vehicle, or what the ontology
// says (VObject, items 102, 107).
VmtiLook LookFromVmti(const MetadataReader::Targets& targets,
                      const std::optional<VmtiCamera>& camera, const VmtiOptions& options);

// What a word of an ontology is to us.
enum class VmtiKind { kVehicle, kPerson, kOther };
struct VmtiClass {
  VmtiKind kind = VmtiKind::kVehicle;
  ObjectClass object_class = ObjectClass::kUnknownVehicle;
};
VmtiClass ClassFromWords(const std::vector<std::string>& words);

}  // namespace trucewatch
