// SPDX-License-Identifier: Apache-2.0
#include "verify/snapshot_codec.h"

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
  movement.position = {Angle::Radians(message.latitude_rad()),
                       Angle::Radians(message.longitude_rad()), message.height_hae_m()};
  movement.velocity_en_mps = {message.velocity_east_mps(), message.velocity_north_mps()};
  movement.last_seen = Instant::FromMicros(message.last_seen_us());
  return movement;
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
  }
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
