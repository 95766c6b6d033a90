// SPDX-License-Identifier: Apache-2.0
#include "ingest/satellite/inspect_scene.h"

#include <algorithm>
#include <filesystem>

#include "core/crypto/sha256.h"
#include "core/json/json_writer.h"
#include "core/raster/scene_reader.h"
#include "core/storage/storage.h"
#include "ingest/satellite/stac.h"

namespace trucewatch {
namespace {

Result<std::string> ReadAll(const std::string& file, const ReadChunk& read, std::uint64_t max) {
  std::string bytes;
  while (true) {
    TW_ASSIGN_OR_RETURN(const std::string chunk, read(std::size_t{1} << 20));
    if (chunk.empty()) return bytes;
    if (bytes.size() + chunk.size() > max) {
      return Fail(ErrorCode::kBadInput, "{}: more than {} bytes", file, max);
    }
    bytes += chunk;
  }
}

JsonWriter StartLine(const std::string& file, std::size_t length, const char* format,
                     const std::string& error) {
  JsonWriter json;
  json.BeginObject().Field("file", file).Field("offset", 0).Field("length", length);
  json.Field("format", format).Field("ok", error.empty());
  if (!error.empty()) json.Field("error", error);
  return json;
}

void WriteBounds(const std::vector<Geodetic>& footprint, JsonWriter& json) {
  double west = 180, south = 90, east = -180, north = -90;
  for (const Geodetic& corner : footprint) {
    west = std::min(west, corner.longitude.deg());
    east = std::max(east, corner.longitude.deg());
    south = std::min(south, corner.latitude.deg());
    north = std::max(north, corner.latitude.deg());
  }
  json.Key("bounds").BeginArray();
  for (const double value : {west, south, east, north}) json.Number(value);
  json.EndArray();
}

struct FileFacts {
  std::uint64_t size = 0;
  Digest sha256{};
};

// Read in pieces: assets are as large as they like.
Result<FileFacts> HashFile(const std::string& path) {
  const auto storage = MakePosixStorage();
  TW_ASSIGN_OR_RETURN(const auto opened, storage->Open(path, /*create=*/false));
  FileFacts facts;
  TW_ASSIGN_OR_RETURN(facts.size, opened->Size());
  Sha256Stream hash;
  for (std::uint64_t at = 0; at < facts.size;) {
    const std::size_t count = std::min<std::uint64_t>(std::uint64_t{1} << 20, facts.size - at);
    TW_ASSIGN_OR_RETURN(const std::string bytes, opened->ReadAt(at, count));
    hash.Add(AsBytes(bytes));
    at += count;
  }
  facts.sha256 = hash.Finish();
  return facts;
}

// What is on disk under an asset's name, against what the item says about it.
void WriteAsset(const StacRaster& asset, const char* use, const std::string& folder,
                JsonWriter& json) {
  json.BeginObject().Field("key", asset.key).Field("href", asset.href).Field("use", use);
  const auto path = LocalStacPath("", asset.href);
  if (!path) {
    json.Field("present", false).Field("error", path.error().message).EndObject();
    return;
  }
  const auto facts = HashFile(folder + "/" + *path);
  json.Field("present", facts.has_value());
  if (facts) {
    json.Field("size_bytes", facts->size);
    if (asset.size_bytes) json.Field("size_ok", *asset.size_bytes == facts->size);
    if (asset.sha256) json.Field("checksum_ok", *asset.sha256 == facts->sha256);
    if (asset.other_checksum) json.Field("checksum", "not SHA-256, not checked");
  } else {
    json.Field("error", asset.href + ": there is no such file");
  }
  json.EndObject();
}

const char* PlacementName(ScenePlacement placement) {
  switch (placement) {
    case ScenePlacement::kMap:
      return "map";
    case ScenePlacement::kSensorModel:
      return "rpc";
    case ScenePlacement::kNone:
      break;
  }
  return "none";
}

void WriteView(const SceneInfo& info, JsonWriter& json) {
  json.Field("view_known", info.view_known);
  if (info.view_known) {
    json.Field("view_incidence_deg", info.view.incidence_deg);
    json.Field("view_azimuth_deg", info.view.azimuth_deg);
  }
  json.Field("position_sigma_m", info.position_sigma_m);
}

void WriteItemFacts(const StacItem& item, JsonWriter& json) {
  if (!item.platform.empty()) json.Field("platform", item.platform);
  if (item.gsd_m > 0) json.Field("gsd_m", item.gsd_m);
  if (item.cloud_percent >= 0) json.Field("cloud_cover_percent", item.cloud_percent);
  if (item.epsg > 0) json.Field("epsg", item.epsg);
  if (item.view.off_nadir_deg) json.Field("view_off_nadir_deg", *item.view.off_nadir_deg);
  if (item.view.incidence_deg) json.Field("view_incidence_deg", *item.view.incidence_deg);
  if (item.view.azimuth_deg) json.Field("view_azimuth_deg", *item.view.azimuth_deg);
  if (item.sun_azimuth_deg != 0 || item.sun_elevation_deg != 0) {
    json.Field("sun_azimuth_deg", item.sun_azimuth_deg);
    json.Field("sun_elevation_deg", item.sun_elevation_deg);
  }
  if (item.sar) {
    json.Field("sar_mode", item.sar->mode).Field("sar_product_type", item.sar->product_type);
    json.Key("polarizations").BeginArray();
    for (const std::string& p : item.sar->polarizations) json.String(p);
    json.EndArray();
  }
  if (!item.orbit_state.empty()) json.Field("orbit_state", item.orbit_state);
  if (item.relative_orbit > 0) json.Field("relative_orbit", item.relative_orbit);
}

}  // namespace

Result<void> InspectRaster(const std::string& file, const EmitLine& emit) {
  std::error_code error;
  const std::uintmax_t length = std::filesystem::file_size(file, error);
  if (error) return Fail(ErrorCode::kNotFound, "{}: cannot be read", file);
  SceneOptions options;
  options.placed = false;
  const auto scene = SceneReader::OpenFile(file, options);
  if (!scene) {
    emit(StartLine(file, length, "raster", scene.error().message).EndObject().text());
    return {};
  }
  const SceneInfo& info = (*scene)->info();
  JsonWriter json = StartLine(file, length, "raster", "");
  json.Field("driver", info.driver).Field("width_px", info.width_px);
  json.Field("height_px", info.height_px).Field("bands", info.bands);
  json.Field("data_type", info.data_type).Field("complex", info.complex);
  json.Field("placement", PlacementName(info.placement));
  json.Key("epsg");
  info.epsg > 0 ? json.Signed(info.epsg) : json.Null();
  if (info.placement == ScenePlacement::kNone) {
    json.Field("not_placed", info.not_placed);
  } else {
    json.Field("crs", info.crs).Field("resolution_m", info.resolution_m);
    WriteBounds(info.footprint, json);
    WriteView(info, json);
  }
  if (info.time) json.Field("time_utc", FormatUtc(*info.time)).Field("time_from", info.time_from);
  // Whether a mission would take it, and what it would need.
  std::string usable;
  if (info.placement == ScenePlacement::kNone) usable = info.not_placed;
  if (usable.empty() && !info.time) {
    usable = "no acquisition time: neither in the file nor, from here, in a STAC item or a config";
  }
  json.Field("usable_alone", usable.empty());
  if (!usable.empty()) json.Field("lacks", usable);
  emit(json.EndObject().text());
  return {};
}

Result<void> InspectStac(const std::string& file, const ReadChunk& read, const EmitLine& emit) {
  TW_ASSIGN_OR_RETURN(const std::string bytes, ReadAll(file, read, kMaxStacJsonBytes));
  const auto node = ParseStac(bytes, file);
  if (!node) {
    emit(StartLine(file, bytes.size(), "stac", node.error().message).EndObject().text());
    return {};
  }
  const bool item = node->item.has_value();
  JsonWriter json = StartLine(file, bytes.size(), "stac", "");
  json.Field("id", node->id).Field("kind", item ? "item" : "catalog");
  if (!item) {
    json.Key("links").BeginArray();
    for (const std::string& link : node->links) json.String(link);
    emit(json.EndArray().EndObject().text());
    return {};
  }
  if (node->item->time) json.Field("time_utc", FormatUtc(*node->item->time));
  if (node->item->delivered) json.Field("delivered_utc", FormatUtc(*node->item->delivered));
  json.Field("exercise", node->item->exercise);
  WriteItemFacts(*node->item, json);
  json.Key("assets").BeginArray();
  const std::string folder = std::filesystem::path(file).parent_path().string();
  const std::string where = folder.empty() ? "." : folder;
  for (const StacRaster& asset : node->item->rasters) WriteAsset(asset, "image", where, json);
  if (node->item->mask) WriteAsset(*node->item->mask, "mask", where, json);
  for (const StacRaster& asset : node->item->inputs) WriteAsset(asset, "input", where, json);
  emit(json.EndArray().EndObject().text());
  return {};
}

}  // namespace trucewatch
