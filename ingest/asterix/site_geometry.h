// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "core/geo/geodetic.h"
#include "core/geo/terrain.h"
#include "trucewatch/v1/config/mission.pb.h"

namespace trucewatch::asterix {

// Where a slant range and an azimuth lie on the ground.
struct GroundPlace {
  Geodetic position;
  Eigen::Vector2d away_en;      // unit vector from the radar, east and north
  double ground_range_m = 0;    // in the radar's horizontal plane
  double slant_per_ground = 1;  // 1/cos of the grazing angle: d ground / d slant
  Eigen::Matrix2d cov_en_m2;
};

// The radar's site and what it looks at. Azimuths are clockwise from geographic north.
class SiteGeometry {
 public:
  // `terrain` outlives it; `ground_height_hae_m` stands where it has no value.
  SiteGeometry(const v1::config::RadarSite& site, const Terrain* terrain,
               double ground_height_hae_m);

  const Geodetic& site() const { return frame_.origin(); }
  // Inside range and sector, with three sigma of room.
  bool Covers(double slant_range_m, double azimuth_deg) const;
  // The place whose ground has this slant range; nothing when the ground below is farther away.
  // Covariance: sigmas of the site config, `range_step_m` (the count of the message, uniform) and
  // the terrain's height error. Earth curvature is in it; refraction is not.
  std::optional<GroundPlace> Place(double slant_range_m, double azimuth_deg,
                                   double range_step_m) const;
  // Sector between least and largest range, counter-clockwise; all round, the hole is left out of
  // account.
  std::vector<Geodetic> Footprint() const;
  double GroundHeightM(const Geodetic& at) const;

 private:
  Geodetic OnGround(double ground_range_m, double azimuth_rad) const;

  v1::config::RadarSite config_;
  LocalFrame frame_;
  const Terrain* terrain_;
  double ground_height_hae_m_;
};

}  // namespace trucewatch::asterix
