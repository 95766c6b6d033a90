// SPDX-License-Identifier: Apache-2.0
#include "fusion/fusion_stage.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/types/codec.h"
#include "fusion/look_codec.h"
#include "fusion/snapshot.h"
#include "fusion/stage_options.h"

namespace trucewatch {
namespace {

// Without a look for this long nothing new can be said: pictures pause until the next one.
constexpr Duration kLongestSilence = Duration::Seconds(600);

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

// One measurement as the tracker and as verify want it.
struct ReadLook {
  ConvertedLook converted;
  SettledLook settled;
};

Result<ReadLook> LookFromEnvelope(const v1::Envelope& envelope, const LocalFrame& frame) {
  ReadLook read;
  if (envelope.payload_case() == v1::Envelope::kRadarDwell) {
    TW_ASSIGN_OR_RETURN(const RadarDwell dwell, FromProto(envelope.radar_dwell()));
    TW_ASSIGN_OR_RETURN(read.converted, LookFromRadarDwell(dwell, frame));
    read.settled = SettledFromRadarDwell(dwell);
    return read;
  }
  TW_ASSIGN_OR_RETURN(const ObservationSet set, FromProto(envelope.observation_set()));
  TW_ASSIGN_OR_RETURN(read.converted, LookFromObservationSet(set, frame));
  read.settled = SettledFromObservationSet(set);
  return read;
}

std::string LookEnvelope(const SettledLook& look) {
  v1::Envelope envelope;
  *envelope.mutable_settled_look() = ToProto(look);
  return SerializeEnvelope(envelope);
}

}  // namespace

FusionStage::FusionStage(const Options& options)
    : options_(options),
      frame_(options.origin),
      period_(Duration::FromSeconds(options.config.picture_period_s())),
      hold_(HoldOptionsFor(options)),
      tracker_(TrackerOptionsFor(options.config)),
      ahead_(AheadFor(options.config)),
      smoother_(SmootherOptionsFor(options.config)),
      groups_(GroupOptionsFor(options.config)),
      book_(GroupBookOptions{}),
      late_(LateOptionsFor(options.config)),
      live_(std::max(Duration::FromSeconds(options.config.hold_s()), period_), frame_) {
  config_key_ = ConfigKey(options);
  if (!options.config.reference_source().empty()) {
    registration_.emplace(RegistrationOptions{.reference = {options.config.reference_source()},
                                              .tracker = TrackerOptionsFor(options.config)});
  }
}

Result<std::unique_ptr<FusionStage>> FusionStage::Create(const Options& options) {
  TW_RETURN_IF_ERROR(CheckFusionConfig(options.config));
  std::set<SourceId> ids;
  for (const FusionSource& source : options.sources) {
    if (!ids.insert(source.id).second) {
      return Fail(ErrorCode::kBadInput, "fusion: source '{}' is listed twice", source.id.value);
    }
  }
  const SourceId reference{options.config.reference_source()};
  if (!reference.value.empty() && !ids.empty() && !ids.contains(reference)) {
    return Fail(ErrorCode::kBadInput, "fusion: reference_source '{}' is no source",
                reference.value);
  }
  return std::unique_ptr<FusionStage>(new FusionStage(options));
}

Result<std::vector<std::vector<std::string>>> FusionStage::Handle(
    std::span<const LogRecord> inputs) {
  std::vector<std::vector<std::string>> result;
  result.reserve(inputs.size());
  for (const LogRecord& record : inputs) {
    Outputs& outputs = result.emplace_back();
    const std::optional<Instant> before = hold_.newest();
    HandleOne(record, outputs);
    Settle(outputs);
    const std::optional<Instant> now = hold_.newest();
    if (options_.live_pictures && now && !hold_.NothingLive() &&
        (!before || OnGridFrom(*before, period_) < OnGridFrom(*now, period_))) {
      EmitLive(*now, outputs);
    }
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
  Result<ReadLook> read = LookFromEnvelope(envelope, frame_);
  if (!read) {
    ++counts_.refused;
    fault(read.error().message);
    return;
  }
  const Look& look = read->converted.look;
  const bool sparse = hold_.IsSparse(source) || IsSatellite(look.lineage.modality);
  const auto report_refused = [&] {
    if (read->converted.refused_plots == 0) return;
    counts_.refused += read->converted.refused_plots;
    fault(fmt::format("{} reports outside the mission area or without a usable covariance",
                      read->converted.refused_plots));
  };
  const HeldMeasurement measurement{.time = time,
                                    .source = source,
                                    .index = radar ? 0 : envelope.observation_set().frame_index(),
                                    .payload = payload};
  const HoldBuffer::Verdict verdict = hold_.Add(measurement, sparse);
  if (sparse && (verdict == HoldBuffer::Verdict::kHeld || verdict == HoldBuffer::Verdict::kLate)) {
    if (verdict == HoldBuffer::Verdict::kLate) {
      if (!late_.TakeLook(time, source, payload)) {
        ++counts_.repeated;
        fault("repeats a measurement that was taken before");
        return;
      }
      read->settled.late = true;
      if (settled_to_ && time < *settled_to_) {
        TakeGroups(look);
      } else {
        pending_.insert({.measurement = measurement, .late = false});
        NoteLive(measurement, look);
      }
    } else {
      NoteLive(measurement, look);
    }
    report_refused();
    read->settled.exercise = read->settled.exercise || exercise_;
    outputs.push_back(LookEnvelope(read->settled));
    return;
  }
  switch (verdict) {
    case HoldBuffer::Verdict::kHeld:
      NoteLive(measurement, look);
      report_refused();
      return;
    case HoldBuffer::Verdict::kLate:
      TakeLate(look, std::move(read->settled), measurement, format, outputs);
      report_refused();
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

void FusionStage::TakeLate(const Look& look, SettledLook settled, HeldMeasurement measurement,
                           const std::string& format, Outputs& outputs) {
  const bool out = settled_to_ && look.time < *settled_to_;
  if (out && !late_.Reaches(look.time)) {
    ++counts_.refused;
    outputs.push_back(Fault(
        look.source, look.time, format,
        fmt::format("later than the hold: everything before {} is settled, and what was settled "
                    "at its time is no longer kept",
                    FormatUtc(*hold_.released()))));
    return;
  }
  if (!out && late_waiting_ >= options_.max_late_waiting) {
    ++counts_.refused;
    outputs.push_back(Fault(look.source, look.time, format,
                            "later than the hold, and too many such looks wait already"));
    return;
  }
  if (!late_.TakeLook(look.time, look.source, measurement.payload)) {
    ++counts_.repeated;
    outputs.push_back(
        Fault(look.source, look.time, format, "repeats a measurement that was taken before"));
    return;
  }
  ++counts_.late;
  if (out) {
    EmitLate(look, std::move(settled), outputs);
  } else {
    late_waiting_ += pending_.insert({.measurement = std::move(measurement), .late = true}).second;
  }
}

void FusionStage::EmitLate(const Look& look, SettledLook settled, Outputs& outputs) {
  settled.late = true;
  settled.exercise = settled.exercise || exercise_;
  outputs.push_back(LookEnvelope(settled));
  v1::Envelope envelope;
  *envelope.mutable_late_look() =
      ToProto(LateLook{.source = look.source,
                       .lineage = Marked(look.source, look.lineage),
                       .time = look.time,
                       .exercise = settled.exercise,
                       .reports = static_cast<int>(look.plots.size() + look.groups.size()),
                       .matches = late_.Match(Located(look)),
                       .raw_digests = look.raw_digests});
  outputs.push_back(SerializeEnvelope(envelope));
}

void FusionStage::TakeGroups(const Look& look) {
  counts_.refused += book_.Process(look, [this] { return groups_.NewId(); });
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
    // A picture uses what was measured up to `ahead_` after it, however far the horizon went.
    Emit(held.time - ahead_, outputs);
    static_cast<void>(late_.TakeLook(held.time, held.source, held.payload));
    const Result<v1::Envelope> envelope = ParseEnvelope(held.payload);
    if (!envelope) continue;  // it was read on arrival
    Result<ReadLook> read = LookFromEnvelope(*envelope, frame_);
    if (!read) continue;
    const Look& look = read->converted.look;
    pending_.insert({.measurement = held, .late = false});
    // Of a sparse look only the groups were waiting for their time.
    if (hold_.IsSparse(held.source) || IsSatellite(look.lineage.modality)) continue;
    if (!next_picture_) next_picture_ = OnGridFrom(held.time, period_);
    Track(held, look, outputs);
  }
  TrackAligned(hold_.NothingLive() ? std::nullopt : horizon);
  Emit(hold_.NothingLive() ? *horizon : *horizon - ahead_, outputs);
}

void FusionStage::Emit(Instant before, Outputs& outputs) {
  while (!pending_.empty() && pending_.begin()->measurement.time < before) {
    const Pending next = std::move(pending_.extract(pending_.begin()).value());
    if (next.late) --late_waiting_;
    const Result<v1::Envelope> envelope = ParseEnvelope(next.measurement.payload);
    if (!envelope) continue;
    Result<ReadLook> read = LookFromEnvelope(*envelope, frame_);
    if (!read) continue;
    const Look& look = read->converted.look;
    EmitPictures(next.measurement.time, outputs);
    if (next.late) {
      EmitLate(look, std::move(read->settled), outputs);
      continue;
    }
    exercise_ = exercise_ || look.exercise;
    TakeGroups(Located(look));
    if (hold_.IsSparse(next.measurement.source) || IsSatellite(look.lineage.modality)) continue;
    last_look_ = next.measurement.time;
    read->settled.lineage = Marked(look.source, read->settled.lineage);
    read->settled.exercise = read->settled.exercise || exercise_;
    outputs.push_back(LookEnvelope(read->settled));
  }
  EmitPictures(before, outputs);
  settled_to_ = std::max(settled_to_.value_or(before), before);
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
  std::vector<TrackEstimate> tracks = smoother_.Estimates(time);
  counts_.withheld += static_cast<std::uint64_t>(std::erase_if(
      tracks, [](const TrackEstimate& track) { return IsLikelyPeople(track.classes); }));
  late_.AddPicture(time, tracks);
  const std::vector<GroupEstimate> groups = groups_.Update(time, tracks);
  outputs.push_back(
      EnvelopeOf({.time = time, .settled = true, .exercise = exercise_, .tracks = {}, .groups = {}},
                 tracks, groups, book_.Estimates(time)));
  ++counts_.pictures;
}

std::string FusionStage::EnvelopeOf(Picture picture, const std::vector<TrackEstimate>& tracks,
                                    const std::vector<GroupEstimate>& groups,
                                    const std::vector<BookGroup>& whole_groups) const {
  for (const TrackEstimate& track : tracks) {
    picture.tracks.push_back(TrackFromEstimate(track, frame_));
    MarkLineage(picture.tracks.back().supports);
    // Evidence is what is settled; a screen needs no digests.
    if (picture.settled) continue;
    for (TrackSupport& support : picture.tracks.back().supports) support.raw_digests.clear();
  }
  for (const GroupEstimate& group : groups) {
    picture.groups.push_back(GroupFromEstimate(group, frame_));
  }
  for (const BookGroup& group : whole_groups) {
    picture.groups.push_back(GroupFromBook(group, frame_));
    MarkLineage(picture.groups.back().supports);
  }
  std::sort(picture.groups.begin(), picture.groups.end(),
            [](const Group& a, const Group& b) { return a.id < b.id; });
  v1::Envelope envelope;
  *envelope.mutable_picture() = ToProto(picture);
  return SerializeEnvelope(envelope);
}

Result<std::string> FusionStage::Snapshot() const {
  v1::FusionSnapshot message;
  message.set_version(kSnapshotVersion);
  message.set_config(config_key_);
  *message.mutable_hold() = ToProto(hold_);
  *message.mutable_tracker() = ToProto(tracker_);
  *message.mutable_groups() = ToProto(groups_);
  BookToProto(book_, &message);
  BookToProto(late_, &message);
  *message.mutable_smoother() = ToProto(smoother_);
  RegistrationToProto(&message);
  for (const Pending& pending : pending_) {
    v1::PendingLook* out = message.add_pending();
    *out->mutable_measurement() = ToProto(pending.measurement);
    out->set_late(pending.late);
  }
  if (settled_to_) message.set_settled_to_us(settled_to_->micros());
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
  GroupBook book = book_;
  LateBook late = late_;
  TW_RETURN_IF_ERROR(RestoreFrom(message.groups(), groups));
  TW_RETURN_IF_ERROR(RestoreFrom(message, book));
  TW_RETURN_IF_ERROR(RestoreFrom(message, late));
  Smoother smoother = smoother_;
  TW_RETURN_IF_ERROR(RestoreFrom(message.smoother(), smoother));
  TW_ASSIGN_OR_RETURN(RestoredRegistration restored, RegistrationFromProto(message));
  registration_ = std::move(restored.registration);
  aligned_ = std::move(restored.aligned);
  hold_ = std::move(hold);
  tracker_ = std::move(tracker);
  groups_ = std::move(groups);
  book_ = std::move(book);
  late_ = std::move(late);
  smoother_ = std::move(smoother);
  pending_.clear();
  late_waiting_ = 0;
  for (const v1::PendingLook& pending : message.pending()) {
    late_waiting_ += pending.late() ? 1 : 0;
    pending_.insert({.measurement = FromProto(pending.measurement()), .late = pending.late()});
  }
  RestoreLive();
  settled_to_.reset();
  if (message.has_settled_to_us()) settled_to_ = Instant::FromMicros(message.settled_to_us());
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
