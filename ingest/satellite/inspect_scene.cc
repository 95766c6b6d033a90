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

// What is on disk under an asset's name, against what the item says about it.
void WriteAsset(const StacRaster& raster, const std::string& folder, JsonWriter& json) {
  json.BeginObject().Field("key", raster.key).Field("href", raster.href);
  const auto path = LocalStacPath("", raster.href);
  if (!path) {
    json.Field("present", false).Field("error", path.error().message).EndObject();
    return;
  }
  const auto storage = MakePosixStorage();
  const auto bytes = ReadWholeFile(*storage, folder + "/" + *path, kMaxSceneFileBytes);
  json.Field("present", bytes.has_value());
  if (bytes) {
    json.Field("size_bytes", bytes->size());
    if (raster.size_bytes) json.Field("size_ok", *raster.size_bytes == bytes->size());
    if (raster.sha256) json.Field("checksum_ok", *raster.sha256 == Sha256(*bytes));
    if (raster.other_checksum) json.Field("checksum", "not SHA-256, not checked");
  } else {
    json.Field("error", bytes.error().message);
  }
  json.EndObject();
}

}  // namespace

Result<void> InspectRaster(const std::string& file, const ReadChunk& read, const EmitLine& emit) {
  TW_ASSIGN_OR_RETURN(std::string bytes, ReadAll(file, read, kMaxSceneFileBytes));
  const std::size_t length = bytes.size();
  const auto scene = SceneReader::Open(std::move(bytes), file);
  if (!scene) {
    emit(StartLine(file, length, "raster", scene.error().message).EndObject().text());
    return {};
  }
  const SceneInfo& info = (*scene)->info();
  JsonWriter json = StartLine(file, length, "raster", "");
  json.Field("driver", info.driver).Field("width_px", info.width_px);
  json.Field("height_px", info.height_px).Field("bands", info.bands);
  json.Field("data_type", info.data_type);
  json.Key("epsg");
  info.epsg > 0 ? json.Signed(info.epsg) : json.Null();
  json.Field("crs", info.crs).Field("resolution_m", info.resolution_m);
  WriteBounds(info.footprint, json);
  if (info.time) json.Field("time_utc", FormatUtc(*info.time));
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
  json.Key("assets").BeginArray();
  const std::string folder = std::filesystem::path(file).parent_path().string();
  for (const StacRaster& raster : node->item->rasters) {
    WriteAsset(raster, folder.empty() ? "." : folder, json);
  }
  emit(json.EndArray().EndObject().text());
  return {};
}

}  // namespace trucewatch
