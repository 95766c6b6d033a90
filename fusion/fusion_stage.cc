// SPDX-License-Identifier: Apache-2.0
#include "fusion/fusion_stage.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/types/codec.h"
#include "fusion/look_codec.h"
#include "fusion/snapshot.h"

namespace trucewatch {
namespace {

// Without a look for this long nothing new can be said: pictures pause until the next one.
constexpr Duration kLongestSilence = Duration::Seconds(600);

TrackerOptions TrackerOptionsFor(const v1::config::FusionConfig& config) {
  TrackerOptions options;
  options.confirm_existence = config.confirm_existence();
  options.delete_existence = config.delete_existence();
  options.max_existence = std::max(options.max_existence, config.confirm_existence());
  return options;
}

GroupOptions GroupOptionsFor(const v1::config::FusionConfig& config) {
  GroupOptions options;
  options.distance_m = config.group_distance_m();
  options.speed_mps = config.group_speed_mps();
  options.min_count = static_cast<int>(config.group_min_count());
  return options;
}

// First time of the picture grid (whole periods since 1970) not before `time`.
Instant OnGridFrom(Instant time, Duration period) {
  const std::int64_t p = period.micros();
  std::int64_t k = time.micros() / p;
  if (k * p < time.micros()) ++k;
  return Instant::FromMicros(k * p);
}

std::string Fault(const SourceId& source, Instant time, const std::string& format,
                  std::string reason) {
  v1::Envelope envelope;
  *envelope.mutable_data_fault() = ToProto(DataFault{.source = source,
                                                     .time = time,
                                                     .format = format,
                                                     .source_offset = 0,
                                                     .reason = std::move(reason)});
  return SerializeEnvelope(envelope);
}

Result<ConvertedLook> LookFromEnvelope(const v1::Envelope& envelope, const LocalFrame& frame) {
  if (envelope.payload_case() == v1::Envelope::kRadarDwell) {
    TW_ASSIGN_OR_RETURN(const RadarDwell dwell, FromProto(envelope.radar_dwell()));
    return LookFromRadarDwell(dwell, frame);
  }
  TW_ASSIGN_OR_RETURN(const ObservationSet set, FromProto(envelope.observation_set()));
  return LookFromObservationSet(set, frame);
}

}  // namespace

FusionStage::FusionStage(const Options& options)
    : options_(options),
      frame_(options.origin),
      period_(Duration::FromSeconds(options.config.picture_period_s())),
      hold_({.hold = Duration::FromSeconds(options.config.hold_s())}),
      tracker_(TrackerOptionsFor(options.config)),
      groups_(GroupOptionsFor(options.config)) {
  config_key_ = ConfigKey(options.config, options.origin);
}

Result<std::unique_ptr<FusionStage>> FusionStage::Create(const Options& options) {
  const v1::config::FusionConfig& c = options.config;
  const auto in = [](double value, double low, double high) {
    return value >= low && value <= high;
  };
  if (!in(c.hold_s(), 0, 600) || !in(c.picture_period_s(), 0.1, 60) ||
      !in(c.group_distance_m(), 1, 5000) || !in(c.group_speed_mps(), 0.1, 50) ||
      !in(c.group_min_count(), 2, 1000) || !in(c.confirm_existence(), 0.5, 0.9999) ||
      !in(c.delete_existence(), 1e-6, c.confirm_existence())) {
    return Fail(ErrorCode::kBadInput,
                "fusion config out of range: hold_s 0..600, picture_period_s 0.1..60, "
                "group_distance_m 1..5000, group_speed_mps 0.1..50, group_min_count 2..1000, "
                "confirm_existence 0.5..0.9999, delete_existence 1e-6..confirm_existence");
  }
  return std::unique_ptr<FusionStage>(new FusionStage(options));
}

Result<std::vector<std::vector<std::string>>> FusionStage::Handle(
    std::span<const LogRecord> inputs) {
  std::vector<std::vector<std::string>> result;
  result.reserve(inputs.size());
  for (const LogRecord& record : inputs) {
    Outputs& outputs = result.emplace_back();
    HandleOne(record, outputs);
    Settle(outputs);
  }
  return result;
}

void FusionStage::HandleOne(const LogRecord& record, Outputs& outputs) {
  const Result<v1::Envelope> envelope = ParseEnvelope(record.payload);
  if (!envelope) {
    ++counts_.refused;
    outputs.push_back(
        Fault({}, hold_.released().value_or(Instant()), "envelope",
              fmt::format("record {}: {}", record.sequence, envelope.error().message)));
    return;
  }
  switch (envelope->payload_case()) {
    case v1::Envelope::kRadarDwell:
    case v1::Envelope::kObservationSet:
      Hold(*envelope, record.payload, outputs);
      return;
    case v1::Envelope::kWatermark: {
      const SourceId source{envelope->watermark().source_id()};
      const Instant time = Instant::FromMicros(envelope->watermark().time_us());
      if (!hold_.Watermark(source, time)) {
        ++counts_.refused;
        outputs.push_back(Fault(source, time, "watermark", "a day ahead of all measurements"));
      }
      return;
    }
    case v1::Envelope::kSourceStatus:
      if (const auto status = FromProto(envelope->source_status())) hold_.Status(*status);
      // What was waiting comes before the word that the last source has ended: then the end is the
      // end for whoever reads on.
      if (hold_.NothingLive()) Settle(outputs);
      outputs.push_back(record.payload);
      return;
    case v1::Envelope::kMissionHeader:
      exercise_ = exercise_ || envelope->mission_header().exercise();
      outputs.push_back(record.payload);
      return;
    default:
      outputs.push_back(record.payload);
      return;
  }
}

void FusionStage::Hold(const v1::Envelope& envelope, const std::string& payload, Outputs& outputs) {
  const bool radar = envelope.payload_case() == v1::Envelope::kRadarDwell;
  const std::string format = radar ? "radar_dwell" : "observation_set";
  const SourceId source{radar ? envelope.radar_dwell().source_id()
                              : envelope.observation_set().source_id()};
  const Instant time = Instant::FromMicros(radar ? envelope.radar_dwell().time_us()
                                                 : envelope.observation_set().time_us());
  const auto fault = [&](std::string reason) {
    outputs.push_back(Fault(source, time, format, std::move(reason)));
  };
  // Checked on arrival; converted again on release, so that only the message need be kept.
  const Result<ConvertedLook> look = LookFromEnvelope(envelope, frame_);
  if (!look) {
    ++counts_.refused;
    fault(look.error().message);
    return;
  }
  switch (hold_.Add({.time = time,
                     .source = source,
                     .index = radar ? 0 : envelope.observation_set().frame_index(),
                     .payload = payload})) {
    case HoldBuffer::Verdict::kHeld:
      if (look->refused_plots > 0) {
        counts_.refused += look->refused_plots;
        fault(fmt::format("{} reports outside the mission area or without a usable covariance",
                          look->refused_plots));
      }
      return;
    case HoldBuffer::Verdict::kLate:
      ++counts_.late;
      fault(fmt::format("later than the hold: everything before {} is settled",
                        FormatUtc(*hold_.released())));
      return;
    case HoldBuffer::Verdict::kRepeated:
      ++counts_.repeated;
      fault("repeats a measurement that is being held");
      return;
    case HoldBuffer::Verdict::kTooFar:
      ++counts_.refused;
      fault("a day ahead of all other measurements");
      return;
    case HoldBuffer::Verdict::kFull:
      ++counts_.refused;
      fault("the hold buffer is full: a live source has been silent for too long");
      return;
  }
}

void FusionStage::Settle(Outputs& outputs) {
  std::optional<Instant> horizon = hold_.Horizon();
  if (!horizon) return;
  // Nothing is waited for any more: the picture that shows the last looks is settled too.
  if (hold_.NothingLive() && hold_.newest()) {
    const Instant last = OnGridFrom(*hold_.newest(), period_);
    horizon = std::max(*horizon, last + Duration::Micros(1));
  }
  if (hold_.released() && *horizon <= *hold_.released()) return;
  for (const HeldMeasurement& held : hold_.Release(*horizon)) {
    const Result<v1::Envelope> envelope = ParseEnvelope(held.payload);
    if (!envelope) continue;  // it was read on arrival
    const Result<ConvertedLook> look = LookFromEnvelope(*envelope, frame_);
    if (!look) continue;
    EmitPictures(held.time, outputs);
    if (!next_picture_) next_picture_ = OnGridFrom(held.time, period_);
    exercise_ = exercise_ || look->look.exercise;
    last_look_ = held.time;
    tracker_.Process(look->look);
  }
  EmitPictures(*horizon, outputs);
}

void FusionStage::EmitPictures(Instant before, Outputs& outputs) {
  if (!next_picture_) return;
  while (*next_picture_ < before) {
    if (last_look_ && *next_picture_ - *last_look_ > kLongestSilence) {
      next_picture_ = std::max(*next_picture_, OnGridFrom(before, period_));
      return;
    }
    EmitPicture(*next_picture_, outputs);
    next_picture_ = *next_picture_ + period_;
  }
}

void FusionStage::EmitPicture(Instant time, Outputs& outputs) {
  std::vector<TrackEstimate> tracks = tracker_.Estimates(time);
  counts_.withheld += static_cast<std::uint64_t>(std::erase_if(
      tracks, [](const TrackEstimate& track) { return IsLikelyPeople(track.classes); }));
  Picture picture{.time = time, .settled = true, .exercise = exercise_, .tracks = {}, .groups = {}};
  for (const TrackEstimate& track : tracks) {
    picture.tracks.push_back(TrackFromEstimate(track, frame_));
  }
  for (const GroupEstimate& group : groups_.Update(time, tracks)) {
    picture.groups.push_back(GroupFromEstimate(group, frame_));
  }
  v1::Envelope envelope;
  *envelope.mutable_picture() = ToProto(picture);
  outputs.push_back(SerializeEnvelope(envelope));
  ++counts_.pictures;
}

Result<std::string> FusionStage::Snapshot() const {
  v1::FusionSnapshot message;
  message.set_version(kSnapshotVersion);
  message.set_config(config_key_);
  *message.mutable_hold() = ToProto(hold_);
  *message.mutable_tracker() = ToProto(tracker_);
  *message.mutable_groups() = ToProto(groups_);
  if (next_picture_) message.set_next_picture_us(next_picture_->micros());
  if (last_look_) message.set_last_look_us(last_look_->micros());
  message.set_exercise(exercise_);
  v1::FusionCounts* counts = message.mutable_counts();
  counts->set_late(counts_.late);
  counts->set_repeated(counts_.repeated);
  counts->set_refused(counts_.refused);
  counts->set_withheld(counts_.withheld);
  counts->set_pictures(counts_.pictures);
  return message.SerializeAsString();
}

Result<void> FusionStage::Restore(std::string_view snapshot) {
  v1::FusionSnapshot message;
  if (!message.ParseFromArray(snapshot.data(), static_cast<int>(snapshot.size()))) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: {} bytes that are none", snapshot.size());
  }
  if (message.version() != kSnapshotVersion) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: version {}; expected {}", message.version(),
                kSnapshotVersion);
  }
  if (message.config() != config_key_) {
    return Fail(ErrorCode::kBadInput,
                "fusion snapshot: made with another fusion config or mission origin; replay the "
                "journal from its start instead");
  }
  // Into copies first: no partial result on error.
  HoldBuffer hold = hold_;
  Tracker tracker = tracker_;
  GroupTracker groups = groups_;
  TW_RETURN_IF_ERROR(RestoreFrom(message.hold(), hold));
  TW_RETURN_IF_ERROR(RestoreFrom(message.tracker(), tracker));
  TW_RETURN_IF_ERROR(RestoreFrom(message.groups(), groups));
  hold_ = std::move(hold);
  tracker_ = std::move(tracker);
  groups_ = std::move(groups);
  next_picture_.reset();
  last_look_.reset();
  if (message.has_next_picture_us()) {
    next_picture_ = Instant::FromMicros(message.next_picture_us());
  }
  if (message.has_last_look_us()) last_look_ = Instant::FromMicros(message.last_look_us());
  exercise_ = message.exercise();
  counts_ = {.late = message.counts().late(),
             .repeated = message.counts().repeated(),
             .refused = message.counts().refused(),
             .withheld = message.counts().withheld(),
             .pictures = message.counts().pictures()};
  return {};
}

}  // namespace trucewatch
