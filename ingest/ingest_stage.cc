// SPDX-License-Identifier: Apache-2.0
#include "ingest/ingest_stage.h"

#include <utility>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "core/types/source_notes.h"

namespace trucewatch {
namespace {

// Reasons quote what a source says, and a message holds nothing but UTF-8: other bytes become '?'.
std::string CleanText(std::string text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = byte(i);
    const std::size_t size = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
    bool good = size > 0 && i + size <= text.size();
    for (std::size_t k = 1; good && k < size; ++k) good = (byte(i + k) & 0xC0U) == 0x80;
    // RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
    if (good && lead == 0xE0) good = byte(i + 1) >= 0xA0;
    if (good && lead == 0xED) good = byte(i + 1) < 0xA0;
    if (good && lead == 0xF0) good = byte(i + 1) >= 0x90;
    if (good && lead == 0xF4) good = byte(i + 1) < 0x90;
    if (!good) text[i] = '?';
    i += good ? size : 1;
  }
  return text;
}

std::string Serialize(const FeedItem& item) {
  v1::Envelope envelope;
  if (const auto* segment = std::get_if<VideoSegment>(&item)) {
    *envelope.mutable_video_segment() = ToProto(*segment);
  } else if (const auto* look = std::get_if<ObservationSet>(&item)) {
    *envelope.mutable_observation_set() = ToProto(*look);
  } else if (const auto* dwell = std::get_if<RadarDwell>(&item)) {
    *envelope.mutable_radar_dwell() = ToProto(*dwell);
  } else if (const auto* scene = std::get_if<Scene>(&item)) {
    *envelope.mutable_scene() = ToProto(*scene);
  } else if (const auto* human = std::get_if<HumanRecord>(&item)) {
    *envelope.mutable_human_record() = ToProto(*human);
  } else {
    DataFault fault = std::get<DataFault>(item);
    fault.reason = CleanText(std::move(fault.reason));
    *envelope.mutable_data_fault() = ToProto(fault);
  }
  return SerializeEnvelope(envelope);
}

std::string Serialize(SourceStatus status) {
  status.reason = CleanText(std::move(status.reason));
  v1::Envelope envelope;
  *envelope.mutable_source_status() = ToProto(status);
  return SerializeEnvelope(envelope);
}

}  // namespace

IngestStage::IngestStage(v1::config::MissionConfig config, const Terrain* terrain)
    : config_(std::move(config)), terrain_(terrain) {}

Result<std::unique_ptr<IngestStage>> IngestStage::Create(v1::config::MissionConfig config,
                                                         const Terrain* terrain,
                                                         BlobStore* scenes) {
  std::unique_ptr<IngestStage> stage(new IngestStage(std::move(config), terrain));
  if (stage->config_.has_keys()) stage->keys_ = std::make_unique<KeyBook>();
  for (const v1::config::SourceConfig& source : stage->config_.source()) {
    TW_ASSIGN_OR_RETURN(auto feed,
                        MakeFeed({.source = &source,
                                  .terrain_config = &stage->config_.terrain(),
                                  .terrain = terrain,
                                  .ground_height_hae_m = stage->config_.origin_height_hae_m(),
                                  .scenes = scenes,
                                  .keys = stage->keys_.get()}));
    Source& made = stage->sources_[SourceId{source.id()}];
    made.feed = std::move(feed);
  }
  return stage;
}

Result<std::vector<std::vector<std::string>>> IngestStage::Handle(
    std::span<const LogRecord> inputs) {
  std::vector<std::vector<std::string>> outputs;
  outputs.reserve(inputs.size());
  for (const LogRecord& input : inputs) {
    // The journal is ours: bytes in it that are no envelope mean that it is broken.
    auto envelope = ParseEnvelope(input.payload);
    if (!envelope) {
      return Prefix(fmt::format("journal record {}", input.sequence), envelope.error());
    }
    if (envelope->has_mission_header()) {
      const auto begun = BeginKeys(envelope->mission_header());
      if (!begun) return Prefix(fmt::format("journal record {}", input.sequence), begun.error());
    }
    if (!envelope->has_raw_record()) {
      outputs.push_back({input.payload});
      continue;
    }
    auto output = HandleRaw(envelope->raw_record());
    if (!output) return Prefix(fmt::format("journal record {}", input.sequence), output.error());
    outputs.push_back(std::move(*output));
  }
  return outputs;
}

Result<void> IngestStage::BeginKeys(const v1::MissionHeader& header) {
  if (keys_ == nullptr || keys_->has_begun()) return {};
  return keys_->Begin(
      config_.evidence().ledger_origin(), config_.keys().first_sha256(),
      std::vector<std::string>(header.key_set_note().begin(), header.key_set_note().end()));
}

FeedItem IngestStage::Admit(FeedItem item, const RawRecord& record) const {
  if (config_.status() != v1::config::OPERATIONAL) return item;
  const auto refuse = [&](Instant time, const char* format, const char* what) {
    return FeedItem(DataFault{record.source, time, format, record.source_offset,
                              fmt::format("{} is marked as an exercise; an operational mission "
                                          "refuses it",
                                          what)});
  };
  if (const auto* dwell = std::get_if<RadarDwell>(&item); dwell && dwell->exercise) {
    const bool asterix = dwell->lineage.modality == Modality::kRadarSurveillance;
    return refuse(dwell->time, asterix ? "asterix" : "stanag4607", "radar dwell");
  }
  if (const auto* scene = std::get_if<Scene>(&item); scene && scene->exercise) {
    return refuse(scene->time, "stac", "satellite scene");
  }
  if (const auto* human = std::get_if<HumanRecord>(&item); human && human->exercise) {
    return refuse(human->reported, "human_record", "human record");
  }
  if (const auto* segment = std::get_if<VideoSegment>(&item); segment && segment->exercise) {
    const Instant time =
        segment->frames.empty() ? record.receive_time : segment->frames.front().time;
    return refuse(time, "st0601", "video segment");
  }
  if (const auto* look = std::get_if<ObservationSet>(&item); look && look->exercise) {
    return refuse(look->time, "st0903", "VMTI set");
  }
  return item;
}

Result<std::vector<std::string>> IngestStage::HandleRaw(const v1::RawRecord& message) {
  TW_ASSIGN_OR_RETURN(RawRecord record, FromProto(message));
  std::vector<std::string> outputs;
  const auto status = [&](SourceState state, std::string reason) {
    outputs.push_back(
        Serialize(SourceStatus{record.source, record.receive_time, state, std::move(reason)}));
  };
  const auto found = sources_.find(record.source);
  if (found == sources_.end() || found->second.ended) {
    outputs.push_back(Serialize(
        FeedItem(DataFault{record.source, record.receive_time, "journal", record.source_offset,
                           found == sources_.end() ? "the mission config has no such source"
                                                   : "a record after the end of its source"})));
    return outputs;
  }
  if (keys_ != nullptr && !keys_->has_begun()) {
    return Fail(ErrorCode::kCheckFailed, "a record before the mission header with its key set");
  }
  Source& source = found->second;
  // The bytes of a last record are why the source ended, and nothing of the source's.
  std::string end_reason;
  if (record.end_of_source) std::swap(end_reason, record.bytes);
  // A source that could not be opened ends without having started.
  if (!source.started && (end_reason.empty() || record.source_sequence > 1)) {
    source.started = true;
    status(SourceState::kStarted, "first record");
  }
  TW_ASSIGN_OR_RETURN(auto items, source.feed->Push(record, Sha256(record.bytes)));
  if (const auto sensor_time = source.feed->NewestSensorTime()) {
    if (auto changed = source.clock.Add(*sensor_time, record.receive_time)) {
      status(
          SourceState::kUnspecified,
          std::string(source.clock.trusted() ? kClockTrustedNote : kClockDoubtedNote) + *changed);
    }
  }
  std::size_t faults = 0;
  for (FeedItem& item : items) {
    item = Admit(std::move(item), record);
    if (const auto* segment = std::get_if<VideoSegment>(&item)) {
      for (const VideoFrame& frame : segment->frames) {
        if (!frame.pose) continue;
        if (auto changed = source.position.Add(frame.time, frame.pose->position)) {
          status(
              SourceState::kUnspecified,
              std::string(source.position.trusted() ? kPositionTrustedNote : kPositionDoubtedNote) +
                  *changed);
        }
      }
    }
    if (std::holds_alternative<DataFault>(item) && ++faults > kMaxFaultsPerRecord) continue;
    outputs.push_back(Serialize(item));
  }
  if (faults > kMaxFaultsPerRecord) {
    outputs.push_back(Serialize(FeedItem(
        DataFault{record.source, record.receive_time, "journal", record.source_offset,
                  fmt::format("{} more faults in this record", faults - kMaxFaultsPerRecord)})));
  }
  if (record.end_of_source) {
    // A source that broke off, or never was there, is input that could not be used.
    if (!end_reason.empty() && !end_reason.starts_with("end of the recording")) {
      outputs.push_back(Serialize(FeedItem(DataFault{record.source, record.receive_time, "source",
                                                     record.source_offset, end_reason})));
    }
    std::string reason = end_reason.empty() ? "end of the recording" : end_reason;
    std::string account = source.started ? source.feed->Account() : std::string();
    if (const std::string clock = source.clock.Account(); !clock.empty()) {
      account += (account.empty() ? "" : "; ") + clock;
    }
    if (!account.empty()) reason += ": " + account;
    source.ended = true;
    source.feed.reset();
    status(SourceState::kEnded, std::move(reason));
  }
  return outputs;
}

Result<std::string> IngestStage::Snapshot() const {
  return Fail(ErrorCode::kUnavailable, "ingest has no snapshot: feed it from its first record");
}

Result<void> IngestStage::Restore(std::string_view) {
  return Fail(ErrorCode::kUnavailable, "ingest has no snapshot: feed it from its first record");
}

}  // namespace trucewatch
