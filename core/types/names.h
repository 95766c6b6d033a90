// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/types/observation.h"

namespace trucewatch {

// Words of the machine-readable output (docs/formats); never changed, only added to.
const char* ObjectClassName(ObjectClass object_class);  // "vehicle", "truck", ...
const char* ModalityName(Modality modality);            // "video_rgb", "radar_gmti", ...
const char* HumanRecordKindName(HumanRecordKind kind);  // "observation", "allegation", ...

}  // namespace trucewatch
