// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/geo/geodetic.h"
#include "fusion/track_csv.h"

namespace trucewatch::tools {

// What the radars of a recording saw, ready for the tracker.
struct RadarLooks {
  std::vector<ReceivedLook> looks;  // in order of receive time
  Geodetic origin;                  // of the plane: the mission's, or where the first dwell looked
  std::size_t refused = 0;          // damaged stretches, dwells and plots that could not be used
};

// `path`: a STANAG 4607 file, an ASTERIX file with `site`, or a mission (folder or config) of which
// the radar sources are read. kUsage when ASTERIX has no site, or a mission no radar; kBadInput
// when the file is something else.
Result<RadarLooks> ReadRadarLooks(const std::string& path, const std::optional<Geodetic>& site);

}  // namespace trucewatch::tools
