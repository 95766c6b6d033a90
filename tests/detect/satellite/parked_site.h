// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/types/observation.h"

namespace trucewatch::testing {

// A storage site as two passes see it: textured ground, a road, fields, bushes, sheds, and parked
// tracked vehicles of 7 x 3.4 m in two rows, each with its shadow.
struct SiteOptions {
  std::uint64_t seed = 1;
  int side_px = 640;
  double resolution_m = 0.5;
  int vehicles = 10;
  int missing = -1;  // which vehicle is gone
  double vehicle_grey = 75;
  double noise = 3;
  std::uint64_t noise_seed = 1;
  double gain = 1;
  Eigen::Vector2d shift_px = {0, 0};  // of the picture against its georeference
  double sun_azimuth_deg = 150, sun_elevation_deg = 45;
  double field_grey = 118;            // of a large field: what changes between seasons
  Eigen::Vector2d place_px = {0, 0};  // of the site's corner; 0: in the middle
  // Pixels without data (x, y, width, height), declared as such in the file.
  std::vector<std::array<int, 4>> without_data_px = {};
};

struct SiteScene {
  Scene scene;
  std::string bytes;               // GeoTIFF
  std::vector<Geodetic> vehicles;  // all, also the missing one
};

SiteScene RenderSite(const SiteOptions& options, const std::string& time_utc);

}  // namespace trucewatch::testing
