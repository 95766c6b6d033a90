// SPDX-License-Identifier: Apache-2.0
#include "core/types/codec.h"
#include "core/types/codec_internal.h"

namespace trucewatch {

v1::SettledLook ToProto(const SettledLook& value) {
  v1::SettledLook m;
  m.set_source_id(value.source.value);
  *m.mutable_lineage() = codec::LineageToProto(value.lineage);
  m.set_time_us(value.time.micros());
  codec::PolygonToProto(value.footprint, m.mutable_footprint());
  m.set_moving_vehicle_probability(value.moving_vehicle_probability);
  m.set_min_detectable_speed_mps(value.min_detectable_speed_mps);
  m.set_standing_vehicle_probability(value.standing_vehicle_probability);
  m.set_group_probability(value.group_probability);
  m.set_degraded_reason(value.degraded_reason);
  m.set_exercise(value.exercise);
  m.set_late(value.late);
  if (value.baseline) m.set_baseline_time_us(value.baseline->micros());
  for (const SiteChange& change : value.changes) {
    *m.add_changes() = codec::SiteChangeToProto(change);
  }
  m.set_standing_vehicles(value.standing_vehicles);
  codec::DigestsToProto(value.raw_digests, m.mutable_raw_digests());
  if (value.sensor) *m.mutable_sensor() = codec::PositionToProto(*value.sensor);
  m.set_resolution_m(value.resolution_m);
  return m;
}

Result<SettledLook> FromProto(const v1::SettledLook& m) {
  SettledLook value;
  value.source.value = m.source_id();
  TW_ASSIGN_OR_RETURN(value.lineage, codec::LineageFromProto(m.lineage()));
  value.time = Instant::FromMicros(m.time_us());
  TW_ASSIGN_OR_RETURN(value.footprint, codec::PolygonFromProto(m.footprint(), "look.footprint"));
  TW_ASSIGN_OR_RETURN(
      value.moving_vehicle_probability,
      codec::Probability(m.moving_vehicle_probability(), "moving_vehicle_probability"));
  TW_ASSIGN_OR_RETURN(value.min_detectable_speed_mps,
                      codec::Finite(m.min_detectable_speed_mps(), "min_detectable_speed_mps"));
  TW_ASSIGN_OR_RETURN(
      value.standing_vehicle_probability,
      codec::Probability(m.standing_vehicle_probability(), "standing_vehicle_probability"));
  TW_ASSIGN_OR_RETURN(value.group_probability,
                      codec::Probability(m.group_probability(), "group_probability"));
  value.degraded_reason = m.degraded_reason();
  value.exercise = m.exercise();
  value.late = m.late();
  if (m.baseline_time_us() != 0) value.baseline = Instant::FromMicros(m.baseline_time_us());
  for (const v1::SiteChange& change : m.changes()) {
    TW_ASSIGN_OR_RETURN(SiteChange decoded, codec::SiteChangeFromProto(change));
    value.changes.push_back(std::move(decoded));
  }
  value.standing_vehicles = m.standing_vehicles();
  TW_ASSIGN_OR_RETURN(value.raw_digests, codec::DigestsFromProto(m.raw_digests()));
  if (m.has_sensor()) {
    TW_ASSIGN_OR_RETURN(value.sensor, codec::PositionFromProto(m.sensor(), "look.sensor"));
  }
  TW_ASSIGN_OR_RETURN(value.resolution_m, codec::Finite(m.resolution_m(), "look.resolution_m"));
  return value;
}

v1::LateLook ToProto(const LateLook& value) {
  v1::LateLook m;
  m.set_source_id(value.source.value);
  *m.mutable_lineage() = codec::LineageToProto(value.lineage);
  m.set_time_us(value.time.micros());
  m.set_exercise(value.exercise);
  m.set_reports(value.reports);
  for (const LateMatch& match : value.matches) {
    v1::LateMatch* out = m.add_matches();
    out->set_track_id(match.track.value);
    out->set_distance2(match.distance2);
  }
  codec::DigestsToProto(value.raw_digests, m.mutable_raw_digests());
  return m;
}

Result<LateLook> FromProto(const v1::LateLook& m) {
  LateLook value;
  value.source.value = m.source_id();
  TW_ASSIGN_OR_RETURN(value.lineage, codec::LineageFromProto(m.lineage()));
  value.time = Instant::FromMicros(m.time_us());
  value.exercise = m.exercise();
  value.reports = m.reports();
  for (const v1::LateMatch& match : m.matches()) {
    TW_ASSIGN_OR_RETURN(const double distance2, codec::Finite(match.distance2(), "distance2"));
    value.matches.push_back({{match.track_id()}, distance2});
  }
  TW_ASSIGN_OR_RETURN(value.raw_digests, codec::DigestsFromProto(m.raw_digests()));
  return value;
}

}  // namespace trucewatch
