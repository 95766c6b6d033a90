// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gdal_priv.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/raster/internal/file_door.h"
#include "core/raster/internal/hardened_gdal.h"
#include "core/raster/internal/placement.h"
#include "core/raster/internal/samples.h"
#include "core/raster/scene_reader.h"

namespace trucewatch {

struct SceneReader::Impl {
  // In this order: what is below uses what is above.
  std::unique_ptr<internal::FileDoor> door;
  GDALDatasetUniquePtr dataset;
  std::unique_ptr<internal::Placement> placement;
  SceneInfo info;
  std::mutex mutex;  // neither a dataset nor a transformation may be used by two threads at once

  ~Impl() {
    // Closing decodes nothing, but must not look for sidecars either.
    const internal::HardenedGdal hardened;
    placement.reset();
    dataset.reset();
  }

  // The caller holds the mutex and HardenedGdal. `request` has been checked.
  Result<void> Read(const ReadRequest& request, std::span<float> values,
                    std::span<std::uint8_t> valid) const;
};

}  // namespace trucewatch
