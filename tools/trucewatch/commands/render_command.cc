// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "core/base/check.h"
#include "core/storage/storage.h"
#include "tools/simulate/clip/clip_recording.h"
#include "tools/simulate/clip/day_recording.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/progress_bar.h"

namespace trucewatch {
extern const char kSingleFileDefaults[];  // configs/defaults/single_file.txtpb
}

namespace trucewatch::tools {
namespace {

// A mission config with the clip as its source and its errors as the scene states them: what ingest
// hands on with each picture. Everything else is as for a bare file.
std::string ClipMission(const clip::ClipPlan& plan, double ground_hae_m) {
  const auto& scene = plan.scene;
  std::string defaults = kSingleFileDefaults;
  const std::size_t at = defaults.find("terrain {");
  const std::size_t end = at == std::string::npos ? at : defaults.find('}', at);
  TW_CHECK(end != std::string::npos);
  defaults.replace(at, end + 1 - at,
                   fmt::format("terrain {{ sigma_m: {} }}", scene.terrain_sigma_m()));
  return fmt::format(
             "name: \"{}-{}\"\nstart_utc: \"{}\"\norigin_lat_deg: {:.7f}\norigin_lon_deg: {:.7f}\n"
             "origin_height_hae_m: {:.2f}\nsource {{\n  id: \"clip\"\n  file: \"clip.ts\"\n"
             "  format: MPEGTS_KLV\n  platform: \"clip\" station: \"clip\" clock: \"clip\" "
             "georeference: \"clip\"\n  position_sigma_m: {} platform_angle_sigma_deg: {} "
             "sensor_angle_sigma_deg: {}\n  detection_probability: 0.8 false_alarms_per_km2: "
             "0.1\n}}\n",
             scene.name(), plan.given_seed, FormatUtc(plan.start), plan.origin.latitude.deg(),
             plan.origin.longitude.deg(), ground_hae_m, scene.position_sigma_m(),
             scene.platform_angle_sigma_deg(), scene.sensor_angle_sigma_deg()) +
         defaults;
}

}  // namespace

Result<int> RunRender(const RenderCommand& command) {
  TW_ASSIGN_OR_RETURN(const auto scene, clip::LoadScene(command.scene));
  std::error_code error;
  std::filesystem::create_directories(command.out, error);
  if (error) {
    return Fail(ErrorCode::kIo, "{}: the folder cannot be made: {}", command.out, error.message());
  }
  ProgressBar bar(!command.quiet);
  const auto show = [&](double fraction) { bar.Show(fraction, "rendering"); };
  const clip::ClipPlan plan = clip::DrawClip(scene, command.seed, command.seconds);
  if (plan.is_day()) {
    TW_ASSIGN_OR_RETURN(const clip::DaySummary day, clip::RecordDay(plan, command.out, show));
    bar.Clear();
    std::printf("%s, seed %llu, EXERCISE: %d looks, %d arrivals, %d departures\n",
                scene.name().c_str(), static_cast<unsigned long long>(command.seed), day.looks,
                day.arrivals, day.departures);
    return 0;
  }
  TW_ASSIGN_OR_RETURN(const clip::ClipSummary summary, clip::RecordClip(plan, command.out, show));
  bar.Clear();
  const std::string mission = ClipMission(plan, summary.told_ground_hae_m);
  TW_RETURN_IF_ERROR(
      WriteFileAtomically(*MakePosixStorage(), command.out + "/mission.txtpb", AsBytes(mission)));
  std::printf("%s, seed %llu, EXERCISE: %d frames, %d vehicles that move, %.2f km of road\n",
              scene.name().c_str(), static_cast<unsigned long long>(command.seed), summary.frames,
              summary.vehicles, summary.street_km);
  std::printf("next: trucewatch detect %s/clip.ts --json\n", command.out.c_str());
  return 0;
}

}  // namespace trucewatch::tools
