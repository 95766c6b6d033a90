// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/clip/clip_recording.h"

#include <fstream>
#include <set>

#include "core/media/ts_writer.h"
#include "tools/simulate/clip/rendered_clip.h"
#include "tools/simulate/clip/truth_json.h"

namespace trucewatch::clip {

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
    lines << FrameLine(frame, truth, plan, *scene, "{}") << '\n';
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
  summary.told_ground_hae_m = scene->flight().ToldGroundHaeM();
  return summary;
}

}  // namespace trucewatch::clip
