// SPDX-License-Identifier: Apache-2.0
#include "detect/detect_stage.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "core/types/source_notes.h"
#include "detect/parked_look_codec.h"
#include "detect/segment.h"
#include "trucewatch/v1/detect_snapshot.pb.h"

namespace trucewatch {
namespace {

constexpr std::uint32_t kSnapshotVersion = 1;

// What becomes of one input.
struct Output {
  std::vector<std::string> payloads = {};
  std::optional<v1::Scene> scene = {};         // to be looked at in its turn
  std::optional<v1::VideoSegment> video = {};  // is being looked at; without access units
  Duration length = {};
  std::string seen_by = {};  // the source of a look that is passed on
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

std::string SegmentFault(const v1::VideoSegment& segment, const std::string& format,
                         std::int64_t time_us, const std::string& reason) {
  DataFault fault;
  fault.source = {segment.source_id()};
  fault.time = Instant::FromMicros(time_us);
  fault.format = format;
  fault.reason = reason;
  return FaultPayload(fault);
}

// Of what a worker could not take: what it was, so that it can be found and looked into.
std::string RefusedText(const char* what, const std::string& refusal, std::string_view bytes) {
  return fmt::format("{} refused: its worker {}; {} bytes with SHA-256 {}", what, refusal,
                     bytes.size(), HexEncode(Sha256(bytes)));
}

std::int64_t FirstTime(const v1::VideoSegment& segment) {
  std::int64_t first = segment.frames_size() == 0 ? 0 : segment.frames(0).time_us();
  for (const auto& frame : segment.frames()) first = std::min(first, frame.time_us());
  return first;
}

std::int64_t LastTime(const v1::VideoSegment& segment) {
  std::int64_t last = segment.frames_size() == 0 ? 0 : segment.frames(0).time_us();
  for (const auto& frame : segment.frames()) last = std::max(last, frame.time_us());
  return last;
}

std::string WatermarkOf(const v1::VideoSegment& segment) {
  v1::Envelope envelope;
  envelope.mutable_watermark()->set_source_id(segment.source_id());
  envelope.mutable_watermark()->set_time_us(LastTime(segment));
  return SerializeEnvelope(envelope);
}

// The look that a skipped segment would have been.
std::string SkippedLook(const v1::VideoSegment& segment) {
  v1::Envelope envelope;
  v1::ObservationSet& set = *envelope.mutable_observation_set();
  set.set_source_id(segment.source_id());
  *set.mutable_lineage() = segment.lineage();
  set.set_time_us(LastTime(segment));
  set.set_frame_index(std::max(0, segment.frames_size() - 1));
  set.set_exercise(segment.exercise());
  set.set_degraded_reason(
      fmt::format("{}{} frames skipped", kSkippedReason, segment.frames_size()));
  *set.mutable_raw_digests() = segment.raw_digests();
  return SerializeEnvelope(envelope);
}

// A worker has read hostile bytes: what it says is taken only as far as it is about its own input.
bool IsAbout(const v1::VideoSegment& segment, const v1::DetectJobResult& result) {
  std::int64_t last_us = FirstTime(segment);
  const std::int64_t end_us = LastTime(segment);
  for (const std::string& payload : result.payloads()) {
    const auto envelope = ParseEnvelope(payload);
    if (!envelope) return false;
    if (envelope->has_data_fault() && envelope->data_fault().source_id() == segment.source_id()) {
      continue;
    }
    if (!envelope->has_observation_set()) return false;
    const v1::ObservationSet& set = envelope->observation_set();
    if (set.source_id() != segment.source_id() || set.exercise() != segment.exercise() ||
        set.time_us() < last_us || set.time_us() > end_us ||
        !std::equal(set.raw_digests().begin(), set.raw_digests().end(),
                    segment.raw_digests().begin(), segment.raw_digests().end())) {
      return false;
    }
    last_us = set.time_us();
    v1::Lineage lineage = set.lineage();
    if (!lineage.model().starts_with(segment.lineage().model())) return false;
    lineage.set_model(segment.lineage().model());
    if (lineage.SerializeAsString() != segment.lineage().SerializeAsString()) return false;
    if (!FromProto(set)) return false;
  }
  return true;
}

std::string NotePayload(const v1::VideoSegment& segment, Instant time, std::string reason) {
  SourceStatus status;
  status.source = {segment.source_id()};
  status.time = time;
  status.reason = std::move(reason);
  v1::Envelope envelope;
  *envelope.mutable_source_status() = ToProto(status);
  return SerializeEnvelope(envelope);
}

// A look at old footage: the source looked, and saw nothing of what was there. Other payloads stay.
void MakeBlind(std::string* payload) {
  auto envelope = ParseEnvelope(*payload);
  if (!envelope || !envelope->has_observation_set()) return;
  v1::ObservationSet& set = *envelope->mutable_observation_set();
  set.set_detection_probability(0);
  set.set_standing_detection_probability(0);
  set.set_group_detection_probability(0);
  set.clear_detections();
  set.clear_groups();
  set.clear_changes();
  set.clear_baseline_time_us();
  set.set_degraded_reason(std::string(kOldFootageReason));
  *payload = SerializeEnvelope(*envelope);
}

// The look as the stage's own input and the worker's pixels have it; nothing when they do not fit.
std::optional<parked::ParkedLook> ParkedLookFrom(const v1::VideoSegment& segment,
                                                 const v1::DetectParkedLook& m) {
  const auto decoded = FromProto(segment);
  if (!decoded || m.frame() >= decoded->frames.size()) return std::nullopt;
  const VideoFrame& frame = decoded->frames[m.frame()];
  if (!frame.pose || !std::isfinite(m.ground_hae_m()) || !std::isfinite(m.ground_sigma_m())) {
    return std::nullopt;
  }
  auto look = ParkedPixels(m);
  if (!look) return std::nullopt;
  look->source = {segment.source_id()};
  look->time = frame.time;
  look->pose = *frame.pose;
  look->pose_sigma = frame.pose_sigma;
  return look;
}

}  // namespace

DetectStage::DetectStage(const v1::config::DetectConfig& config, std::unique_ptr<DetectPool> pool,
                         BlobStore* scenes, LoadMeter* load)
    : config_(config), pool_(std::move(pool)), scenes_(scenes), load_(load) {}

DetectStage::DetectStage(const v1::config::DetectConfig& config,
                         std::unique_ptr<const Terrain> terrain, BlobStore* scenes,
                         std::unique_ptr<const appearance::ImageDetector> looks)
    : DetectStage(config,
                  MakeDetectThreads(
                      {.config = config, .terrain = std::move(terrain), .looks = std::move(looks)},
                      config.threads()),
                  scenes) {}

bool DetectStage::TakeAnswer(const std::string& answer, const v1::VideoSegment& segment,
                             std::vector<std::string>* payloads) {
  v1::DetectJobResult result;
  if (!result.ParseFromString(answer) || !IsAbout(segment, result)) return false;
  for (const v1::DetectParkedLook& look : result.parked()) {
    if (look.payload() >= static_cast<std::uint32_t>(result.payloads_size())) return false;
  }
  const bool was_old = footage_.IsOld({segment.source_id()});
  if (!TakePrints(result, segment, payloads)) return false;
  const bool old = was_old || footage_.IsOld({segment.source_id()});
  const std::size_t before = payloads->size();
  for (const std::string& payload : result.payloads()) {
    payloads->push_back(payload);
    if (old) MakeBlind(&payloads->back());
  }
  for (const v1::DetectParkedLook& look : result.parked()) {
    if (!old) AddParked(segment, look, &(*payloads)[before + look.payload()]);
  }
  counts_ += CountsFrom(result.counts());
  return true;
}

bool DetectStage::TakePrints(const v1::DetectJobResult& result, const v1::VideoSegment& segment,
                             std::vector<std::string>* payloads) {
  for (const v1::DetectPrint& from : result.prints()) {
    footage::FootagePrint print;
    if (from.grey().size() != print.grey.size() ||
        from.frame() >= static_cast<std::uint32_t>(segment.frames_size())) {
      return false;
    }
    std::copy(from.grey().begin(), from.grey().end(), print.grey.begin());
    const Instant time =
        Instant::FromMicros(segment.frames(static_cast<int>(from.frame())).time_us());
    const auto changed = footage_.Add({segment.source_id()}, time, print);
    if (!changed) continue;
    payloads->push_back(NotePayload(
        segment, time,
        changed->empty() ? std::string(kNewFootageNote) : std::string(kOldFootageNote) + *changed));
  }
  return true;
}

void DetectStage::AddParked(const v1::VideoSegment& segment, const v1::DetectParkedLook& message,
                            std::string* payload) {
  const auto look = ParkedLookFrom(segment, message);
  auto envelope = ParseEnvelope(*payload);
  if (!look || !envelope || !envelope->has_observation_set()) return;
  // The ground is flat within a picture for what is parked.
  const parked::ParkedUpdate update = parked_.Add(
      *look, FlatTerrain(message.ground_hae_m(), std::max(0.0, message.ground_sigma_m())));
  if (update.changes.empty()) return;
  auto set = FromProto(envelope->observation_set());
  if (!set) return;
  set->changes = update.changes;
  set->baseline = update.baseline;
  *envelope->mutable_observation_set() = ToProto(*set);
  *payload = SerializeEnvelope(*envelope);
}

Result<std::vector<std::vector<std::string>>> DetectStage::Handle(
    std::span<const LogRecord> inputs) {
  std::vector<Output> outputs(inputs.size());
  std::vector<DetectTask> tasks;
  std::vector<std::size_t> input_of_task;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Output& output = outputs[i];
    auto envelope = ParseEnvelope(inputs[i].payload);
    if (!envelope) {
      output.payloads = {Unreadable(inputs[i], envelope.error().message)};
      continue;
    }
    if (envelope->has_source_status()) {
      if (const auto status = FromProto(envelope->source_status())) thinning_.Note(*status);
    }
    if (!envelope->has_video_segment()) {
      output.payloads = {inputs[i].payload};
      if (envelope->has_observation_set()) output.seen_by = envelope->observation_set().source_id();
      if (envelope->has_scene()) output.scene = std::move(*envelope->mutable_scene());
      continue;
    }
    v1::VideoSegment& segment = *envelope->mutable_video_segment();
    const auto sound = FromProto(segment);
    for (auto& frame : *segment.mutable_frames()) frame.clear_access_unit();
    if (!sound) {
      output.payloads = {
          SegmentFault(segment, "video_segment", LastTime(segment), sound.error().message)};
    } else if (!thinning_.LooksAt({segment.source_id()})) {
      if (segment.frames_size() > 0) output.payloads = {SkippedLook(segment)};
    } else {
      v1::DetectJob job;
      job.set_segment(inputs[i].payload);
      tasks.push_back({.stream = {segment.source_id()}, .job = job.SerializeAsString()});
      input_of_task.push_back(i);
      output.length = Duration::Micros(LastTime(segment) - FirstTime(segment));
      output.video = std::move(segment);
      continue;
    }
    if (segment.frames_size() > 0) output.payloads.push_back(WatermarkOf(segment));
  }

  TW_ASSIGN_OR_RETURN(
      const std::vector<JobEnd> ends, pool_->Do(tasks, [&](std::size_t task, const JobEnd& end) {
        if (load_ == nullptr) return;
        load_->Add(tasks[task].stream, outputs[input_of_task[task]].length, end.cpu);
      }));
  std::size_t task = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const LogRecord& input = inputs[i];
    Output& output = outputs[i];
    // Detections that came with old pictures are as old.
    if (footage_.IsOld({output.seen_by})) MakeBlind(&output.payloads.front());
    if (task == ends.size() || input_of_task[task] != i) continue;
    const JobEnd& end = ends[task++];
    std::string refusal = end.refusal;
    if (end.answer && !TakeAnswer(*end.answer, *output.video, &output.payloads)) {
      refusal = "said what is no answer about it";
    }
    if (!refusal.empty()) {
      output.payloads = {SegmentFault(*output.video, output.video->codec(),
                                      FirstTime(*output.video),
                                      RefusedText("segment", refusal, input.payload))};
    }
    if (output.video->frames_size() > 0) output.payloads.push_back(WatermarkOf(*output.video));
  }
  std::vector<std::vector<std::string>> result;
  for (Output& output : outputs) {
    if (output.scene && config_.has_satellite() && scenes_ != nullptr) {
      TW_ASSIGN_OR_RETURN(std::string payload, HandleScene(*output.scene));
      output.payloads = {std::move(payload)};
    }
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
  v1::DetectJob job;
  DetectTask task{.stream = scene->source, .job = {}};
  const auto add = [&](const Scene& of, v1::DetectScene* out) -> Result<void> {
    TW_ASSIGN_OR_RETURN(auto image, scenes_->Open(of.sha256));
    task.files.push_back(std::move(image));
    *out->mutable_scene() = ToProto(of);
    for (const SceneInput& input : of.inputs) {
      if (input.role != "rpc") continue;  // a sensor model that came beside the image
      TW_ASSIGN_OR_RETURN(const auto rpc, scenes_->Open(input.sha256));
      TW_ASSIGN_OR_RETURN(*out->mutable_rpc_text(), rpc->ReadAt(0, input.size_bytes));
    }
    return {};
  };
  TW_RETURN_IF_ERROR(add(*scene, job.mutable_scene()));
  if (const Scene* earlier = passes_.EarlierPass(*scene)) {
    TW_RETURN_IF_ERROR(add(*earlier, job.mutable_earlier()));
  }
  task.job = job.SerializeAsString();
  TW_ASSIGN_OR_RETURN(const std::vector<JobEnd> ends, pool_->Do({&task, 1}));
  if (!ends[0].answer) {
    return fault(fmt::format("refused: its worker {}; image with SHA-256 {}", ends[0].refusal,
                             HexEncode(scene->sha256)));
  }
  v1::DetectJobResult result;
  if (result.ParseFromString(*ends[0].answer)) {
    if (!result.scene_fault().empty()) return fault(result.scene_fault());
    const auto envelope = result.payloads_size() == 1 ? ParseEnvelope(result.payloads(0))
                                                      : Result<v1::Envelope>(v1::Envelope());
    if (envelope && envelope->has_observation_set() &&
        envelope->observation_set().source_id() == message.source_id() &&
        envelope->observation_set().time_us() == message.time_us() &&
        envelope->observation_set().exercise() == message.exercise() &&
        FromProto(envelope->observation_set())) {
      passes_.Add(*scene);  // whose pixels are known to be sound
      return result.payloads(0);
    }
  }
  return fault(
      fmt::format("refused: its worker said what is no answer about it; image with "
                  "SHA-256 {}",
                  HexEncode(scene->sha256)));
}

Result<std::string> DetectStage::Snapshot() const {
  const std::string sites = parked_.Snapshot();
  if (passes_.empty() && thinning_.empty() && footage_.empty() && sites.empty()) return "";
  v1::DetectSnapshot snapshot;
  snapshot.set_version(kSnapshotVersion);
  passes_.Write(&snapshot);
  thinning_.Write(&snapshot);
  footage_.Write(&snapshot);
  // Serialised messages one after the other are their union.
  return snapshot.SerializeAsString() + sites;
}

Result<void> DetectStage::Restore(std::string_view bytes) {
  v1::DetectSnapshot snapshot;
  if (!bytes.empty() && (!snapshot.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
                         snapshot.version() != kSnapshotVersion)) {
    return Fail(ErrorCode::kBadInput,
                "the detect stage's snapshot of {} bytes is not one of version {}", bytes.size(),
                kSnapshotVersion);
  }
  parked::ParkedBook parked;
  TW_RETURN_IF_ERROR(parked.Restore(bytes));
  TW_RETURN_IF_ERROR(passes_.Read(snapshot));
  TW_RETURN_IF_ERROR(footage_.Read(snapshot));
  parked_ = std::move(parked);
  thinning_.Read(snapshot);
  return {};
}

}  // namespace trucewatch
