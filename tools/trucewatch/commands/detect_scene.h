// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/time/instant.h"

namespace trucewatch::tools {

struct SceneLook {
  std::string line;  // JSON, as docs/formats/detect.md has it
  std::size_t detections = 0;
  std::string degraded;  // empty: a good look
};

// Detection alone on one satellite image (GeoTIFF, JPEG 2000, NITF), which must have a place on
// earth. `time`: acquisition, when the caller knows it.
Result<SceneLook> DetectScene(const std::string& file, std::optional<Instant> time,
                              double min_score);

}  // namespace trucewatch::tools
