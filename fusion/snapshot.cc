// SPDX-License-Identifier: Apache-2.0
#include "fusion/snapshot.h"

#include <algorithm>
#include <cmath>

#include "core/types/codec.h"

namespace trucewatch {
namespace {

// Supports travel in the layout of a published track, whose codec checks them.
void SupportsToProto(const TrackState& track, v1::TrackState* out) {
  Picture carrier;
  carrier.tracks.emplace_back().supports = track.supports;
  v1::Picture message = ToProto(carrier);
  *out->mutable_supports() = std::move(*message.mutable_tracks(0)->mutable_supports());
  *out->mutable_support_sources() = std::move(*message.mutable_sources());
}

Result<std::vector<TrackSupport>> SupportsFromProto(const v1::TrackState& in) {
  Picture carrier;
  carrier.tracks.emplace_back();
  v1::Picture message = ToProto(carrier);
  *message.mutable_tracks(0)->mutable_supports() = in.supports();
  *message.mutable_sources() = in.support_sources();
  TW_ASSIGN_OR_RETURN(Picture decoded, FromProto(message));
  return std::move(decoded.tracks.front().supports);
}

template <typename Range, typename Id>
bool Ascending(const Range& range, Id id) {
  return std::adjacent_find(range.begin(), range.end(), [&](const auto& a, const auto& b) {
           return !(id(a) < id(b));
         }) == range.end();
}

Result<std::vector<ClassWord>> ClassWordsFromProto(const v1::TrackState& in) {
  std::vector<ClassWord> words;
  for (const v1::ClassWordState& from : in.class_words()) {
    const bool finite = std::all_of(from.mean_log().begin(), from.mean_log().end(),
                                    [](double x) { return std::isfinite(x); });
    if (from.mean_log_size() != static_cast<int>(kObjectClassCount) || !finite ||
        !(from.spread() >= 0 && std::isfinite(from.spread())) || from.words() < 1 ||
        (!words.empty() && words.back().source.value >= from.source_id())) {
      return Fail(ErrorCode::kBadInput, "fusion snapshot: what was said of track {} is not whole",
                  in.track_id());
    }
    ClassWord word{.source = {from.source_id()},
                   .words = from.words(),
                   .first = Instant::FromMicros(from.first_us()),
                   .last = Instant::FromMicros(from.last_us()),
                   .mean_log = {},
                   .spread = from.spread()};
    std::copy(from.mean_log().begin(), from.mean_log().end(), word.mean_log.begin());
    words.push_back(std::move(word));
  }
  return words;
}

Result<void> CountFromProto(const v1::GroupState& in, CountFilter& count) {
  constexpr int kCells = static_cast<int>(CountFilter::kDetectability.size());
  const int rows = in.count_size() / kCells;
  double sum = 0;
  for (const double p : in.count()) {
    if (!(p >= 0 && p <= 1 + 1e-6)) sum = -1e9;
    sum += p;
  }
  if (in.count_size() % kCells != 0 || rows > CountFilter::kMaxRows || in.count_first() < 0 ||
      in.count_first() > 1'000'000 || (rows > 0 && !(sum > 0.5))) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: the count of group {} is none",
                in.group_id());
  }
  std::vector<CountFilter::Row> belief(static_cast<std::size_t>(rows));
  for (int k = 0; k < in.count_size(); ++k) {
    belief[static_cast<std::size_t>(k / kCells)][static_cast<std::size_t>(k % kCells)] =
        in.count(k);
  }
  count.Restore(in.count_first(), std::move(belief), Instant::FromMicros(in.counted_us()));
  return {};
}

}  // namespace

Result<TrackState> TrackFromProto(const v1::TrackState& in) {
  if (in.probability_size() != kModelCount || in.mean_size() != 4 * kModelCount ||
      in.cov_size() != 16 * kModelCount ||
      in.classes_size() != static_cast<int>(kObjectClassCount) ||
      in.opportunity_look_size() != static_cast<int>(kOpportunityMemory) ||
      in.opportunity_reported_size() != static_cast<int>(kOpportunityMemory) ||
      (in.size_size() != 0 && in.size_size() != 3) || in.next_opportunity() >= kOpportunityMemory) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: track {} is not whole", in.track_id());
  }
  const auto finite = [](const auto& values) {
    return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  };
  if (!finite(in.probability()) || !finite(in.mean()) || !finite(in.cov()) ||
      !finite(in.classes()) || !finite(in.size()) || !std::isfinite(in.existence())) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: track {} is not finite", in.track_id());
  }
  TrackState track;
  track.id = {in.track_id()};
  track.time = Instant::FromMicros(in.time_us());
  for (int j = 0; j < kModelCount; ++j) {
    Gaussian& g = track.imm.model[static_cast<std::size_t>(j)];
    track.imm.probability[static_cast<std::size_t>(j)] = in.probability(j);
    for (int i = 0; i < 4; ++i) g.mean(i) = in.mean(4 * j + i);
    for (int i = 0; i < 16; ++i) g.cov(i / 4, i % 4) = in.cov(16 * j + i);
  }
  track.existence = in.existence();
  track.confirmed = in.confirmed();
  track.updates = in.updates();
  track.initiated = Instant::FromMicros(in.initiated_us());
  track.last_update = Instant::FromMicros(in.last_update_us());
  track.height_hae_m = in.height_hae_m();
  std::copy(in.classes().begin(), in.classes().end(), track.classes.begin());
  TW_ASSIGN_OR_RETURN(track.class_words, ClassWordsFromProto(in));
  if (in.size_size() == 3) track.size = {in.size(0), in.size(1), in.size(2)};
  TW_ASSIGN_OR_RETURN(track.supports, SupportsFromProto(in));
  for (std::size_t k = 0; k < kOpportunityMemory; ++k) {
    const int i = static_cast<int>(k);
    track.opportunities[k] = {in.opportunity_look(i), in.opportunity_reported(i)};
  }
  track.next_opportunity = in.next_opportunity();
  for (const std::uint64_t id : in.behind()) track.behind.push_back({id});
  if (!Ascending(track.behind, [](TrackId id) { return id; })) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: track {}: its column is not in order",
                in.track_id());
  }
  return track;
}

v1::HeldMeasurement ToProto(const HeldMeasurement& measurement) {
  v1::HeldMeasurement held;
  held.set_time_us(measurement.time.micros());
  held.set_source_id(measurement.source.value);
  held.set_index(measurement.index);
  held.set_payload(measurement.payload);
  return held;
}

HeldMeasurement FromProto(const v1::HeldMeasurement& message) {
  return {.time = Instant::FromMicros(message.time_us()),
          .source = {message.source_id()},
          .index = message.index(),
          .payload = message.payload()};
}

v1::HoldBufferState ToProto(const HoldBuffer& hold) {
  v1::HoldBufferState message;
  for (const auto& [id, progress] : hold.sources()) {
    v1::HeldSource* source = message.add_sources();
    source->set_source_id(id.value);
    source->set_live(progress.live);
    if (progress.newest) source->set_newest_us(progress.newest->micros());
    if (progress.promise) source->set_promise_us(progress.promise->micros());
  }
  for (const HeldMeasurement& measurement : hold.held()) {
    *message.add_held() = ToProto(measurement);
  }
  if (hold.released()) message.set_released_us(hold.released()->micros());
  if (hold.newest()) message.set_newest_us(hold.newest()->micros());
  return message;
}

Result<void> RestoreFrom(const v1::HoldBufferState& message, HoldBuffer& hold) {
  const auto instant = [](bool has, std::int64_t us) {
    return has ? std::optional<Instant>(Instant::FromMicros(us)) : std::nullopt;
  };
  std::map<SourceId, HoldBuffer::Progress> sources;
  for (const v1::HeldSource& source : message.sources()) {
    sources[{source.source_id()}] = {
        .live = source.live(),
        .newest = instant(source.has_newest_us(), source.newest_us()),
        .promise = instant(source.has_promise_us(), source.promise_us())};
  }
  std::set<HeldMeasurement> held;
  for (const v1::HeldMeasurement& measurement : message.held()) {
    held.insert(FromProto(measurement));
  }
  hold.Restore(std::move(sources), std::move(held),
               instant(message.has_released_us(), message.released_us()),
               instant(message.has_newest_us(), message.newest_us()));
  return {};
}

v1::TrackState ToProto(const TrackState& track) {
  v1::TrackState message;
  v1::TrackState* const out = &message;
  out->set_track_id(track.id.value);
  out->set_time_us(track.time.micros());
  for (std::size_t j = 0; j < kModelCount; ++j) {
    const Gaussian& g = track.imm.model[j];
    out->add_probability(track.imm.probability[j]);
    for (int i = 0; i < 4; ++i) out->add_mean(g.mean(i));
    for (int i = 0; i < 16; ++i) out->add_cov(g.cov(i / 4, i % 4));
  }
  out->set_existence(track.existence);
  out->set_confirmed(track.confirmed);
  out->set_updates(track.updates);
  out->set_initiated_us(track.initiated.micros());
  out->set_last_update_us(track.last_update.micros());
  out->set_height_hae_m(track.height_hae_m);
  for (const double p : track.classes) out->add_classes(p);
  for (const ClassWord& word : track.class_words) {
    v1::ClassWordState* to = out->add_class_words();
    to->set_source_id(word.source.value);
    to->set_words(word.words);
    to->set_first_us(word.first.micros());
    to->set_last_us(word.last.micros());
    for (const double x : word.mean_log) to->add_mean_log(x);
    to->set_spread(word.spread);
  }
  if (track.size.information > 0) {
    for (const double v : {track.size.length_m, track.size.width_m, track.size.information}) {
      out->add_size(v);
    }
  }
  SupportsToProto(track, out);
  for (const Opportunity& opportunity : track.opportunities) {
    out->add_opportunity_look(opportunity.look);
    out->add_opportunity_reported(opportunity.reported);
  }
  out->set_next_opportunity(static_cast<std::uint32_t>(track.next_opportunity));
  for (const TrackId id : track.behind) out->add_behind(id.value);
  return message;
}

v1::TrackerState ToProto(const Tracker& tracker) {
  v1::TrackerState message;
  message.set_time_us(tracker.time().micros());
  message.set_last_id(tracker.last_id());
  const TrackerCounts& c = tracker.counts();
  for (const std::uint64_t count :
       {c.looks, c.plots, c.associated, c.initiated, c.merged, c.deleted, c.refused}) {
    message.add_counts(count);
  }
  for (const auto& [source, watch] : tracker.watches()) {
    v1::SourceLook* look = message.add_last_looks();
    look->set_source_id(source.value);
    look->set_time_us(watch.time.micros());
    for (const Eigen::Vector2d& corner : {watch.low_en_m, watch.high_en_m}) {
      look->add_box(corner.x());
      look->add_box(corner.y());
    }
    look->set_unseen_per_m2(watch.unseen_per_m2);
  }
  for (const TrackState& track : tracker.tracks()) {
    *message.add_tracks() = ToProto(track);
  }
  for (const LoneBearing& lone : tracker.bearings().lone()) {
    v1::LoneBearingState* out = message.add_bearings();
    out->set_time_us(lone.time.micros());
    out->set_source_id(lone.source.value);
    for (const double value : {lone.sensor_en_m.x(), lone.sensor_en_m.y(), lone.bearing_rad,
                               lone.sigma_rad, lone.reach_m, lone.false_per_rad}) {
      out->add_values(value);
    }
  }
  return message;
}

Result<void> RestoreFrom(const v1::TrackerState& message, Tracker& tracker) {
  std::vector<LoneBearing> lone;
  for (const v1::LoneBearingState& in : message.bearings()) {
    if (in.values_size() != 6) return Fail(ErrorCode::kBadInput, "fusion snapshot: a bearing");
    lone.push_back({.time = Instant::FromMicros(in.time_us()),
                    .source = {in.source_id()},
                    .sensor_en_m = {in.values(0), in.values(1)},
                    .bearing_rad = in.values(2),
                    .sigma_rad = in.values(3),
                    .reach_m = in.values(4),
                    .false_per_rad = in.values(5)});
  }
  tracker.RestoreBearings(std::move(lone));
  if (message.counts_size() != 7) return Fail(ErrorCode::kBadInput, "fusion snapshot: counts");
  std::vector<TrackState> tracks;
  for (const v1::TrackState& in : message.tracks()) {
    TW_ASSIGN_OR_RETURN(TrackState track, TrackFromProto(in));
    tracks.push_back(std::move(track));
  }
  if (!Ascending(tracks, [](const TrackState& track) { return track.id; })) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: tracks are not in order");
  }
  std::map<SourceId, Watch> watches;
  for (const v1::SourceLook& look : message.last_looks()) {
    if (look.box_size() != 4 ||
        !std::all_of(look.box().begin(), look.box().end(),
                     [](double v) { return std::isfinite(v); }) ||
        !(look.unseen_per_m2() >= 0) || !(look.unseen_per_m2() < 1)) {
      return Fail(ErrorCode::kBadInput, "fusion snapshot: where a source looked");
    }
    watches[SourceId{look.source_id()}] = {.time = Instant::FromMicros(look.time_us()),
                                           .low_en_m = {look.box(0), look.box(1)},
                                           .high_en_m = {look.box(2), look.box(3)},
                                           .unseen_per_m2 = look.unseen_per_m2()};
  }
  tracker.Restore(Instant::FromMicros(message.time_us()), message.last_id(),
                  {.looks = message.counts(0),
                   .plots = message.counts(1),
                   .associated = message.counts(2),
                   .initiated = message.counts(3),
                   .merged = message.counts(4),
                   .deleted = message.counts(5),
                   .refused = message.counts(6)},
                  std::move(watches), std::move(tracks));
  return {};
}

v1::GroupTrackerState ToProto(const GroupTracker& groups) {
  v1::GroupTrackerState message;
  message.set_last_id(groups.last_id());
  for (const GroupState& group : groups.groups()) {
    v1::GroupState* out = message.add_groups();
    out->set_group_id(group.id.value);
    for (const TrackId member : group.members) out->add_members(member.value);
    out->set_last_whole_us(group.last_whole.micros());
    out->set_last_large_us(group.last_large.micros());
    out->set_published(group.published);
    out->set_count_first(group.count.first());
    for (const CountFilter::Row& row : group.count.rows()) {
      for (const double p : row) out->add_count(p);
    }
    out->set_counted_us(group.count.counted().micros());
  }
  return message;
}

Result<void> RestoreFrom(const v1::GroupTrackerState& message, GroupTracker& groups) {
  std::vector<GroupState> states;
  for (const v1::GroupState& in : message.groups()) {
    GroupState state{.id = {in.group_id()},
                     .members = {},
                     .last_whole = Instant::FromMicros(in.last_whole_us()),
                     .last_large = Instant::FromMicros(in.last_large_us()),
                     .published = in.published(),
                     .count = {}};
    TW_RETURN_IF_ERROR(CountFromProto(in, state.count));
    for (const std::uint64_t member : in.members()) state.members.push_back({member});
    if (!Ascending(state.members, [](TrackId id) { return id; })) {
      return Fail(ErrorCode::kBadInput, "fusion snapshot: members are not in order");
    }
    states.push_back(std::move(state));
  }
  if (!Ascending(states, [](const GroupState& state) { return state.id; })) {
    return Fail(ErrorCode::kBadInput, "fusion snapshot: groups are not in order");
  }
  groups.Restore(message.last_id(), std::move(states));
  return {};
}

}  // namespace trucewatch
