// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/geo/terrain.h"

namespace trucewatch {

struct DemOptions {
  std::string path;      // GeoTIFF (WGS-84 degrees) or SRTM .hgt
  double sigma_m = 5.0;  // 1-sigma error of its heights
  double geoid_undulation_m =
      0.0;  // added to its heights (which are above the geoid) to get heights above the ellipsoid
};

// Loads a digital elevation model of at most 64 million cells into memory.
// Heights between cell centres are bilinear; a place with no-data in one of its four cells has no
// value. The file is untrusted: only the two drivers, only its own georeference, no sidecar, no
// virtual file system. Fails with kNotFound, or kBadInput with the reason.
Result<std::unique_ptr<Terrain>> LoadDem(const DemOptions& options);

}  // namespace trucewatch
