// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ingest/satellite/internal/scene_parts.h"
#include "ingest/satellite/sentinel2.h"

namespace trucewatch::internal {

Result<BuiltScene> BuildSentinel2(const std::string& item, std::vector<SceneFile>& files,
                                  const SceneContext& context) {
  const SceneFile* product_file = FindFile(files, scene_role::kProduct);
  const SceneFile* tile_file = FindFile(files, scene_role::kTile);
  if (product_file == nullptr || tile_file == nullptr) {
    return Fail(ErrorCode::kBadInput, "the product came without its {}",
                product_file == nullptr ? scene_role::kProduct : scene_role::kTile);
  }
  TW_ASSIGN_OR_RETURN(const Sentinel2Product product,
                      ParseSentinel2Product(product_file->text, product_file->name));
  TW_ASSIGN_OR_RETURN(const Sentinel2Tile tile,
                      ParseSentinel2Tile(tile_file->text, tile_file->name));
  Scene scene = StartScene(item, files, context, Modality::kSatelliteOptical);
  std::vector<std::unique_ptr<SceneReader>> readers;
  BandStack stack;
  const auto open = [&](const std::string& name, int width, int height) -> Result<void> {
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&](const SceneFile& f) { return f.name == name; });
    if (file == files.end() || file->raster == nullptr) {
      return Fail(ErrorCode::kBadInput, "the product came without {}", name);
    }
    scene.inputs.push_back({file->name, file->role, file->sha256, file->size});
    SceneOptions options;
    options.placed = false;
    TW_ASSIGN_OR_RETURN(auto reader, OpenRaster(*file, options));
    if (reader->info().width_px != width || reader->info().height_px != height) {
      return Fail(ErrorCode::kBadInput, "{}: {} x {} pixels; expected {} x {}", name,
                  reader->info().width_px, reader->info().height_px, width, height);
    }
    readers.push_back(std::move(reader));
    return {};
  };
  // Red, green, blue, near infrared.
  for (const auto& [band, colour] : {std::pair{"B04", "red"}, std::pair{"B03", "green"},
                                     std::pair{"B02", "blue"}, std::pair{"B08", "nir"}}) {
    TW_ASSIGN_OR_RETURN(const std::string name, Sentinel2Image(product, band, 10));
    TW_RETURN_IF_ERROR(open(name, tile.width_px, tile.height_px));
    stack.bands.push_back(readers.back().get());
    const auto offset = product.offsets.find(band);
    StacBand meaning;
    meaning.name = band;
    meaning.common_name = colour;
    meaning.scale = 1 / product.quantification;
    meaning.offset =
        (offset == product.offsets.end() ? 0 : offset->second) / product.quantification;
    stack.meaning.push_back(meaning);
  }
  TW_ASSIGN_OR_RETURN(const std::string classes, Sentinel2Image(product, "SCL", 20));
  TW_RETURN_IF_ERROR(open(classes, tile.width_px / 2, tile.height_px / 2));
  stack.mask = readers.back().get();
  stack.mask_is_scl = true;
  stack.dilation_px = context.cloud_dilation_px;
  stack.nodata = product.nodata;
  stack.saturated = product.saturated;
  stack.quantum = 1 / product.quantification;

  if (scene.lineage.platform.empty()) scene.lineage.platform = product.spacecraft;
  scene.time = tile.time;
  scene.time_source = "product";
  scene.georeference = "map";
  scene.sun_azimuth_deg = tile.sun_azimuth_deg;
  scene.sun_elevation_deg = 90 - tile.sun_zenith_deg;
  scene.calibration = fmt::format(
      "reflectance at the ground, (DN + offset) / {}, offset {} of red; clouds, their shadows and "
      "{} pixels of 20 m around them masked",
      product.quantification, product.offsets.contains("B04") ? product.offsets.at("B04") : 0,
      context.cloud_dilation_px);
  scene.product = fmt::format("{} Level-2A, baseline {}, {}, relative orbit {}", product.spacecraft,
                              product.baseline, product.pass, product.relative_orbit);
  StacView view;
  view.incidence_deg = tile.view_zenith_deg;
  view.azimuth_deg = tile.view_azimuth_deg;
  scene.position_sigma_m = context.position_sigma_m;
  SetView(view, kHeightSigmaM, scene);

  TiledTiffSpec spec;
  spec.width_px = tile.width_px;
  spec.height_px = tile.height_px;
  spec.epsg = tile.epsg;
  spec.west_m = tile.ulx_m;
  spec.north_m = tile.uly_m;
  spec.pixel_m = 10;
  spec.unit = "1";
  TW_ASSIGN_OR_RETURN(const PixelCounts counts, WriteStack(stack, spec, *context.store, scene));
  const auto all = static_cast<double>(counts.all);
  scene.nodata_fraction = static_cast<double>(counts.nodata) / all;
  scene.cloud_fraction = static_cast<double>(counts.cloud) / all;
  return BuiltScene{std::move(scene), 0};
}

}  // namespace trucewatch::internal
