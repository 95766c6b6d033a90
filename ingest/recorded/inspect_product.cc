// SPDX-License-Identifier: Apache-2.0
#include "ingest/recorded/inspect_product.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/crypto/sha256.h"
#include "core/json/json_writer.h"
#include "ingest/recorded/internal/scene_delivery.h"
#include "ingest/satellite/scene_chunk.h"
#include "ingest/satellite/sentinel1.h"
#include "ingest/satellite/sentinel1_calibration.h"
#include "ingest/satellite/sentinel2.h"

namespace trucewatch {
namespace {

using internal::Delivery;
using internal::SceneSender;

// What is read of a product: its texts whole, of rasters the size and digest.
struct FileSeen {
  std::string name, role, sha256;
  std::uint64_t size = 0;
};
struct ProductSeen {
  std::vector<FileSeen> files;
  std::map<std::string, std::string> texts;  // by role
  std::string error;                         // the first thing that is wrong
};

Result<ProductSeen> ReadProduct(Storage& storage, const Delivery& delivery) {
  ProductSeen seen;
  SceneSender sender(storage, delivery);
  while (true) {
    TW_ASSIGN_OR_RETURN(const auto chunk, sender.Next());
    if (!chunk) return seen;
    if (chunk->role() == scene_role::kReason) {
      seen.error = chunk->data();
      continue;
    }
    if (chunk->offset() == 0) {
      seen.files.push_back({chunk->name(), chunk->role(), HexEncode(AsBytes(chunk->file_sha256())),
                            chunk->file_size()});
    }
    const bool raster = chunk->role() == scene_role::kImage || chunk->role() == scene_role::kMask;
    if (!raster && chunk->file_size() <= kMaxSceneTextBytes) {
      seen.texts[chunk->role()] += chunk->data();
    }
  }
}

template <typename T>
void KeepError(const Result<T>& result, ProductSeen& seen) {
  if (!result && seen.error.empty()) seen.error = result.error().message;
}

void WriteSentinel1(ProductSeen& seen, JsonWriter& json) {
  const auto manifest = ParseSentinel1Manifest(seen.texts[scene_role::kManifest], "manifest.safe");
  KeepError(manifest, seen);
  if (manifest) {
    json.Field("platform", manifest->platform).Field("mode", manifest->mode);
    json.Field("product_type", manifest->product_type).Field("processor", manifest->processor);
    json.Field("start_utc", FormatUtc(manifest->start));
    json.Field("stop_utc", FormatUtc(manifest->stop));
    json.Field("pass", manifest->pass).Field("absolute_orbit", manifest->absolute_orbit);
    json.Field("relative_orbit", manifest->relative_orbit);
    json.Key("polarisations").BeginArray();
    for (const std::string& p : manifest->polarisations) json.String(p);
    json.EndArray();
  }
  if (seen.texts.contains(scene_role::kAnnotation)) {
    const auto annotation =
        ParseSentinel1Annotation(seen.texts[scene_role::kAnnotation], "annotation");
    KeepError(annotation, seen);
    if (annotation) {
      json.Field("polarisation_used", annotation->polarisation);
      json.Field("width_px", annotation->samples).Field("height_px", annotation->lines);
      json.Field("range_spacing_m", annotation->range_spacing_m);
      json.Field("azimuth_spacing_m", annotation->azimuth_spacing_m);
      json.Field("incidence_deg", annotation->incidence_deg);
      json.Field("heading_deg", annotation->heading_deg);
      json.Field("geolocation_points", annotation->grid.size());
    }
  }
  if (seen.texts.contains(scene_role::kNoise)) {
    const auto calibration = Sentinel1Calibration::Parse(
        seen.texts[scene_role::kCalibration], seen.texts[scene_role::kNoise], "calibration");
    KeepError(calibration, seen);
    json.Field("calibration_ok", calibration.has_value());
  }
}

void WriteSentinel2(ProductSeen& seen, JsonWriter& json) {
  const auto product = ParseSentinel2Product(seen.texts[scene_role::kProduct], "MTD_MSIL2A.xml");
  KeepError(product, seen);
  if (product) {
    json.Field("platform", product->spacecraft).Field("baseline", product->baseline);
    json.Field("start_utc", FormatUtc(product->start)).Field("stop_utc", FormatUtc(product->stop));
    json.Field("pass", product->pass).Field("relative_orbit", product->relative_orbit);
    json.Field("quantification", product->quantification);
    json.Key("add_offset").BeginObject();
    for (const auto& [band, offset] : product->offsets) json.Field(band, offset);
    json.EndObject();
    json.Field("nodata", product->nodata).Field("saturated", product->saturated);
    if (product->cloud_percent >= 0) json.Field("cloud_cover_percent", product->cloud_percent);
  }
  if (seen.texts.contains(scene_role::kTile)) {
    const auto tile = ParseSentinel2Tile(seen.texts[scene_role::kTile], "MTD_TL.xml");
    KeepError(tile, seen);
    if (tile) {
      json.Field("tile", tile->id).Field("time_utc", FormatUtc(tile->time));
      json.Field("epsg", tile->epsg);
      json.Field("width_px", tile->width_px).Field("height_px", tile->height_px);
      json.Field("sun_elevation_deg", 90 - tile->sun_zenith_deg);
      json.Field("sun_azimuth_deg", tile->sun_azimuth_deg);
      json.Field("view_incidence_deg", tile->view_zenith_deg);
      json.Field("view_azimuth_deg", tile->view_azimuth_deg);
    }
  }
}

}  // namespace

Result<void> InspectProduct(const std::string& path, const EmitLine& emit) {
  const auto storage = MakePosixStorage();
  std::error_code error;
  const bool folder = std::filesystem::is_directory(path, error);
  const std::uintmax_t size = folder ? 0 : std::filesystem::file_size(path, error);
  if (error) return Fail(ErrorCode::kNotFound, "{}: cannot be read", path);
  TW_ASSIGN_OR_RETURN(const Delivery delivery,
                      folder ? internal::DeliverFolder(*storage, path, Instant())
                             : internal::DeliverArchive(*storage, path, Instant()));
  TW_ASSIGN_OR_RETURN(ProductSeen seen, ReadProduct(*storage, delivery));
  const bool second = seen.texts.contains(scene_role::kProduct);
  JsonWriter facts;
  facts.BeginObject();
  if (second) {
    WriteSentinel2(seen, facts);
  } else if (seen.texts.contains(scene_role::kManifest)) {
    WriteSentinel1(seen, facts);
  }
  facts.EndObject();
  std::uint64_t length = size;
  for (const FileSeen& file : seen.files) length += folder ? file.size : 0;
  JsonWriter json;
  json.BeginObject().Field("file", path).Field("offset", 0).Field("length", length);
  json.Field("format", second ? "sentinel2" : "sentinel1").Field("ok", seen.error.empty());
  if (!seen.error.empty()) json.Field("error", seen.error);
  json.Field("item", delivery.item);
  json.Key("files").BeginArray();
  for (const FileSeen& file : seen.files) {
    json.BeginObject().Field("name", file.name).Field("use", file.role);
    json.Field("size_bytes", file.size).Field("sha256", file.sha256).EndObject();
  }
  json.EndArray().EndObject();
  // The facts of the product follow in the same object.
  std::string line = json.text();
  if (facts.text().size() > 2) {
    line.pop_back();
    line += "," + facts.text().substr(1);
  }
  emit(line);
  return {};
}

}  // namespace trucewatch
