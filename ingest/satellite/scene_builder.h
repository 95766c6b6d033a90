// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/geo/terrain.h"
#include "core/storage/blob_store.h"
#include "core/types/observation.h"
#include "ingest/satellite/scene_assembly.h"

namespace trucewatch {

// What a source's config says of its scenes. What the pointers name outlives the call.
struct SceneContext {
  SourceId source;
  Lineage lineage;  // modality: set by the scene
  double position_sigma_m =
      0;  // 1-sigma of the georeference; on top of it comes what the view adds
  std::optional<Instant> time;       // acquisition where neither product nor STAC item says one
  int border_margin_px = 3;          // Sentinel-1: masked around DN 0
  int cloud_dilation_px = 2;         // masked around clouds, pixels of the classification
  const Terrain* terrain = nullptr;  // null: heights are not known
  BlobStore* store = nullptr;
};

struct BuiltScene {
  Scene scene;
  int unchecked_checksums = 0;  // of a kind that is not checked
};

// Makes a scene of its files: a STAC item and its images, a lone image, a Sentinel-1 GRD or a
// Sentinel-2 level 2A product. Its raster, and its texts under their own digests, are in the store
// when it returns. One image without a mask stays the file that it was; everything else becomes a
// GeoTIFF that holds physical values (TiledTiffSpec) and nodata where nothing was measured or
// clouds hide the ground. Time and ground sample distance must be known. Not set: raw_digests.
// kBadInput: the scene is refused for that reason; other codes: the store failed.
// Determinism: depends on the files and the context alone.
Result<BuiltScene> BuildScene(const std::string& item, std::vector<SceneFile>& files,
                              const SceneContext& context);

}  // namespace trucewatch
