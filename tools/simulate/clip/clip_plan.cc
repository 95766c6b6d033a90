// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/clip_plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "core/config/text_config.h"
#include "core/geo/sun.h"
#include "tools/simulate/random.h"

namespace trucewatch::clip {
namespace {

using v1::config::ClipScene;
using v1::config::Drawn;

// Each value that is drawn, where it goes, and what it may be.
struct DrawnField {
  const char* name;
  const Drawn& (ClipScene::*of)() const;
  double ClipPlan::*to;
  double low, high;
};

constexpr DrawnField kDrawnFields[] = {
    {"height_m", &ClipScene::height_m, &ClipPlan::height_m, 50, 8000},
    {"depression_deg", &ClipScene::depression_deg, &ClipPlan::depression_deg, 15, 89},
    {"gsd_m", &ClipScene::gsd_m, &ClipPlan::gsd_m, 0.02, 3},
    {"speed_mps", &ClipScene::speed_mps, &ClipPlan::speed_mps, 0, 120},
    {"zoom_ratio", &ClipScene::zoom_ratio, &ClipPlan::zoom_ratio, 0, 6},
    {"zoom_period_s", &ClipScene::zoom_period_s, &ClipPlan::zoom_period_s, 0, 600},
    {"jitter_px", &ClipScene::jitter_px, &ClipPlan::jitter_px, 0, 20},
    {"wander_m", &ClipScene::wander_m, &ClipPlan::wander_m, 0, 200},
    {"sun_azimuth_deg", &ClipScene::sun_azimuth_deg, &ClipPlan::sun_azimuth_deg, 0, 360},
    {"sun_elevation_deg", &ClipScene::sun_elevation_deg, &ClipPlan::sun_elevation_deg, 0, 85},
    {"contrast", &ClipScene::contrast, &ClipPlan::contrast, 0.05, 1.5},
    {"haze", &ClipScene::haze, &ClipPlan::haze, 0, 3},
    {"noise", &ClipScene::noise, &ClipPlan::noise, 0, 30},
    {"fixed_pattern", &ClipScene::fixed_pattern, &ClipPlan::fixed_pattern, 0, 20},
    {"exposure_swing", &ClipScene::exposure_swing, &ClipPlan::exposure_swing, 0, 0.6},
    {"exposure_period_s", &ClipScene::exposure_period_s, &ClipPlan::exposure_period_s, 0, 36000},
    {"blur_px", &ClipScene::blur_px, &ClipPlan::blur_px, 0, 4},
    {"bitrate_kbps", &ClipScene::bitrate_kbps, &ClipPlan::bitrate_kbps, 0, 100'000},
    {"cloud_shadow", &ClipScene::cloud_shadow, &ClipPlan::cloud_shadow, 0, 0.9},
    {"building_height_m", &ClipScene::building_height_m, &ClipPlan::building_height_m, 0, 120},
    {"built_share", &ClipScene::built_share, &ClipPlan::built_share, 0, 1},
    {"trees_per_ha", &ClipScene::trees_per_ha, &ClipPlan::trees_per_ha, 0, 200},
    {"wind_mps", &ClipScene::wind_mps, &ClipPlan::wind_mps, 0, 30},
    {"vehicles_per_km", &ClipScene::vehicles_per_km, &ClipPlan::vehicles_per_km, 0, 60},
    {"vehicle_speed_mps", &ClipScene::vehicle_speed_mps, &ClipPlan::vehicle_speed_mps, 0, 45},
    {"off_road_share", &ClipScene::off_road_share, &ClipPlan::off_road_share, 0, 1},
    {"parked_per_km", &ClipScene::parked_per_km, &ClipPlan::parked_per_km, 0, 150},
    {"people_per_km", &ClipScene::people_per_km, &ClipPlan::people_per_km, 0, 200},
    {"pause_share", &ClipScene::pause_share, &ClipPlan::pause_share, 0, 1},
    {"bays", &ClipScene::bays, &ClipPlan::bays, 0, 400},
    {"arrivals_per_hour", &ClipScene::arrivals_per_hour, &ClipPlan::arrivals_per_hour, 0, 200},
};

Result<void> CheckScene(const ClipScene& scene, const std::string& path, const FieldLines& lines) {
  ConfigProblems problems(path, lines);
  problems.Required("name", scene.name());
  if (scene.ground() == ClipScene::GROUND_UNSPECIFIED) problems.Add("ground", "is missing");
  for (const DrawnField& field : kDrawnFields) {
    const Drawn& drawn = (scene.*field.of)();
    problems.Range(std::string(field.name) + ".min", drawn.min(), field.low, field.high);
    problems.Range(std::string(field.name) + ".max", drawn.max(), field.low, field.high);
    if (drawn.max() < drawn.min()) problems.Add(field.name, "max is below min");
  }
  const auto even = [&](const char* name, std::uint32_t value, double high) {
    problems.Range(name, value, 64, high);
    if (value % 4 != 0) problems.Add(name, "must be a multiple of 4");
  };
  even("width_px", scene.width_px(), 8192);
  even("height_px", scene.height_px(), 8192);
  problems.Range("frames_per_second", scene.frames_per_second(), 1, 120);
  problems.Range("upscaling", scene.upscaling(), 0, 2);
  if (!scene.thermal()) {
    problems.Range("sun_elevation_deg.min", scene.sun_elevation_deg().min(), 5, 85);
  }
  for (const auto& [name, share] : {std::pair("pass_share", scene.pass_share()),
                                    {"overlay_share", scene.overlay_share()},
                                    {"interlaced_share", scene.interlaced_share()},
                                    {"noise_share", scene.noise_share()}}) {
    problems.Range(name, share, 0, 1);
  }
  problems.Range("look_period_s", scene.look_period_s(), 0, 3600);
  problems.Range("rain_share", scene.overcast_share() + scene.rain_share(), 0, 1);
  if (scene.look_period_s() > 0) {
    if (scene.ground() != ClipScene::YARD || scene.thermal() || scene.speed_mps().max() > 0) {
      problems.Add("look_period_s", "needs a YARD in daylight and speed_mps 0");
    }
  } else if (scene.ground() == ClipScene::YARD) {
    problems.Add("look_period_s", "is missing: a YARD is looked at for a day");
  }
  problems.Range("position_sigma_m", scene.position_sigma_m(), 0, 500);
  problems.Range("platform_angle_sigma_deg", scene.platform_angle_sigma_deg(), 0, 10);
  problems.Range("sensor_angle_sigma_deg", scene.sensor_angle_sigma_deg(), 0, 10);
  problems.Range("terrain_sigma_m", scene.terrain_sigma_m(), 0, 500);
  problems.Range("field_of_view_sigma", scene.field_of_view_sigma(), 0, 0.2);
  problems.Range("working_gsd_m", scene.working_gsd_m(), 0.02, 10);
  return problems.ToResult();
}

constexpr double kMostLatitude_deg = 65;

// The place, at some latitude where people live, from which the sun is seen in a direction at a
// time; nothing where there is none. The astronomical triangle: Meeus, Astronomical Algorithms,
// chapter 13, turned round.
std::optional<Geodetic> PlaceUnderSun(Instant time, Angle azimuth, Angle elevation) {
  const SubsolarPoint below = SubsolarPointAt(time);
  const double sine = std::sin(elevation.rad());
  const double north = std::cos(elevation.rad()) * std::cos(azimuth.rad());
  const double share = std::sin(below.latitude.rad()) / std::hypot(sine, north);
  if (std::abs(share) > 1) return std::nullopt;
  const Angle turn = Angle::Radians(std::atan2(north, sine));
  for (const double side : {std::asin(share), std::numbers::pi - std::asin(share)}) {
    const Angle latitude = (Angle::Radians(side) - turn).NormalisedSigned();
    if (std::abs(latitude.deg()) > kMostLatitude_deg) continue;
    const double hour =
        std::atan2(-std::cos(elevation.rad()) * std::sin(azimuth.rad()),
                   sine * std::cos(latitude.rad()) - north * std::sin(latitude.rad()));
    return Geodetic{latitude, (below.longitude + Angle::Radians(hour)).NormalisedSigned(), 0};
  }
  return std::nullopt;
}

// When and where a clip is taken. By day that is drawn so that the sun stands where the scene has
// it: what takes the sun from the time and the place must not be misled.
void DrawWhenAndWhere(ClipPlan& plan) {
  simulate::Random random(plan.seed, "where and when");
  const Instant march = Instant::FromMicros(1'772'323'200'000'000);  // 2026-03-01
  const auto moment = static_cast<std::int64_t>(random.Below(86'400));
  // A day begins at seven of the place's own time.
  plan.start = march + Duration::Seconds(plan.is_day() ? 7 * 3600 : 12 * 3600 + moment);
  plan.origin = Geodetic::FromDegrees(random.Uniform(-55, 60), random.Uniform(-170, 170),
                                      std::round(random.Uniform(0, 1500)));
  if (plan.is_day() || plan.thermal()) return;
  for (;;) {
    const Instant time =
        march - Duration::Seconds(static_cast<std::int64_t>(random.Below(365 * 86'400)));
    const auto place = PlaceUnderSun(time, Angle::Degrees(plan.sun_azimuth_deg),
                                     Angle::Degrees(plan.sun_elevation_deg));
    if (!place) continue;
    plan.start = time;
    plan.origin = {place->latitude, place->longitude, plan.origin.height_hae_m};
    return;
  }
}

}  // namespace

int ClipPlan::frames() const {
  const double rate = is_day() ? 1 / scene.look_period_s() : scene.frames_per_second();
  return std::max(1, static_cast<int>(std::lround(duration_s * rate)));
}

Result<ClipScene> LoadScene(const std::string& path) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  ClipScene scene;
  FieldLines lines;
  TW_RETURN_IF_ERROR(ParseTextConfig(text, path, &scene, &lines));
  TW_RETURN_IF_ERROR(CheckScene(scene, path, lines));
  return scene;
}

ClipPlan DrawClip(const ClipScene& scene, std::uint64_t seed, double duration_s) {
  ClipPlan plan{};
  plan.scene = scene;
  plan.given_seed = seed;
  plan.seed = simulate::Random(seed, scene.name()).Next();
  plan.duration_s = duration_s;
  for (const DrawnField& field : kDrawnFields) {
    // A stream for each: another range of one value leaves the others as they were.
    const Drawn& drawn = (scene.*field.of)();
    plan.*field.to = simulate::Random(plan.seed, field.name).Uniform(drawn.min(), drawn.max());
  }
  const auto chosen = [&](const char* name, double share) {
    return simulate::Random(plan.seed, name).Uniform() < share;
  };
  plan.passes = chosen("passes", scene.pass_share());
  plan.overlay = chosen("overlay", scene.overlay_share());
  plan.interlaced = chosen("interlaced", scene.interlaced_share());
  DrawWhenAndWhere(plan);
  return plan;
}

}  // namespace trucewatch::clip
