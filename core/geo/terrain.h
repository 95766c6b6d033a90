// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/geo/geodetic.h"

namespace trucewatch {

// Height of the ground. Implementations: FlatTerrain here, a DEM raster in core/raster.
// Threads: const calls from any thread.
class Terrain {
 public:
  virtual ~Terrain() = default;
  // Ground height above the ellipsoid, or nothing where the model has no value.
  virtual std::optional<double> HeightHaeM(Angle latitude, Angle longitude) const = 0;
  // Highest ground of the whole model: where a ray-march may start.
  virtual double MaxHeightHaeM() const = 0;
  // 1-sigma error of the heights, and the horizontal size of a cell (0 when there are none).
  virtual double SigmaM() const = 0;
  virtual double CellM() const = 0;
};

class FlatTerrain final : public Terrain {
 public:
  FlatTerrain(double height_hae_m, double sigma_m)
      : height_hae_m_(height_hae_m), sigma_m_(sigma_m) {}
  std::optional<double> HeightHaeM(Angle, Angle) const override { return height_hae_m_; }
  double MaxHeightHaeM() const override { return height_hae_m_; }
  double SigmaM() const override { return sigma_m_; }
  double CellM() const override { return 0.0; }

 private:
  double height_hae_m_;
  double sigma_m_;
};

}  // namespace trucewatch
