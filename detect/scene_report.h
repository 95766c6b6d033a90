// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/storage/storage.h"
#include "core/time/instant.h"

namespace trucewatch {

struct SceneReport {
  std::string line;  // JSON, as docs/formats/detect.md has it
  std::size_t detections = 0;
  std::string degraded;  // empty: a good look
};

// Detection alone on one satellite image (GeoTIFF, JPEG 2000, NITF), which must have a place on
// earth, for `trucewatch detect`. `file`: as the line names it. `time`: acquisition, when the
// caller knows it. Fails as SceneReader::Open.
Result<SceneReport> ReportScene(const std::string& file, std::shared_ptr<const File> bytes,
                                std::optional<Instant> time, double min_score);

}  // namespace trucewatch
