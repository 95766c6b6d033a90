// SPDX-License-Identifier: Apache-2.0
#include "verify/snapshot_codec.h"

#include <algorithm>

#include "core/types/codec.h"
#include "core/types/codec_internal.h"
#include "verify/rule_memory_codec.h"

namespace trucewatch {
namespace {

using Snapshot = v1::VerifySnapshot;

Snapshot::Movement ToProto(const Movement& movement) {
  Snapshot::Movement message;
  for (const auto& [id, seen] : movement.members) {
    auto* member = message.add_members();
    member->set_track_id(id.value);
    member->set_last_seen_us(seen.micros());
  }
  for (const auto& [id, seen] : movement.wholes) {
    auto* whole = message.add_wholes();
    whole->set_track_id(id.value);
    whole->set_last_seen_us(seen.micros());
  }
  message.set_latitude_rad(movement.position.latitude.rad());
  message.set_longitude_rad(movement.position.longitude.rad());
  message.set_height_hae_m(movement.position.height_hae_m);
  message.set_velocity_east_mps(movement.velocity_en_mps.x());
  message.set_velocity_north_mps(movement.velocity_en_mps.y());
  message.set_last_seen_us(movement.last_seen.micros());
  return message;
}

Movement FromProto(const Snapshot::Movement& message) {
  Movement movement;
  for (const auto& member : message.members())
    movement.members[{member.track_id()}] = Instant::FromMicros(member.last_seen_us());
  for (const auto& whole : message.wholes())
    movement.wholes[{whole.track_id()}] = Instant::FromMicros(whole.last_seen_us());
  movement.position = {Angle::Radians(message.latitude_rad()),
                       Angle::Radians(message.longitude_rad()), message.height_hae_m()};
  movement.velocity_en_mps = {message.velocity_east_mps(), message.velocity_north_mps()};
  movement.last_seen = Instant::FromMicros(message.last_seen_us());
  return movement;
}

void Write(const MomentSupport& support, Snapshot::MomentSupport* out) {
  out->set_source(support.source);
  out->set_updates(support.updates);
  out->set_first_us(support.first.micros());
  out->set_last_us(support.last.micros());
}

MomentSupport Read(const Snapshot::MomentSupport& in) {
  return {in.source(), in.updates(), Instant::FromMicros(in.first_us()),
          Instant::FromMicros(in.last_us())};
}

void Write(const SourceDigest& digest, Snapshot::SourceDigest* out) {
  out->set_source(digest.source);
  out->set_digest(digest.digest.data(), digest.digest.size());
}

Result<SourceDigest> Read(const Snapshot::SourceDigest& in) {
  SourceDigest out;
  out.source = in.source();
  if (in.digest().size() != out.digest.size())
    return Fail(ErrorCode::kBadInput, "the snapshot has a digest of {} bytes", in.digest().size());
  std::copy(in.digest().begin(), in.digest().end(), out.digest.begin());
  return out;
}

void Write(const EventMoment& at, Snapshot::EventMoment* out) {
  out->set_since_us(at.since.micros());
  out->set_time_us(at.time.micros());
  out->set_probability(at.probability);
  out->set_candidate_held_us(at.candidate_held.micros());
  out->set_verified_held_us(at.verified_held.micros());
  out->set_object_class(static_cast<int>(at.object_class));
  out->set_count_expected(at.count_expected);
  out->set_count_min(at.count_min);
  out->set_count_max(at.count_max);
  out->set_appeared(at.appeared);
  out->set_vanished(at.vanished);
  out->set_extent_m(at.extent_m);
  out->set_note(at.note);
  out->set_latitude_rad(at.position.latitude.rad());
  out->set_longitude_rad(at.position.longitude.rad());
  out->set_height_hae_m(at.position.height_hae_m);
  out->add_cov_m2(at.cov_en_m2(0, 0));
  out->add_cov_m2(at.cov_en_m2(0, 1));
  out->add_cov_m2(at.cov_en_m2(1, 1));
  out->add_velocity_en_mps(at.velocity_en_mps.x());
  out->add_velocity_en_mps(at.velocity_en_mps.y());
  for (const MomentVehicle& vehicle : at.inside) {
    auto* inside = out->add_inside();
    inside->set_track_id(vehicle.id.value);
    for (const MomentSupport& support : vehicle.supports) Write(support, inside->add_supports());
  }
  for (const MomentSupport& support : at.whole) Write(support, out->add_whole());
  for (const SourceDigest& digest : at.digests) Write(digest, out->add_digests());
}

Result<EventMoment> Read(const Snapshot::EventMoment& in) {
  if (in.cov_m2_size() != 3 || in.velocity_en_mps_size() != 2 || in.object_class() < 0 ||
      in.object_class() > static_cast<int>(ObjectClass::kPersonGroup))
    return Fail(ErrorCode::kBadInput, "the snapshot has a moment that is incomplete");
  EventMoment at;
  at.since = Instant::FromMicros(in.since_us());
  at.time = Instant::FromMicros(in.time_us());
  at.probability = in.probability();
  at.candidate_held = Duration::Micros(in.candidate_held_us());
  at.verified_held = Duration::Micros(in.verified_held_us());
  at.object_class = static_cast<ObjectClass>(in.object_class());
  at.count_expected = in.count_expected();
  at.count_min = in.count_min();
  at.count_max = in.count_max();
  at.appeared = in.appeared();
  at.vanished = in.vanished();
  at.extent_m = in.extent_m();
  at.note = in.note();
  at.position = {Angle::Radians(in.latitude_rad()), Angle::Radians(in.longitude_rad()),
                 in.height_hae_m()};
  at.cov_en_m2 << in.cov_m2(0), in.cov_m2(1), in.cov_m2(1), in.cov_m2(2);
  at.velocity_en_mps = {in.velocity_en_mps(0), in.velocity_en_mps(1)};
  for (const auto& vehicle : in.inside()) {
    MomentVehicle out{{vehicle.track_id()}, {}};
    for (const auto& support : vehicle.supports()) out.supports.push_back(Read(support));
    at.inside.push_back(std::move(out));
  }
  for (const auto& support : in.whole()) at.whole.push_back(Read(support));
  for (const auto& digest : in.digests()) {
    TW_ASSIGN_OR_RETURN(SourceDigest out, Read(digest));
    at.digests.push_back(out);
  }
  return at;
}

void WriteMemory(const FollowedEvent& event, Snapshot::Event* out) {
  out->set_closed(event.closed);
  out->set_good_looks(static_cast<std::uint32_t>(event.good_looks));
  for (const SiteChange& change : event.changes)
    *out->add_changes() = codec::SiteChangeToProto(change);
  for (const auto& [source, lineage] : event.sources) {
    auto* named = out->add_sources();
    named->set_source_id(source.value);
    *named->mutable_lineage() = codec::LineageToProto(lineage);
  }
  for (const TrackId id : event.vehicles) out->add_vehicles(id.value);
  for (const EventMoment& at : event.moments) Write(at, out->add_moments());
  for (const LateSeries& series : event.late) {
    auto* late = out->add_late();
    late->set_track_id(series.track.value);
    late->set_source(series.source);
    for (const Instant time : series.times) late->add_times_us(time.micros());
  }
  for (const LateDigest& late : event.late_digests) {
    auto* digest = out->add_late_digests();
    Write(late.digest, digest);
    digest->set_time_us(late.time.micros());
  }
}

// Whether every source that something names is on the event's list.
bool SourcesAreKnown(const FollowedEvent& event) {
  const auto known = [&](std::uint32_t source) { return source < event.sources.size(); };
  const auto all = [&](const std::vector<MomentSupport>& supports) {
    return std::all_of(supports.begin(), supports.end(),
                       [&](const MomentSupport& support) { return known(support.source); });
  };
  for (const EventMoment& at : event.moments) {
    if (!all(at.whole)) return false;
    for (const MomentVehicle& vehicle : at.inside) {
      if (!all(vehicle.supports)) return false;
    }
  }
  return std::all_of(event.late.begin(), event.late.end(),
                     [&](const LateSeries& series) { return known(series.source); });
}

Result<void> ReadMemory(const Snapshot::Event& in, FollowedEvent& event) {
  event.closed = in.closed();
  event.good_looks = static_cast<int>(in.good_looks());
  for (const auto& message : in.changes()) {
    TW_ASSIGN_OR_RETURN(SiteChange change, codec::SiteChangeFromProto(message));
    event.changes.push_back(std::move(change));
  }
  for (const auto& named : in.sources()) {
    TW_ASSIGN_OR_RETURN(Lineage lineage, codec::LineageFromProto(named.lineage()));
    event.sources.push_back({{named.source_id()}, std::move(lineage)});
  }
  for (const std::uint64_t id : in.vehicles()) event.vehicles.insert({id});
  for (const auto& at : in.moments()) {
    TW_ASSIGN_OR_RETURN(EventMoment moment, Read(at));
    event.moments.push_back(std::move(moment));
  }
  for (const auto& late : in.late()) {
    LateSeries series{{late.track_id()}, late.source(), {}};
    for (const std::int64_t time : late.times_us())
      series.times.push_back(Instant::FromMicros(time));
    event.late.push_back(std::move(series));
  }
  for (const auto& late : in.late_digests()) {
    TW_ASSIGN_OR_RETURN(const SourceDigest digest, Read(late));
    event.late_digests.push_back({Instant::FromMicros(late.time_us()), digest});
  }
  if (!SourcesAreKnown(event))
    return Fail(ErrorCode::kBadInput, "the snapshot names a source that its event does not list");
  return {};
}

}  // namespace

Snapshot::EngineState ToProto(const EngineState& state) {
  Snapshot::EngineState message;
  if (state.last_picture) message.set_last_picture_us(state.last_picture->micros());
  for (const FollowedEvent& event : state.events) {
    auto* out = message.add_events();
    out->set_rule_index(static_cast<std::uint32_t>(event.rule));
    *out->mutable_movement() = ToProto(event.movement);
    out->set_first_group(event.first_group.value);
    out->set_first_us(event.first.micros());
    out->set_last_inside_us(event.last_inside.micros());
    out->set_candidate_held_us(event.candidate_held.micros());
    out->set_verified_held_us(event.verified_held.micros());
    out->set_state(static_cast<int>(event.state));
    out->set_event_id(event.event_id);
    out->set_exercise(event.exercise);
    WriteMemory(event, out);
  }
  for (const PermittedState& permitted : state.permitted) {
    auto* out = message.add_permitted();
    out->set_corridor(static_cast<std::uint32_t>(permitted.corridor));
    *out->mutable_movement() = ToProto(permitted.movement);
    out->set_first_us(permitted.first.micros());
    out->set_matched_us(permitted.matched.micros());
    out->set_left_us(permitted.left.micros());
    out->set_on_record(permitted.on_record);
    out->set_exercise(permitted.exercise);
  }
  for (std::size_t r = 0; r < state.rules.size(); ++r) {
    if (state.rules[r].empty()) continue;
    auto* out = message.add_rules();
    out->set_rule_index(static_cast<std::uint32_t>(r));
    Write(state.rules[r], out);
  }
  for (const HumanRecord& record : state.records) *message.add_records() = ToProto(record);
  for (std::size_t i = 0; i < state.notified.size(); ++i) {
    const NotifiedState& notified = state.notified[i];
    if (!notified.active) continue;
    auto* out = message.add_notified();
    out->set_index(static_cast<std::uint32_t>(i));
    *out->mutable_movement() = ToProto(notified.movement);
    out->set_first_us(notified.first.micros());
    out->set_matched_us(notified.matched.micros());
    out->set_left_us(notified.left.micros());
    out->set_on_record(notified.on_record);
    out->set_exercise(notified.exercise);
  }
  if (state.heartbeat_start) message.set_heartbeat_start_us(state.heartbeat_start->micros());
  message.set_pictures(state.pictures);
  message.set_refused(state.refused);
  for (const std::string& source : state.sources) message.add_sources(source);
  message.set_events_on_record(state.events_on_record);
  message.set_verified_on_record(state.verified_on_record);
  message.set_notified_on_record(state.notified_on_record);
  return message;
}

Result<EngineState> FromProto(const Snapshot::EngineState& message, const Agreement& agreement) {
  EngineState state;
  if (message.has_last_picture_us())
    state.last_picture = Instant::FromMicros(message.last_picture_us());
  for (const auto& in : message.events()) {
    if (in.rule_index() >= agreement.rules.size() || in.state() < 0 || in.state() > 3)
      return Fail(ErrorCode::kBadInput, "the snapshot names rule {} and state {}, which are not",
                  in.rule_index(), in.state());
    FollowedEvent event;
    event.rule = in.rule_index();
    event.movement = FromProto(in.movement());
    event.first_group.value = in.first_group();
    event.first = Instant::FromMicros(in.first_us());
    event.last_inside = Instant::FromMicros(in.last_inside_us());
    event.candidate_held = Duration::Micros(in.candidate_held_us());
    event.verified_held = Duration::Micros(in.verified_held_us());
    event.state = static_cast<EventState>(in.state());
    event.event_id = in.event_id();
    event.exercise = in.exercise();
    TW_RETURN_IF_ERROR(ReadMemory(in, event));
    state.events.push_back(std::move(event));
  }
  state.notified.resize(agreement.notified.size());
  for (const auto& in : message.notified()) {
    if (in.index() >= state.notified.size())
      return Fail(ErrorCode::kBadInput, "the snapshot names notified movement {}, which is not",
                  in.index());
    NotifiedState& notified = state.notified[in.index()];
    notified.active = true;
    notified.movement = FromProto(in.movement());
    notified.first = Instant::FromMicros(in.first_us());
    notified.matched = Duration::Micros(in.matched_us());
    notified.left = Duration::Micros(in.left_us());
    notified.on_record = in.on_record();
    notified.exercise = in.exercise();
  }
  for (const auto& in : message.permitted()) {
    if (in.corridor() >= agreement.permitted.size())
      return Fail(ErrorCode::kBadInput, "the snapshot names permitted corridor {}, which is not",
                  in.corridor());
    PermittedState permitted;
    permitted.corridor = in.corridor();
    permitted.movement = FromProto(in.movement());
    permitted.first = Instant::FromMicros(in.first_us());
    permitted.matched = Duration::Micros(in.matched_us());
    permitted.left = Duration::Micros(in.left_us());
    permitted.on_record = in.on_record();
    permitted.exercise = in.exercise();
    state.permitted.push_back(std::move(permitted));
  }
  state.rules.resize(agreement.rules.size());
  for (const auto& in : message.rules()) {
    if (in.rule_index() >= state.rules.size())
      return Fail(ErrorCode::kBadInput, "the snapshot names rule {}, which is not",
                  in.rule_index());
    TW_ASSIGN_OR_RETURN(state.rules[in.rule_index()], Read(in));
  }
  for (const auto& in : message.records()) {
    TW_ASSIGN_OR_RETURN(HumanRecord record, FromProto(in));
    state.records.push_back(std::move(record));
  }
  if (message.has_heartbeat_start_us())
    state.heartbeat_start = Instant::FromMicros(message.heartbeat_start_us());
  state.pictures = message.pictures();
  state.refused = message.refused();
  state.sources.insert(message.sources().begin(), message.sources().end());
  state.events_on_record = message.events_on_record();
  state.verified_on_record = message.verified_on_record();
  state.notified_on_record = message.notified_on_record();
  return state;
}

}  // namespace trucewatch
