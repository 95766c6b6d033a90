// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/raster/vector_writer.h"
#include "tools/trucewatch/mission_record.h"

namespace trucewatch::tools {

// A mission's record as layers of a map (docs/formats/export.md): zones, corridors, events (every
// transition), tracks of vehicles, groups seen as a whole, looks (thinned), coverage, human records
// and cases, notified and permitted movements. Always the same layers in the same order, empty ones
// too. Features without a place or with too few points are left out.
std::vector<VectorLayer> ExportLayers(const MissionRecord& record);

}  // namespace trucewatch::tools
