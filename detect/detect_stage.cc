// SPDX-License-Identifier: Apache-2.0
#include "detect/detect_stage.h"

#include <algorithm>
#include <atomic>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <thread>

#include "core/raster/scene_reader.h"
#include "core/types/codec.h"
#include "detect/satellite/scene_detector.h"
#include "detect/segment.h"

namespace trucewatch {
namespace {

struct Output {
  std::vector<std::string> payloads;
  MotionCounts counts;
  std::optional<v1::Scene> scene;  // to be looked at in its turn
};

std::string FaultPayload(const DataFault& fault) {
  v1::Envelope envelope;
  *envelope.mutable_data_fault() = ToProto(fault);
  return SerializeEnvelope(envelope);
}

// The payload is not readable: its source and time are not known.
std::string Unreadable(const LogRecord& record, const std::string& reason) {
  DataFault fault;
  fault.format = "envelope";
  fault.source_offset = record.sequence;
  fault.reason = reason;
  return FaultPayload(fault);
}

Output HandleSegment(const v1::VideoSegment& message, const v1::config::DetectConfig& config,
                     const Terrain& terrain, const appearance::ImageDetector* looks) {
  Output output;
  v1::Envelope last;
  last.mutable_watermark()->set_source_id(message.source_id());
  std::int64_t end_us = 0;
  for (int i = 0; i < message.frames_size(); ++i) {
    end_us = i == 0 ? message.frames(i).time_us() : std::max(end_us, message.frames(i).time_us());
  }
  last.mutable_watermark()->set_time_us(end_us);

  if (const auto segment = FromProto(message)) {
    SegmentResult result = DetectSegment(*segment, config, terrain, looks);
    output.counts = result.counts;
    for (const DataFault& fault : result.faults) output.payloads.push_back(FaultPayload(fault));
    for (const ObservationSet& set : result.observations) {
      v1::Envelope envelope;
      *envelope.mutable_observation_set() = ToProto(set);
      output.payloads.push_back(SerializeEnvelope(envelope));
    }
  } else {
    DataFault fault;
    fault.source = {message.source_id()};
    fault.time = Instant::FromMicros(end_us);
    fault.format = "video_segment";
    fault.reason = segment.error().message;
    output.payloads.push_back(FaultPayload(fault));
  }
  if (message.frames_size() > 0) output.payloads.push_back(SerializeEnvelope(last));
  return output;
}

Output HandleOne(const LogRecord& record, const v1::config::DetectConfig& config,
                 const Terrain& terrain, const appearance::ImageDetector* looks) {
  const auto envelope = ParseEnvelope(record.payload);
  if (!envelope) return {{Unreadable(record, envelope.error().message)}, {}, {}};
  if (envelope->has_video_segment()) {
    return HandleSegment(envelope->video_segment(), config, terrain, looks);
  }
  if (envelope->has_scene()) return {{record.payload}, {}, envelope->scene()};
  return {{record.payload}, {}, {}};
}

}  // namespace

DetectStage::DetectStage(const v1::config::DetectConfig& config,
                         std::unique_ptr<const Terrain> terrain, BlobStore* scenes,
                         std::unique_ptr<const appearance::ImageDetector> looks)
    : config_(config), terrain_(std::move(terrain)), scenes_(scenes), looks_(std::move(looks)) {
  // The stage's own threads share out whole segments; OpenCV's would only get in their way.
  cv::setNumThreads(1);
}

Result<std::vector<std::vector<std::string>>> DetectStage::Handle(
    std::span<const LogRecord> inputs) {
  std::vector<Output> outputs(inputs.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < inputs.size(); i = next++) {
      outputs[i] = HandleOne(inputs[i], config_, *terrain_, looks_.get());
    }
  };
  {
    const std::size_t threads = std::min<std::size_t>(std::max(1U, config_.threads()),
                                                      std::max<std::size_t>(1, inputs.size()));
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
  }
  std::vector<std::vector<std::string>> result;
  for (Output& output : outputs) {
    if (output.scene && config_.has_satellite() && scenes_ != nullptr) {
      TW_ASSIGN_OR_RETURN(std::string payload, HandleScene(*output.scene));
      output.payloads = {std::move(payload)};
    }
    counts_ += output.counts;
    result.push_back(std::move(output.payloads));
  }
  return result;
}

Result<std::string> DetectStage::HandleScene(const v1::Scene& message) {
  const auto fault = [&](const std::string& reason) {
    DataFault out;
    out.source = {message.source_id()};
    out.time = Instant::FromMicros(message.time_us());
    out.format = "scene";
    out.reason = fmt::format("scene {}: {}", message.item(), reason);
    return FaultPayload(out);
  };
  const auto scene = FromProto(message);
  if (!scene) return fault(scene.error().message);
  if (scene->lineage.modality == Modality::kSatelliteSar) {
    // A detector of optical images would call speckle vehicles.
    return fault("a radar scene, for which there is no detector: it is kept and was not looked at");
  }
  const auto open = [&](const Scene& of) -> Result<Result<std::unique_ptr<SceneReader>>> {
    TW_ASSIGN_OR_RETURN(const auto file, scenes_->Open(of.sha256));
    SceneOptions options;
    options.name = of.item;
    options.terrain = terrain_.get();
    for (const SceneInput& input : of.inputs) {
      if (input.role != "rpc") continue;  // a sensor model that came beside the image
      TW_ASSIGN_OR_RETURN(const auto rpc, scenes_->Open(input.sha256));
      TW_ASSIGN_OR_RETURN(options.rpc_text, rpc->ReadAt(0, input.size_bytes));
    }
    return SceneReader::Open(file, std::move(options));
  };
  // The outer error: the store. The inner one: the scene.
  TW_ASSIGN_OR_RETURN(const auto pixels, open(*scene));
  if (!pixels) return fault(pixels.error().message);
  if (scene->footprint.size() < 3 || !(scene->resolution_m > 0)) {
    return fault("no footprint or resolution");
  }
  ScenePass earlier;
  std::unique_ptr<SceneReader> earlier_pixels;
  if (const Scene* pass = passes_.EarlierPass(*scene)) {
    TW_ASSIGN_OR_RETURN(auto opened, open(*pass));
    if (opened) {
      earlier_pixels = std::move(*opened);
      earlier = {pass, earlier_pixels.get()};
    }
  }
  const ScenePass now{&*scene, pixels->get()};
  const auto set = LookAtScene(now, earlier, config_.satellite(), *terrain_);
  if (!set) return fault(set.error().message);
  passes_.Add(*scene);  // whose pixels are known to be sound
  v1::Envelope envelope;
  *envelope.mutable_observation_set() = ToProto(*set);
  return SerializeEnvelope(envelope);
}

Result<void> DetectStage::Restore(std::string_view snapshot) { return passes_.Restore(snapshot); }

}  // namespace trucewatch
