// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/types/codec.h"
#include "core/types/codec_internal.h"

namespace trucewatch {
namespace codec {

v1::SiteChange SiteChangeToProto(const SiteChange& change) {
  v1::SiteChange message;
  message.set_kind(static_cast<v1::ChangeKind>(change.kind));
  *message.mutable_position() = PositionToProto(change.position);
  CovToProto(change.cov_en_m2, message.mutable_cov_m2());
  message.set_length_m(change.length_m);
  message.set_width_m(change.width_m);
  message.set_probability(change.probability);
  ClassesToProto(change.classes, message.mutable_classes());
  return message;
}

Result<SiteChange> SiteChangeFromProto(const v1::SiteChange& m) {
  SiteChange change;
  if (!v1::ChangeKind_IsValid(m.kind())) {
    return Fail(ErrorCode::kBadInput, "change of unknown kind {}", static_cast<int>(m.kind()));
  }
  change.kind = static_cast<ChangeKind>(m.kind());
  TW_ASSIGN_OR_RETURN(change.position, PositionFromProto(m.position(), "change.position"));
  TW_ASSIGN_OR_RETURN(change.cov_en_m2, CovFromProto(m.cov_m2(), "change.cov_m2"));
  TW_ASSIGN_OR_RETURN(change.length_m, Finite(m.length_m(), "change.length_m"));
  TW_ASSIGN_OR_RETURN(change.width_m, Finite(m.width_m(), "change.width_m"));
  TW_ASSIGN_OR_RETURN(change.probability, Probability(m.probability(), "change.probability"));
  TW_ASSIGN_OR_RETURN(change.classes, ClassesFromProto(m.classes()));
  return change;
}

namespace {

Result<void> SceneFactsFromProto(const v1::Scene& m, Scene& value) {
  for (const v1::SceneInput& message : m.inputs()) {
    SceneInput input{message.name(), message.role(), {}, message.size_bytes()};
    if (message.sha256().size() != input.sha256.size()) {
      return Fail(ErrorCode::kBadInput, "scene.inputs: a SHA-256 of {} bytes; expected {}",
                  message.sha256().size(), input.sha256.size());
    }
    const Bytes digest = AsBytes(message.sha256());
    std::copy(digest.begin(), digest.end(), input.sha256.begin());
    value.inputs.push_back(std::move(input));
  }
  value.time_source = m.time_source();
  value.georeference = m.georeference();
  value.view_known = m.view_known();
  TW_ASSIGN_OR_RETURN(value.view_off_nadir_deg, Finite(m.view_off_nadir_deg(), "view_off_nadir"));
  TW_ASSIGN_OR_RETURN(value.view_incidence_deg, Finite(m.view_incidence_deg(), "view_incidence"));
  TW_ASSIGN_OR_RETURN(value.view_azimuth_deg, Finite(m.view_azimuth_deg(), "view_azimuth"));
  if (m.has_cloud_fraction()) {
    TW_ASSIGN_OR_RETURN(value.cloud_fraction, Probability(m.cloud_fraction(), "cloud_fraction"));
  }
  if (m.has_nodata_fraction()) {
    TW_ASSIGN_OR_RETURN(value.nodata_fraction, Probability(m.nodata_fraction(), "nodata_fraction"));
  }
  value.calibration = m.calibration();
  value.product = m.product();
  value.remarks.assign(m.remarks().begin(), m.remarks().end());
  return {};
}

}  // namespace
}  // namespace codec

v1::Scene ToProto(const Scene& value) {
  v1::Scene m;
  m.set_source_id(value.source.value);
  *m.mutable_lineage() = codec::LineageToProto(value.lineage);
  m.set_item(value.item);
  m.set_time_us(value.time.micros());
  m.set_sha256(std::string(AsText(value.sha256)));
  m.set_size_bytes(value.size_bytes);
  m.set_width_px(value.width_px);
  m.set_height_px(value.height_px);
  m.set_bands(value.bands);
  m.set_resolution_m(value.resolution_m);
  codec::PolygonToProto(value.footprint, m.mutable_footprint());
  m.set_position_sigma_m(value.position_sigma_m);
  m.set_exercise(value.exercise);
  m.set_sun_azimuth_deg(value.sun_azimuth_deg);
  m.set_sun_elevation_deg(value.sun_elevation_deg);
  codec::DigestsToProto(value.raw_digests, m.mutable_raw_digests());
  for (const SceneInput& input : value.inputs) {
    v1::SceneInput* message = m.add_inputs();
    message->set_name(input.name);
    message->set_role(input.role);
    message->set_sha256(std::string(AsText(input.sha256)));
    message->set_size_bytes(input.size_bytes);
  }
  m.set_time_source(value.time_source);
  m.set_georeference(value.georeference);
  m.set_view_known(value.view_known);
  m.set_view_off_nadir_deg(value.view_off_nadir_deg);
  m.set_view_incidence_deg(value.view_incidence_deg);
  m.set_view_azimuth_deg(value.view_azimuth_deg);
  if (value.cloud_fraction >= 0) m.set_cloud_fraction(value.cloud_fraction);
  if (value.nodata_fraction >= 0) m.set_nodata_fraction(value.nodata_fraction);
  m.set_calibration(value.calibration);
  m.set_product(value.product);
  for (const std::string& remark : value.remarks) m.add_remarks(remark);
  return m;
}

Result<Scene> FromProto(const v1::Scene& m) {
  Scene value;
  value.source.value = m.source_id();
  TW_ASSIGN_OR_RETURN(value.lineage, codec::LineageFromProto(m.lineage()));
  value.item = m.item();
  value.time = Instant::FromMicros(m.time_us());
  if (m.sha256().size() != value.sha256.size()) {
    return Fail(ErrorCode::kBadInput, "scene.sha256 has {} bytes; expected {}", m.sha256().size(),
                value.sha256.size());
  }
  const Bytes digest = AsBytes(m.sha256());
  std::copy(digest.begin(), digest.end(), value.sha256.begin());
  value.size_bytes = m.size_bytes();
  value.width_px = m.width_px();
  value.height_px = m.height_px();
  value.bands = m.bands();
  if (value.width_px <= 0 || value.height_px <= 0 || value.bands <= 0) {
    return Fail(ErrorCode::kBadInput, "scene of {} x {} pixels and {} bands", value.width_px,
                value.height_px, value.bands);
  }
  TW_ASSIGN_OR_RETURN(value.resolution_m, codec::Finite(m.resolution_m(), "scene.resolution_m"));
  TW_ASSIGN_OR_RETURN(value.footprint, codec::PolygonFromProto(m.footprint(), "scene.footprint"));
  TW_ASSIGN_OR_RETURN(value.position_sigma_m,
                      codec::Finite(m.position_sigma_m(), "scene.position_sigma_m"));
  value.exercise = m.exercise();
  TW_ASSIGN_OR_RETURN(value.sun_azimuth_deg, codec::Finite(m.sun_azimuth_deg(), "sun_azimuth_deg"));
  TW_ASSIGN_OR_RETURN(value.sun_elevation_deg,
                      codec::Finite(m.sun_elevation_deg(), "sun_elevation_deg"));
  TW_ASSIGN_OR_RETURN(value.raw_digests, codec::DigestsFromProto(m.raw_digests()));
  TW_RETURN_IF_ERROR(codec::SceneFactsFromProto(m, value));
  return value;
}

v1::HumanRecord ToProto(const HumanRecord& value) {
  v1::HumanRecord m;
  m.set_source_id(value.source.value);
  *m.mutable_lineage() = codec::LineageToProto(value.lineage);
  m.set_record_id(value.record_id);
  m.set_kind(static_cast<v1::HumanRecordKind>(value.kind));
  m.set_time_first_us(value.time_first.micros());
  m.set_time_last_us(value.time_last.micros());
  m.set_reported_us(value.reported.micros());
  *m.mutable_position() = codec::PositionToProto(value.position);
  m.set_radius_m(value.radius_m);
  m.set_means(value.means);
  m.set_object_class(static_cast<v1::ObjectClass>(value.object_class));
  m.set_count_min(value.count_min);
  m.set_count_max(value.count_max);
  m.set_assessed_as(value.assessed_as);
  m.set_text(value.text);
  m.set_author(value.author);
  m.set_informant(value.informant);
  m.set_impediment(value.impediment);
  m.set_nothing_observed(value.nothing_observed);
  m.set_exercise(value.exercise);
  codec::DigestsToProto(value.raw_digests, m.mutable_raw_digests());
  m.set_event_id(value.event_id);
  m.set_decision(value.decision);
  m.set_audience(value.audience);
  m.set_challenge_id(value.challenge_id);
  m.set_role(value.role);
  m.set_key_set(value.key_set);
  m.set_outcome(value.outcome);
  m.set_item(value.item);
  m.set_item_name(value.item_name);
  m.set_item_sha256(value.item_sha256);
  m.set_handed_by(value.handed_by);
  m.set_handed_to(value.handed_to);
  return m;
}

Result<HumanRecord> FromProto(const v1::HumanRecord& m) {
  HumanRecord value;
  value.source.value = m.source_id();
  TW_ASSIGN_OR_RETURN(value.lineage, codec::LineageFromProto(m.lineage()));
  value.record_id = m.record_id();
  if (!v1::HumanRecordKind_IsValid(m.kind())) {
    return Fail(ErrorCode::kBadInput, "human record of unknown kind {}",
                static_cast<int>(m.kind()));
  }
  value.kind = static_cast<HumanRecordKind>(m.kind());
  value.time_first = Instant::FromMicros(m.time_first_us());
  value.time_last = Instant::FromMicros(m.time_last_us());
  value.reported = Instant::FromMicros(m.reported_us());
  TW_ASSIGN_OR_RETURN(value.position, codec::PositionFromProto(m.position(), "record.position"));
  TW_ASSIGN_OR_RETURN(value.radius_m, codec::Finite(m.radius_m(), "record.radius_m"));
  value.means = m.means();
  TW_ASSIGN_OR_RETURN(value.object_class, codec::ObjectClassFromProto(m.object_class()));
  value.count_min = m.count_min();
  value.count_max = m.count_max();
  if (value.time_last < value.time_first || value.radius_m < 0 || value.count_min < 0 ||
      value.count_max < value.count_min) {
    return Fail(ErrorCode::kBadInput,
                "human record '{}': its times, radius or counts are no intervals", m.record_id());
  }
  value.assessed_as = m.assessed_as();
  value.text = m.text();
  value.author = m.author();
  value.informant = m.informant();
  value.impediment = m.impediment();
  value.nothing_observed = m.nothing_observed();
  value.exercise = m.exercise();
  TW_ASSIGN_OR_RETURN(value.raw_digests, codec::DigestsFromProto(m.raw_digests()));
  value.event_id = m.event_id();
  value.decision = m.decision();
  value.audience = m.audience();
  value.challenge_id = m.challenge_id();
  value.role = m.role();
  value.key_set = m.key_set();
  value.outcome = m.outcome();
  value.item = m.item();
  value.item_name = m.item_name();
  value.item_sha256 = m.item_sha256();
  value.handed_by = m.handed_by();
  value.handed_to = m.handed_to();
  return value;
}

}  // namespace trucewatch
