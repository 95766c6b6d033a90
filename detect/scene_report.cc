// SPDX-License-Identifier: Apache-2.0
#include "detect/scene_report.h"

#include <cmath>
#include <filesystem>

#include "core/geo/terrain.h"
#include "core/json/json_writer.h"
#include "core/raster/scene_reader.h"
#include "detect/satellite/scene_detector.h"

namespace trucewatch {
namespace {

constexpr double kHeightSigmaWithoutTerrainM = 5;

// No mission config is read (docs/formats/detect.md).
v1::config::SatelliteDetectConfig Defaults() {
  v1::config::SatelliteDetectConfig config;
  config.set_min_length_m(4.5);
  config.set_max_length_m(14);
  config.set_detection_probability(0.9);
  config.set_false_alarms_per_km2(1);
  config.set_max_resolution_m(1);
  return config;
}

Scene SceneOf(const SceneInfo& info, const std::string& file) {
  Scene scene;
  scene.source = {"file"};
  scene.lineage.modality = Modality::kSatelliteOptical;
  scene.item = std::filesystem::path(file).stem().string();
  if (info.time) scene.time = *info.time;
  scene.width_px = info.width_px;
  scene.height_px = info.height_px;
  scene.bands = info.bands;
  scene.resolution_m = info.resolution_m;
  scene.footprint = info.footprint;
  scene.position_sigma_m = info.position_sigma_m;
  return scene;
}

double RoundedTo(double value, double per_unit) { return std::round(value * per_unit) / per_unit; }

std::string SceneLine(const std::string& file, const SceneInfo& info, const ObservationSet& set,
                      double min_score) {
  JsonWriter json;
  json.BeginObject().Field("file", file).Field("frame", 0);
  if (info.time) json.Field("time_utc", FormatUtc(*info.time)).Field("time_from", info.time_from);
  json.Field("width_px", info.width_px).Field("height_px", info.height_px);
  json.Field("resolution_m", info.resolution_m);
  json.Field("view_known", info.view_known);
  if (!set.degraded_reason.empty()) json.Field("degraded", set.degraded_reason);
  json.Field("standing_detection_probability", RoundedTo(set.standing_detection_probability, 1e4));
  json.Key("detections").BeginArray();
  for (const Detection& d : set.detections) {
    if (d.score < min_score) continue;
    json.BeginObject().Field("class", std::string("vehicle"));
    json.Field("score", RoundedTo(d.score, 1e4));
    json.Key("box_px").BeginArray();
    for (const double v : {d.box_x_px, d.box_y_px, d.box_width_px, d.box_height_px}) {
      json.Number(RoundedTo(v, 100));
    }
    json.EndArray();
    json.Field("length_m", RoundedTo(d.length_m, 100)).Field("width_m", RoundedTo(d.width_m, 100));
    json.Field("lat_deg", d.position.latitude.deg());
    json.Field("lon_deg", d.position.longitude.deg());
    json.Key("cov_m2").BeginArray();
    json.Number(d.cov_en_m2(0, 0)).Number(d.cov_en_m2(0, 1)).Number(d.cov_en_m2(1, 1));
    json.EndArray().EndObject();
  }
  return json.EndArray().EndObject().text();
}

}  // namespace

Result<SceneReport> ReportScene(const std::string& file, std::shared_ptr<const File> bytes,
                                std::optional<Instant> time, double min_score) {
  SceneOptions options;
  options.name = file;
  options.time = time;
  TW_ASSIGN_OR_RETURN(auto reader, SceneReader::Open(std::move(bytes), options));
  double height_m = 0;
  if (const auto& rpc = reader->info().rpc) height_m = rpc->height_offset_m;
  // A flat ground at the middle of the sensor model's heights.
  const FlatTerrain ground(height_m, kHeightSigmaWithoutTerrainM);
  const Scene scene = SceneOf(reader->info(), file);
  TW_ASSIGN_OR_RETURN(const ObservationSet set,
                      LookAtScene({&scene, reader.get()}, {}, Defaults(), ground));
  return SceneReport{SceneLine(file, reader->info(), set, min_score), set.detections.size(),
                     set.degraded_reason};
}

}  // namespace trucewatch
