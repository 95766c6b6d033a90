// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "core/types/observation.h"
#include "detect/satellite/vehicle_blobs.h"

namespace trucewatch {

// Where the sun stood; nothing is said when elevation is 0.
struct SunAngles {
  double azimuth_deg = 0, elevation_deg = 0;
  bool known() const { return elevation_deg > 0; }
  // Of something as high as a vehicle; 3 m when the sun is not known.
  double ShadowM() const;
  // Direction towards the sun in cells (y down); zero when it is not known.
  Eigen::Vector2d TowardsSun() const;
};

struct ChangeBlob {
  VehicleBlob blob;
  ChangeKind kind = ChangeKind::kUnspecified;
  double probability = 0;
  bool dark = false;  // the pass that has it shows it darker than the ground
};

// One tile as two passes show it, the earlier one already moved onto the later.
struct TilePair {
  LocalContrast later, earlier;
  cv::Mat1b valid;  // in both
  SunAngles later_sun, earlier_sun;
  double cell_m = 0;
  int window_cells = 0;
  double residual_cells = 1;  // 1-sigma by which the passes may still lie beside one another
};

// Vehicle-sized things that are in one pass and not in the other. The earlier pass is levelled to
// the later by gain; offsets and large areas cancel in the local contrast. What differs by less
// than the image moved by one cell can explain is no change. Shadows that wandered around a thing
// which still stands there, and ground that changed all around, are left out.
std::vector<ChangeBlob> FindSiteChanges(const TilePair& pair, const BlobLimits& limits);

}  // namespace trucewatch
