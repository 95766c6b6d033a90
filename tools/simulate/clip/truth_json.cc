// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/truth_json.h"

#include <cmath>
#include <numbers>

#include "core/json/json_writer.h"
#include "tools/simulate/flight.h"

namespace trucewatch::clip {
namespace {

void AddVehicle(const VehicleTruth& v, const ClipPlan& plan, const RenderedClip& scene,
                JsonWriter& json) {
  const Geodetic place = simulate::GroundPlace(scene.flight().frame(), v.position_en_m);
  json.BeginObject().Field("id", v.id).Field("kind", std::string(v.kind)).Field("parked", v.parked);
  const auto box = [&](const char* name, const double(&values)[4]) {
    json.Key(name).BeginArray();
    for (const double value : values) json.Number(RoundedTo(value, 100));
    json.EndArray();
  };
  box("box_px", v.box_px);
  box("shadow_box_px", v.shadow_box_px);
  json.Key("centre_px").BeginArray();
  json.Number(RoundedTo(v.centre_px.x(), 100)).Number(RoundedTo(v.centre_px.y(), 100)).EndArray();
  json.Field("visible", RoundedTo(v.visible, 1000)).Field("size_px", RoundedTo(v.size_px, 100));
  // Pictures are reduced to the working ground sample distance and never enlarged.
  const double working = v.size_px * std::min(1.0, v.gsd_m / plan.scene.working_gsd_m());
  json.Field("working_size_px", RoundedTo(working, 100)).Field("gsd_m", RoundedTo(v.gsd_m, 1e4));
  json.Field("lat_deg", RoundedTo(place.latitude.deg(), 1e8))
      .Field("lon_deg", RoundedTo(place.longitude.deg(), 1e8));
  json.Key("velocity_en_mps").BeginArray();
  json.Number(RoundedTo(v.velocity_en_mps.x(), 1000))
      .Number(RoundedTo(v.velocity_en_mps.y(), 1000))
      .EndArray();
  json.Field("parallax_cosine", RoundedTo(v.parallax_cosine, 1e4));
  json.Field("epipolar",
             std::abs(v.parallax_cosine) > std::cos(kEpipolarDegrees * std::numbers::pi / 180));
  json.EndObject();
}

}  // namespace

double RoundedTo(double value, double per_unit) { return std::round(value * per_unit) / per_unit; }

std::string HeadLine(const ClipPlan& plan, const RenderedClip& scene) {
  JsonWriter json;
  json.BeginObject().Field("clip", plan.scene.name()).Field("seed", plan.given_seed);
  json.Field("status", std::string("EXERCISE")).Field("duration_s", plan.duration_s);
  json.Field("width_px", plan.scene.width_px()).Field("height_px", plan.scene.height_px());
  json.Field("frames_per_second", plan.scene.frames_per_second()).Field("thermal", plan.thermal());
  json.Field("working_gsd_m", plan.scene.working_gsd_m());
  json.Field("street_km", RoundedTo(scene.land().street_km, 1000));
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

std::string FrameLine(int frame, const std::vector<VehicleTruth>& truth, const ClipPlan& plan,
                      const RenderedClip& scene, const std::string& more) {
  JsonWriter json;
  json.BeginObject()
      .Field("frame", frame)
      .Field("time_utc", FormatUtc(scene.flight().TimeOf(frame)));
  const Eigen::Vector2d platform = scene.flight().PlatformVelocity(scene.flight().SecondsOf(frame));
  json.Key("platform_velocity_en_mps").BeginArray();
  json.Number(RoundedTo(platform.x(), 1000)).Number(RoundedTo(platform.y(), 1000)).EndArray();
  json.Key("objects").BeginArray();
  for (const VehicleTruth& v : truth) AddVehicle(v, plan, scene, json);
  json.EndArray().EndObject();
  if (more.size() <= 2) return json.text();
  // Two objects made one.
  return json.text().substr(0, json.text().size() - 1) + "," + more.substr(1);
}

}  // namespace trucewatch::clip
