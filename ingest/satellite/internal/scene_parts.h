// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/raster/scene_reader.h"
#include "core/raster/tiled_tiff.h"
#include "ingest/satellite/scene_builder.h"
#include "ingest/satellite/stac.h"

// Parts of BuildScene.
namespace trucewatch::internal {

// 1-sigma of heights that are not known at all, where a radar image is laid on the ellipsoid.
inline constexpr double kUnknownHeightSigmaM = 30;

// A raster of the assembly, placed or not.
Result<std::unique_ptr<SceneReader>> OpenRaster(const SceneFile& file, SceneOptions options);

// Source, lineage, item, inputs.
Scene StartScene(const std::string& item, const std::vector<SceneFile>& files,
                 const SceneContext& context, Modality modality);

// Counts over a derived raster.
struct PixelCounts {
  std::uint64_t all = 0, nodata = 0, cloud = 0;
};

// Fills one tile (TiledTiffWriter::WriteTile) for the window at x, y and counts.
using FillTile =
    std::function<Result<void>(int x, int y, std::span<float> samples, PixelCounts& counts)>;

// Writes a derived raster into the store and sets what the scene says of it: digest, size, pixels,
// resolution, footprint.
Result<PixelCounts> WriteDerived(const TiledTiffSpec& spec, const FillTile& fill, BlobStore& store,
                                 Scene& scene);

// Where the view is known: its angles, and what an error of heights makes of them on the ground.
// Else nadir, wider, and a remark.
void SetView(const StacView& view, double height_sigma_m, Scene& scene);

Result<BuiltScene> BuildSentinel1(const std::string& item, std::vector<SceneFile>& files,
                                  const SceneContext& context);
Result<BuiltScene> BuildSentinel2(const std::string& item, std::vector<SceneFile>& files,
                                  const SceneContext& context);

// Several bands of one grid and what hides the ground in them.
struct BandStack {
  std::vector<const SceneReader*> bands;  // band 1 of each, or all of the only one
  std::vector<StacBand> meaning;          // scale and offset of each, names
  const SceneReader* mask = nullptr;      // null: none
  bool mask_is_scl = false;
  int dilation_px = 0;                // of the mask's pixels
  double nodata = 0, saturated = -1;  // samples that are no measurement; besides what the file says
  double quantum = 0;  // values are stored as multiples of it (16 bits); 0: as floats, unscaled
};
// Fails when the mask does not fit the grid. `spec` gives size and place; bands, type, scale and
// names are set here.
Result<PixelCounts> WriteStack(const BandStack& stack, TiledTiffSpec spec, BlobStore& store,
                               Scene& scene);

}  // namespace trucewatch::internal
