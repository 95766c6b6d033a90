// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>

#include "tools/simulate/clip/clip_recording.h"
#include "tools/simulate/clip/day_recording.h"
#include "tools/trucewatch/commands/commands.h"
#include "tools/trucewatch/progress_bar.h"

namespace trucewatch::tools {

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
  std::printf("%s, seed %llu, EXERCISE: %d frames, %d vehicles that move, %.2f km of road\n",
              scene.name().c_str(), static_cast<unsigned long long>(command.seed), summary.frames,
              summary.vehicles, summary.street_km);
  std::printf("next: trucewatch detect %s/clip.ts --json\n", command.out.c_str());
  return 0;
}

}  // namespace trucewatch::tools
