// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <memory>
#include <optional>
#include <string>

#include "core/raster/scene_reader.h"

class GDALDataset;

namespace trucewatch::internal {

// Where the pixels of an image lie on the ground. Not thread-safe.
class Placement {
 public:
  virtual ~Placement() = default;
  virtual std::optional<Geodetic> Ground(const Eigen::Vector2d& pixel) const = 0;
  virtual std::optional<Eigen::Vector2d> Pixel(const Geodetic& place) const = 0;
};

// Finds the placement of an opened image and fills what SceneInfo says of it, also the reason when
// there is none (null). kBadInput only for a sensor model that was given and is not sound.
Result<std::unique_ptr<Placement>> PlaceImage(GDALDataset& image, const SceneOptions& options,
                                              SceneInfo& info);

}  // namespace trucewatch::internal
