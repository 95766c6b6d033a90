// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/scene_builder.h"

#include <algorithm>
#include <cmath>

#include "ingest/satellite/internal/scene_parts.h"
#include "ingest/satellite/stac.h"

namespace trucewatch {
namespace internal {

namespace {
constexpr double kEarthRadiusM = 6'371'000, kOrbitHeightM = 600'000;

double Radians(double degrees) { return degrees * M_PI / 180; }
}  // namespace

Result<std::unique_ptr<SceneReader>> OpenRaster(const SceneFile& file, SceneOptions options) {
  TW_ASSIGN_OR_RETURN(std::shared_ptr<const File> bytes, file.raster->Read());
  options.name = file.name;
  return SceneReader::Open(std::move(bytes), std::move(options));
}

Scene StartScene(const std::string& item, const std::vector<SceneFile>& files,
                 const SceneContext& context, Modality modality) {
  Scene scene;
  scene.source = context.source;
  scene.lineage = context.lineage;
  scene.lineage.modality = modality;
  scene.item = item;
  scene.exercise = item.rfind("EXERCISE", 0) == 0;
  for (const SceneFile& file : files) {
    if (file.raster == nullptr) {
      scene.inputs.push_back({file.name, file.role, file.sha256, file.size});
    }
  }
  return scene;
}

void SetView(const StacView& view, double height_sigma_m, Scene& scene) {
  scene.view_known = view.incidence_deg.has_value() || view.off_nadir_deg.has_value();
  if (!scene.view_known) {
    const double wider = height_sigma_m * std::tan(Radians(kUnknownViewDeg));
    scene.position_sigma_m = std::hypot(scene.position_sigma_m, wider);
    scene.remarks.push_back(
        fmt::format("view geometry not stated: taken as nadir, places wider by {:.1f} m", wider));
    return;
  }
  // The one from the other, from an orbit of usual height.
  const double ratio = (kEarthRadiusM + kOrbitHeightM) / kEarthRadiusM;
  scene.view_incidence_deg = view.incidence_deg.value_or(0);
  scene.view_off_nadir_deg = view.off_nadir_deg.value_or(0);
  if (!view.incidence_deg) {
    const double sine = std::min(1.0, ratio * std::sin(Radians(scene.view_off_nadir_deg)));
    scene.view_incidence_deg = std::asin(sine) * 180 / M_PI;
  } else if (!view.off_nadir_deg) {
    scene.view_off_nadir_deg =
        std::asin(std::sin(Radians(scene.view_incidence_deg)) / ratio) * 180 / M_PI;
  }
  scene.view_azimuth_deg = view.azimuth_deg.value_or(0);
  const double slope = std::tan(Radians(std::min(scene.view_incidence_deg, 80.0)));
  scene.position_sigma_m = std::hypot(scene.position_sigma_m, height_sigma_m * slope);
}

}  // namespace internal

namespace {

using internal::BandStack;
using internal::OpenRaster;
using internal::PixelCounts;

// STAC says from the ground point below the sensor to the scene; a scene says the way back.
StacView ViewOf(const StacItem& item) {
  StacView view = item.view;
  if (view.azimuth_deg) view.azimuth_deg = std::fmod(*view.azimuth_deg + 180, 360);
  return view;
}

Result<std::optional<StacItem>> ItemOf(const std::string& name, const SceneFile* file) {
  if (file == nullptr) return std::optional<StacItem>();
  TW_ASSIGN_OR_RETURN(StacNode node, ParseStac(file->text, kSceneItemName));
  if (!node.item) return Fail(ErrorCode::kBadInput, "item.json is no STAC item");
  if (node.item->id != name) {
    return Fail(ErrorCode::kBadInput, "item.json has the id {}", node.item->id);
  }
  return std::optional<StacItem>(std::move(node.item));
}

// Fails when a file is not the one its item speaks of.
Result<void> CheckAgainstItem(const SceneFile& file, const StacItem& item, int& unchecked) {
  std::vector<StacRaster> all = item.rasters;
  all.insert(all.end(), item.inputs.begin(), item.inputs.end());
  if (item.mask) all.push_back(*item.mask);
  const auto asset = std::find_if(all.begin(), all.end(),
                                  [&](const StacRaster& a) { return a.href == file.name; });
  if (asset == all.end()) {
    return Fail(ErrorCode::kBadInput, "{} is none of the item's assets", file.name);
  }
  if (asset->size_bytes && *asset->size_bytes != file.size) {
    return Fail(ErrorCode::kBadInput, "{} has {} bytes, but file:size says {}", file.name,
                file.size, *asset->size_bytes);
  }
  if (asset->sha256 && *asset->sha256 != file.sha256) {
    return Fail(ErrorCode::kBadInput, "{} has SHA-256 {}, but file:checksum says {}", file.name,
                HexEncode(file.sha256), HexEncode(*asset->sha256));
  }
  unchecked += asset->other_checksum ? 1 : 0;
  return {};
}

// Share of pixels without a value, from up to 8 x 8 windows of 64 pixels: exact up to 512 pixels a
// side. Also shows damage that the head of the file does not.
Result<double> NodataFraction(const SceneReader& reader) {
  constexpr int kWindows = 8, kSide = 64;
  const SceneInfo& info = reader.info();
  std::uint64_t all = 0;
  std::uint64_t nodata = 0;
  const auto starts = [&](int size) {
    std::vector<int> at;
    const int count = std::min(kWindows, (size + kSide - 1) / kSide);
    for (int i = 0; i < count; ++i) {
      at.push_back(size <= kWindows * kSide
                       ? i * kSide
                       : static_cast<int>(std::int64_t{size - kSide} * i / (count - 1)));
    }
    return at;
  };
  for (const int y : starts(info.height_px)) {
    for (const int x : starts(info.width_px)) {
      const PixelWindow window{x, y, std::min(kSide, info.width_px - x),
                               std::min(kSide, info.height_px - y)};
      TW_ASSIGN_OR_RETURN(const GreyPlane plane, reader.ReadGrey(window));
      all += plane.valid.size();
      nodata += static_cast<std::uint64_t>(
          std::count(plane.valid.begin(), plane.valid.end(), std::uint8_t{0}));
    }
  }
  return static_cast<double>(nodata) / static_cast<double>(all);
}

// Acquisition: STAC, then configured, then what the file says.
Result<void> SetTime(const std::optional<StacItem>& item, const SceneContext& context,
                     const SceneInfo& info, const std::string& name, Scene& scene) {
  if (item && item->time) {
    scene.time = *item->time;
    scene.time_source = "STAC";
  } else if (context.time) {
    scene.time = *context.time;
    scene.time_source = "configured";
  } else if (info.time) {
    scene.time = *info.time;
    scene.time_source = info.time_from;
  } else if (item) {
    return Fail(ErrorCode::kBadInput, "no acquisition time: neither datetime nor start_datetime");
  } else {
    return Fail(
        ErrorCode::kBadInput,
        "{}: no acquisition time: it has no DateTime tag (306) and no STAC item, and none is "
        "configured",
        name);
  }
  return {};
}

void TakeItemFacts(const StacItem& item, Scene& scene) {
  scene.exercise = item.exercise;
  scene.sun_azimuth_deg = item.sun_azimuth_deg;
  scene.sun_elevation_deg = item.sun_elevation_deg;
  if (item.cloud_percent >= 0) scene.cloud_fraction = item.cloud_percent / 100;
  if (scene.lineage.platform.empty()) scene.lineage.platform = item.platform;
  scene.product = item.platform;
  if (item.sar) {
    scene.lineage.modality = Modality::kSatelliteSar;
    scene.product += " " + item.sar->mode + " " + item.sar->product_type;
    for (const std::string& p : item.sar->polarizations) scene.product += " " + p;
  }
  if (!item.orbit_state.empty()) {
    scene.product += fmt::format(" {}, relative orbit {}", item.orbit_state, item.relative_orbit);
  }
}

// One image that stays as it is.
Result<void> KeepImage(SceneFile& file, const SceneReader& reader, Scene& scene) {
  const SceneInfo& info = reader.info();
  scene.sha256 = file.sha256;
  scene.size_bytes = file.size;
  scene.width_px = info.width_px;
  scene.height_px = info.height_px;
  scene.bands = info.bands;
  scene.resolution_m = info.resolution_m;
  scene.footprint = info.footprint;
  TW_ASSIGN_OR_RETURN(scene.nodata_fraction, NodataFraction(reader));
  return file.raster->Commit(file.sha256);
}

// Why images and mask cannot be put on one grid; empty: they can.
std::string StackProblem(const std::vector<std::unique_ptr<SceneReader>>& readers,
                         const SceneReader* mask) {
  const SceneInfo& first = readers.front()->info();
  if (!first.to_map || first.epsg == 0 || (*first.to_map)[2] != 0 || (*first.to_map)[4] != 0 ||
      (*first.to_map)[1] != -(*first.to_map)[5]) {
    return "no north-up grid of square pixels with an EPSG code";
  }
  for (const auto& reader : readers) {
    const SceneInfo& info = reader->info();
    if (info.width_px != first.width_px || info.height_px != first.height_px ||
        info.epsg != first.epsg || info.to_map != first.to_map) {
      return "its bands do not lie on the same grid";
    }
  }
  if (mask == nullptr) return "";
  const int step = std::max(1, first.width_px / std::max(1, mask->info().width_px));
  const bool fits = step <= 6 && mask->info().width_px * step == first.width_px &&
                    mask->info().height_px * step == first.height_px;
  return fits ? "" : "a mask of another size";
}

// Several images, or one with a mask, become one raster of values.
Result<void> StackImages(const std::vector<std::unique_ptr<SceneReader>>& readers,
                         const std::vector<StacRaster>& assets, const SceneReader* mask,
                         const StacItem& item, const SceneContext& context, Scene& scene) {
  const SceneInfo& first = readers.front()->info();
  BandStack stack;
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const SceneInfo& info = readers[i]->info();
    stack.bands.push_back(readers[i].get());
    const auto bands = static_cast<std::size_t>(readers.size() == 1 ? info.bands : 1);
    for (std::size_t b = 0; b < bands; ++b) {
      stack.meaning.push_back(b < assets[i].bands.size() ? assets[i].bands[b] : StacBand());
    }
  }
  stack.mask = mask;
  stack.mask_is_scl = item.mask_is_scl;
  stack.dilation_px = item.mask_is_scl ? context.cloud_dilation_px : 0;
  if (stack.meaning[0].nodata) stack.nodata = *stack.meaning[0].nodata;
  TiledTiffSpec spec;
  spec.width_px = first.width_px;
  spec.height_px = first.height_px;
  spec.epsg = first.epsg;
  spec.west_m = (*first.to_map)[0];
  spec.north_m = (*first.to_map)[3];
  spec.pixel_m = (*first.to_map)[1];
  TW_ASSIGN_OR_RETURN(const PixelCounts counts,
                      internal::WriteStack(stack, spec, *context.store, scene));
  const auto all = static_cast<double>(counts.all);
  scene.nodata_fraction = static_cast<double>(counts.nodata) / all;
  if (mask != nullptr && item.mask_is_scl) {
    scene.cloud_fraction = static_cast<double>(counts.cloud) / all;
  }
  scene.calibration = "values as the STAC item scales them";
  return {};
}

Result<BuiltScene> BuildFromImages(const std::string& name, std::vector<SceneFile>& files,
                                   const SceneContext& context) {
  BuiltScene built;
  TW_ASSIGN_OR_RETURN(const std::optional<StacItem> item,
                      ItemOf(name, FindFile(files, scene_role::kItem)));
  Scene& scene = built.scene;
  scene = internal::StartScene(name, files, context, Modality::kSatelliteOptical);
  SceneOptions options;
  options.terrain = context.terrain;
  if (const SceneFile* rpc = FindFile(files, scene_role::kRpc)) options.rpc_text = rpc->text;
  std::vector<std::unique_ptr<SceneReader>> readers;
  std::vector<StacRaster> assets;
  std::unique_ptr<SceneReader> mask;
  std::vector<SceneFile*> images;
  for (SceneFile& file : files) {
    if (item && file.role != scene_role::kItem) {
      TW_RETURN_IF_ERROR(CheckAgainstItem(file, *item, built.unchecked_checksums));
    }
    if (file.role == scene_role::kImage) {
      TW_ASSIGN_OR_RETURN(auto reader, OpenRaster(file, options));
      readers.push_back(std::move(reader));
      images.push_back(&file);
      if (item) {
        assets.push_back(*std::find_if(item->rasters.begin(), item->rasters.end(),
                                       [&](const StacRaster& a) { return a.href == file.name; }));
      }
    } else if (file.role == scene_role::kMask) {
      SceneOptions unplaced;
      unplaced.placed = false;
      TW_ASSIGN_OR_RETURN(mask, OpenRaster(file, unplaced));
    }
  }
  if (readers.empty()) {
    return Fail(ErrorCode::kBadInput, "no GeoTIFF asset with the role data or visual came with it");
  }
  const SceneInfo& info = readers.front()->info();
  TW_RETURN_IF_ERROR(SetTime(item, context, info, images[0]->name, scene));
  if (item) TakeItemFacts(*item, scene);
  if (info.complex) {
    scene.lineage.modality = Modality::kSatelliteSar;
    scene.calibration = "intensity of complex samples, not calibrated";
  }
  scene.georeference = info.placement == ScenePlacement::kSensorModel ? "RPC" : "map";
  scene.position_sigma_m = context.position_sigma_m;
  if (info.placement == ScenePlacement::kSensorModel) {
    // Its own error terms hold the height's error under the model's own view.
    scene.position_sigma_m = std::hypot(scene.position_sigma_m, info.position_sigma_m);
    StacView view;
    view.incidence_deg = info.view.incidence_deg;
    view.azimuth_deg = info.view.azimuth_deg;
    internal::SetView(view, 0, scene);
  } else {
    const double height_sigma_m =
        context.terrain != nullptr ? context.terrain->SigmaM() : kHeightSigmaM;
    internal::SetView(item ? ViewOf(*item) : StacView(), height_sigma_m, scene);
  }
  const std::string problem = StackProblem(readers, mask.get());
  if (images.size() == 1 && mask != nullptr && !problem.empty()) {
    scene.remarks.push_back(fmt::format("what hides the ground is not masked: {}", problem));
    mask.reset();
  }
  if (images.size() == 1 && mask == nullptr) {
    TW_RETURN_IF_ERROR(KeepImage(*images[0], *readers[0], scene));
    return built;
  }
  if (!item) return Fail(ErrorCode::kBadInput, "several images without a STAC item");
  if (!problem.empty()) return Fail(ErrorCode::kBadInput, "{}", problem);
  for (const SceneFile& file : files) {
    if (file.raster != nullptr) {
      scene.inputs.push_back({file.name, file.role, file.sha256, file.size});
    }
  }
  TW_RETURN_IF_ERROR(StackImages(readers, assets, mask.get(), *item, context, scene));
  return built;
}

}  // namespace

Result<BuiltScene> BuildScene(const std::string& item, std::vector<SceneFile>& files,
                              const SceneContext& context) {
  const auto build = [&]() -> Result<BuiltScene> {
    if (FindFile(files, scene_role::kManifest) != nullptr) {
      return internal::BuildSentinel1(item, files, context);
    }
    if (FindFile(files, scene_role::kProduct) != nullptr) {
      return internal::BuildSentinel2(item, files, context);
    }
    return BuildFromImages(item, files, context);
  };
  TW_ASSIGN_OR_RETURN(BuiltScene built, build());
  for (const SceneFile& file : files) {
    if (file.raster == nullptr)
      TW_RETURN_IF_ERROR(context.store->Put(file.sha256, AsBytes(file.text)));
  }
  return built;
}

}  // namespace trucewatch
