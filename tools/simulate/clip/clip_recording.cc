// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/clip_recording.h"

#include <cmath>
#include <fstream>
#include <set>

#include "core/json/json_writer.h"
#include "core/media/ts_writer.h"
#include "tools/simulate/clip/rendered_clip.h"
#include "tools/simulate/flight.h"

namespace trucewatch::clip {
namespace {

double Rounded(double value, double per_unit) { return std::round(value * per_unit) / per_unit; }

std::string HeadLine(const ClipPlan& plan, const RenderedClip& scene) {
  JsonWriter json;
  json.BeginObject().Field("clip", plan.scene.name()).Field("seed", plan.seed);
  json.Field("status", std::string("EXERCISE")).Field("duration_s", plan.duration_s);
  json.Field("width_px", plan.scene.width_px()).Field("height_px", plan.scene.height_px());
  json.Field("frames_per_second", plan.scene.frames_per_second()).Field("thermal", plan.thermal());
  json.Field("working_gsd_m", plan.scene.working_gsd_m());
  json.Field("street_km", Rounded(scene.land().street_km, 1000));
  json.Field("passes", plan.passes)
      .Field("overlay", plan.overlay)
      .Field("interlaced", plan.interlaced);
  json.Field("height_m", plan.height_m).Field("depression_deg", plan.depression_deg);
  json.Field("gsd_m", plan.gsd_m)
      .Field("speed_mps", plan.speed_mps)
      .Field("zoom_ratio", plan.zoom_ratio);
  json.Field("jitter_px", plan.jitter_px).Field("haze", plan.haze).Field("contrast", plan.contrast);
  json.Field("noise", plan.noise)
      .Field("fixed_pattern", plan.fixed_pattern)
      .Field("blur_px", plan.blur_px);
  json.Field("exposure_swing", plan.exposure_swing).Field("bitrate_kbps", plan.bitrate_kbps);
  json.Field("wind_mps", plan.wind_mps).Field("trees_per_ha", plan.trees_per_ha);
  json.Field("building_height_m", plan.building_height_m)
      .Field("sun_elevation_deg", plan.sun_elevation_deg);
  json.Field("vehicles_per_km", plan.vehicles_per_km)
      .Field("vehicle_speed_mps", plan.vehicle_speed_mps);
  return json.EndObject().text();
}

void AddVehicle(const VehicleTruth& v, const ClipPlan& plan, const RenderedClip& scene,
                JsonWriter& json) {
  const Geodetic place = simulate::GroundPlace(scene.flight().frame(), v.position_en_m);
  json.BeginObject().Field("id", v.id).Field("kind", std::string(v.kind)).Field("parked", v.parked);
  json.Key("box_px").BeginArray();
  for (const double value : v.box_px) json.Number(Rounded(value, 100));
  json.EndArray().Key("centre_px").BeginArray();
  json.Number(Rounded(v.centre_px.x(), 100)).Number(Rounded(v.centre_px.y(), 100)).EndArray();
  json.Field("visible", Rounded(v.visible, 1000)).Field("size_px", Rounded(v.size_px, 100));
  // Pictures are reduced to the working ground sample distance and never enlarged.
  const double working = v.size_px * std::min(1.0, v.gsd_m / plan.scene.working_gsd_m());
  json.Field("working_size_px", Rounded(working, 100)).Field("gsd_m", Rounded(v.gsd_m, 1e4));
  json.Field("lat_deg", Rounded(place.latitude.deg(), 1e8))
      .Field("lon_deg", Rounded(place.longitude.deg(), 1e8));
  json.Key("velocity_en_mps").BeginArray();
  json.Number(Rounded(v.velocity_en_mps.x(), 1000))
      .Number(Rounded(v.velocity_en_mps.y(), 1000))
      .EndArray();
  json.Field("parallax_cosine", Rounded(v.parallax_cosine, 1e4));
  json.Field("epipolar", std::abs(v.parallax_cosine) > std::cos(kEpipolarDegrees * M_PI / 180));
  json.EndObject();
}

std::string FrameLine(int frame, const std::vector<VehicleTruth>& truth, const ClipPlan& plan,
                      const RenderedClip& scene) {
  JsonWriter json;
  json.BeginObject()
      .Field("frame", frame)
      .Field("time_utc", FormatUtc(scene.flight().TimeOf(frame)));
  const Eigen::Vector2d platform = scene.flight().PlatformVelocity(scene.flight().SecondsOf(frame));
  json.Key("platform_velocity_en_mps").BeginArray();
  json.Number(Rounded(platform.x(), 1000)).Number(Rounded(platform.y(), 1000)).EndArray();
  json.Key("objects").BeginArray();
  for (const VehicleTruth& v : truth) AddVehicle(v, plan, scene, json);
  return json.EndArray().EndObject().text();
}

}  // namespace

Result<ClipSummary> RecordClip(const ClipPlan& plan, const std::string& folder,
                               const std::function<void(double fraction)>& progress) {
  TW_ASSIGN_OR_RETURN(const auto scene, RenderedClip::Create(plan));
  TsWriterOptions options;
  options.width_px = static_cast<int>(plan.scene.width_px());
  options.height_px = static_cast<int>(plan.scene.height_px());
  options.frames_per_second = static_cast<int>(plan.scene.frames_per_second());
  options.key_frame_interval = 2 * options.frames_per_second;
  options.preset = "superfast";  // half the time of a clip goes into encoding
  options.bitrate_bps = static_cast<std::int64_t>(1000 * plan.bitrate_kbps);
  TW_ASSIGN_OR_RETURN(const auto writer, TsWriter::Create(folder + "/clip.ts", options));
  std::ofstream lines(folder + "/truth.jsonl");
  lines << HeadLine(plan, *scene) << '\n';
  simulate::YuvPicture picture(options.width_px, options.height_px);
  std::vector<VehicleTruth> truth;
  std::set<int> moved;
  ClipSummary summary;
  for (int frame = 0; frame < plan.frames(); ++frame) {
    scene->Render(frame, picture, &truth);
    const std::string klv = scene->flight().MetadataPacket(frame);
    TW_RETURN_IF_ERROR(writer->Write(picture.y, picture.u, picture.v, AsBytes(klv)));
    lines << FrameLine(frame, truth, plan, *scene) << '\n';
    for (const VehicleTruth& v : truth) {
      if (v.velocity_en_mps.norm() > 0.3) moved.insert(v.id);
    }
    if (progress && frame % 10 == 9) progress(static_cast<double>(frame + 1) / plan.frames());
  }
  TW_RETURN_IF_ERROR(writer->Finish());
  lines.close();
  if (!lines) return Fail(ErrorCode::kIo, "{}/truth.jsonl: cannot be written", folder);
  summary.frames = plan.frames();
  summary.vehicles = static_cast<int>(moved.size());
  summary.street_km = scene->land().street_km;
  return summary;
}

}  // namespace trucewatch::clip
