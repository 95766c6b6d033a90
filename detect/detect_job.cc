// SPDX-License-Identifier: Apache-2.0
#include "detect/detect_job.h"

#include <algorithm>
#include <opencv2/core/utility.hpp>

#include "core/raster/scene_reader.h"
#include "core/types/codec.h"
#include "detect/parked_look_codec.h"
#include "detect/satellite/scene_detector.h"
#include "detect/segment.h"

namespace trucewatch {
namespace {

// Of whole looks in one answer, which the job's channel bounds: later ones of a segment stay out.
constexpr std::size_t kMaxParkedBytes = 32 << 20;

v1::DetectCounts CountsMessage(const MotionCounts& counts) {
  v1::DetectCounts out;
  out.set_accepted(counts.accepted);
  out.set_brief(counts.brief);
  out.set_slow(counts.slow);
  out.set_fast(counts.fast);
  out.set_crooked(counts.crooked);
  out.set_small(counts.small);
  out.set_large(counts.large);
  out.set_thin(counts.thin);
  out.set_ghost(counts.ghost);
  out.set_symbol(counts.symbol);
  out.set_parallax(counts.parallax);
  out.set_duplicate(counts.duplicate);
  return out;
}

void AddParked(const VideoSegment& segment, std::size_t payload, const ObservationSet& set,
               const parked::ParkedLook& look, const Terrain& terrain, v1::DetectJobResult* out) {
  const auto frame = static_cast<std::size_t>(set.frame_index);
  CameraPose pose = look.pose;
  pose.width_px = look.width_px;
  pose.height_px = look.height_px;
  const auto middle = GroundFromPixel(pose, look.width_px / 2.0, look.height_px / 2.0, terrain);
  if (!middle || frame >= segment.frames.size()) return;
  v1::DetectParkedLook* to = out->add_parked();
  to->set_payload(static_cast<std::uint32_t>(payload));
  to->set_frame(static_cast<std::uint32_t>(frame));
  to->set_width_px(static_cast<std::uint32_t>(look.width_px));
  to->set_height_px(static_cast<std::uint32_t>(look.height_px));
  to->set_grey(look.grey.data(), look.grey.size());
  to->set_ground_hae_m(middle->height_hae_m);
  to->set_ground_sigma_m(terrain.SigmaM());
  AddParkedVehicles(*look.vehicles, to);
}

void LookAtVideo(const std::string& payload, const DetectTools& tools, v1::DetectJobResult* out) {
  // The stage has seen that it is one.
  const auto envelope = ParseEnvelope(payload);
  if (!envelope) return;
  const auto segment = FromProto(envelope->video_segment());
  if (!segment) return;
  const SegmentResult result =
      DetectSegment(*segment, tools.config, *tools.terrain, tools.looks.get());
  *out->mutable_counts() = CountsMessage(result.counts);
  for (const DataFault& fault : result.faults) {
    v1::Envelope message;
    *message.mutable_data_fault() = ToProto(fault);
    out->add_payloads(SerializeEnvelope(message));
  }
  const auto faults = static_cast<std::size_t>(out->payloads_size());
  for (const ObservationSet& set : result.observations) {
    v1::Envelope message;
    *message.mutable_observation_set() = ToProto(set);
    out->add_payloads(SerializeEnvelope(message));
  }
  for (const auto& [frame, print] : result.prints) {
    v1::DetectPrint* to = out->add_prints();
    to->set_frame(static_cast<std::uint32_t>(frame));
    to->set_grey(print.grey.data(), print.grey.size());
  }
  std::size_t grey_bytes = 0;
  for (const auto& [at, look] : result.parked) {
    grey_bytes += look.grey.size();
    if (grey_bytes > kMaxParkedBytes) break;
    AddParked(*segment, faults + at, result.observations[at], look, *tools.terrain, out);
  }
}

Result<std::unique_ptr<SceneReader>> OpenPass(const v1::DetectScene& message, const Scene& scene,
                                              std::shared_ptr<const File> image,
                                              const DetectTools& tools) {
  SceneOptions options;
  options.name = scene.item;
  options.terrain = tools.terrain.get();
  options.rpc_text = message.rpc_text();
  return SceneReader::Open(std::move(image), std::move(options));
}

Result<ObservationSet> LookAtPasses(const v1::DetectJob& job, const ServedFiles& files,
                                    const DetectTools& tools) {
  TW_ASSIGN_OR_RETURN(const Scene scene, FromProto(job.scene().scene()));
  if (files.empty()) return Fail(ErrorCode::kBadInput, "without an image");
  TW_ASSIGN_OR_RETURN(const auto pixels, OpenPass(job.scene(), scene, files[0], tools));
  if (scene.footprint.size() < 3 || !(scene.resolution_m > 0)) {
    return Fail(ErrorCode::kBadInput, "no footprint or resolution");
  }
  ScenePass earlier;
  Result<Scene> earlier_scene = FromProto(job.earlier().scene());
  std::unique_ptr<SceneReader> earlier_pixels;
  if (job.has_earlier() && earlier_scene && files.size() > 1) {
    if (auto opened = OpenPass(job.earlier(), *earlier_scene, files[1], tools)) {
      earlier_pixels = std::move(*opened);
      earlier = {&*earlier_scene, earlier_pixels.get()};
    }
  }
  return LookAtScene({&scene, pixels.get()}, earlier, tools.config.satellite(), *tools.terrain);
}

}  // namespace

MotionCounts CountsFrom(const v1::DetectCounts& message) {
  MotionCounts counts;
  counts.accepted = message.accepted();
  counts.brief = message.brief();
  counts.slow = message.slow();
  counts.fast = message.fast();
  counts.crooked = message.crooked();
  counts.small = message.small();
  counts.large = message.large();
  counts.thin = message.thin();
  counts.ghost = message.ghost();
  counts.symbol = message.symbol();
  counts.parallax = message.parallax();
  counts.duplicate = message.duplicate();
  return counts;
}

v1::DetectJobResult DoDetectJob(const v1::DetectJob& job, const ServedFiles& files,
                                const DetectTools& tools) {
  v1::DetectJobResult out;
  if (!job.has_scene()) {
    LookAtVideo(job.segment(), tools, &out);
  } else if (const auto set = LookAtPasses(job, files, tools)) {
    v1::Envelope envelope;
    *envelope.mutable_observation_set() = ToProto(*set);
    out.add_payloads(SerializeEnvelope(envelope));
  } else {
    out.set_scene_fault(set.error().message);
  }
  return out;
}

void UseOneThread() { cv::setNumThreads(1); }

JobHandler DetectJobHandler(DetectTools made) {
  // Shared, because a std::function is copied.
  const auto tools = std::make_shared<const DetectTools>(std::move(made));
  return [tools](const std::string& request, JobChannel& channel) -> std::string {
    v1::DetectJob job;
    if (!job.ParseFromString(request)) return {};
    ServedFiles files;
    if (job.has_scene()) files.push_back(MakeChannelFile(channel, 0));
    if (job.has_earlier()) files.push_back(MakeChannelFile(channel, 1));
    return DoDetectJob(job, files, *tools).SerializeAsString();
  };
}

}  // namespace trucewatch
