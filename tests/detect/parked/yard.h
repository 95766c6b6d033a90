// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "core/time/instant.h"
#include "detect/parked/parked_site.h"

namespace trucewatch::parked::testing {

struct YardLight {
  double gain = 1, offset = 0;
  double shadow_to_m = -1e9;  // west of it (metres east of the middle) the sun is away
};

// A paved yard of 40 m with painted lines and a kerb, drawn straight from above with things on it.
class Yard {
 public:
  explicit Yard(std::uint64_t seed);
  const GroundFrame& frame() const { return frame_; }
  // Vehicles at places east and north of the middle; `noise_seed`: of the look.
  GroundPicture Look(const std::vector<Eigen::Vector2d>& vehicles, std::uint64_t noise_seed,
                     const YardLight& light = {}) const;
  // The network sees them with this score.
  static std::vector<SeenVehicle> Seen(const std::vector<Eigen::Vector2d>& vehicles, double score);
  // Looks are 30 s apart.
  static Instant TimeOf(int look);

 private:
  GroundFrame frame_;
  std::vector<double> ground_;
};

}  // namespace trucewatch::parked::testing
