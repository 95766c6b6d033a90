// SPDX-License-Identifier: Apache-2.0
#include "core/types/arena_codec.h"
#include "core/types/codec.h"
#include "core/types/codec_internal.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxEnvelopeBytes = 64U << 20U;

v1::CoverageAccount CoverageToProto(const CoverageAccount& account) {
  v1::CoverageAccount m;
  m.set_zone(account.zone);
  m.set_side(account.side);
  m.set_start_us(account.start.micros());
  m.set_end_us(account.end.micros());
  m.set_cells(account.cells);
  m.set_cell_m(account.cell_m);
  m.set_area_km2(account.area_km2);
  for (const ClassCoverage& of_class : account.classes) {
    v1::ClassCoverage* out = m.add_classes();
    out->set_coverage_class(static_cast<v1::CoverageClass>(of_class.coverage_class));
    for (const CoverageShare& share : of_class.shares) {
      v1::CoverageShare* piece = out->add_shares();
      piece->set_state(static_cast<v1::CoverageState>(share.state));
      piece->set_reason(share.reason);
      piece->set_cells(share.cells);
    }
  }
  m.set_amended(account.amended);
  return m;
}

Result<CoverageAccount> CoverageFromProto(const v1::CoverageAccount& m) {
  CoverageAccount account;
  account.zone = m.zone();
  account.side = m.side();
  account.start = Instant::FromMicros(m.start_us());
  account.end = Instant::FromMicros(m.end_us());
  account.cells = m.cells();
  TW_ASSIGN_OR_RETURN(account.cell_m, codec::Finite(m.cell_m(), "coverage.cell_m"));
  TW_ASSIGN_OR_RETURN(account.area_km2, codec::Finite(m.area_km2(), "coverage.area_km2"));
  for (const v1::ClassCoverage& in : m.classes()) {
    ClassCoverage of_class;
    of_class.coverage_class = static_cast<CoverageClass>(in.coverage_class());
    std::int64_t cells = 0;
    for (const v1::CoverageShare& share : in.shares()) {
      if (!v1::CoverageState_IsValid(share.state()) || share.cells() < 0) {
        return Fail(ErrorCode::kBadInput, "coverage of zone '{}': a share of unknown state",
                    m.zone());
      }
      cells += share.cells();
      of_class.shares.push_back(
          {static_cast<CoverageState>(share.state()), share.reason(), share.cells()});
    }
    if (cells != m.cells() || !v1::CoverageClass_IsValid(in.coverage_class())) {
      return Fail(ErrorCode::kBadInput, "coverage of zone '{}': shares of {} cells; expected {}",
                  m.zone(), cells, m.cells());
    }
    account.classes.push_back(std::move(of_class));
  }
  account.amended = m.amended();
  return account;
}

}  // namespace

v1::Finding ToProto(const Finding& value) {
  v1::Finding m;
  m.set_kind(static_cast<v1::FindingKind>(value.kind));
  m.set_time_us(value.time.micros());
  m.set_event_id(value.event_id);
  m.set_exercise(value.exercise);
  m.set_state(static_cast<v1::EventState>(value.state));
  m.set_rule(value.rule);
  m.set_zone(value.zone);
  m.set_notification(value.notification);
  m.set_object_class(static_cast<v1::ObjectClass>(value.object_class));
  m.set_count_min(value.count_min);
  m.set_count_max(value.count_max);
  m.set_time_first_us(value.time_first.micros());
  m.set_time_last_us(value.time_last.micros());
  m.set_probability(value.probability);
  *m.mutable_position() = codec::PositionToProto(value.position);
  for (int i = 0; i < 3; ++i) m.add_cov_m2(value.cov_m2(i));
  m.add_velocity_en_mps(value.velocity_en_mps.x());
  m.add_velocity_en_mps(value.velocity_en_mps.y());
  for (const TrackId member : value.members) m.add_members(member.value);
  for (const Support& support : value.supports) {
    v1::Support* const out = m.add_supports();
    out->set_source_id(support.source.value);
    *out->mutable_lineage() = codec::LineageToProto(support.lineage);
    codec::UpdatesToProto(support, out);
  }
  m.set_reason(value.reason);
  m.set_agreement_hash(value.agreement_hash);
  m.set_amended(value.amended);
  m.set_case_id(value.case_id);
  m.set_record_id(value.record_id);
  if (value.human_record) *m.mutable_human_record() = ToProto(*value.human_record);
  if (value.coverage) *m.mutable_coverage() = CoverageToProto(*value.coverage);
  m.set_challenge_id(value.challenge_id);
  m.set_challenge_state(static_cast<v1::ChallengeState>(value.challenge_state));
  m.set_audience(value.audience);
  return m;
}

Result<Finding> FromProto(const v1::Finding& m) {
  if (!v1::FindingKind_IsValid(m.kind()) || !v1::EventState_IsValid(m.state()) ||
      !v1::ObjectClass_IsValid(m.object_class()) ||
      !v1::ChallengeState_IsValid(m.challenge_state())) {
    return Fail(ErrorCode::kBadInput, "finding with an unknown kind, state or class");
  }
  Finding value;
  value.kind = static_cast<FindingKind>(m.kind());
  value.time = Instant::FromMicros(m.time_us());
  value.event_id = m.event_id();
  value.exercise = m.exercise();
  value.state = static_cast<EventState>(m.state());
  value.rule = m.rule();
  value.zone = m.zone();
  value.notification = m.notification();
  value.object_class = static_cast<ObjectClass>(m.object_class());
  value.count_min = m.count_min();
  value.count_max = m.count_max();
  value.time_first = Instant::FromMicros(m.time_first_us());
  value.time_last = Instant::FromMicros(m.time_last_us());
  TW_ASSIGN_OR_RETURN(value.probability, codec::Finite(m.probability(), "probability"));
  TW_ASSIGN_OR_RETURN(value.position, codec::PositionFromProto(m.position(), "finding.position"));
  // Statements that are about no place (headers, faults) leave these out.
  if (m.cov_m2_size() != 0) {
    TW_ASSIGN_OR_RETURN(const Eigen::Matrix2d cov,
                        codec::CovFromProto(m.cov_m2(), "finding.cov_m2"));
    value.cov_m2 = {cov(0, 0), cov(0, 1), cov(1, 1)};
  }
  if (m.velocity_en_mps_size() == 2) {
    for (const double v : m.velocity_en_mps())
      TW_RETURN_IF_ERROR(codec::Finite(v, "finding.velocity_en_mps"));
    value.velocity_en_mps = {m.velocity_en_mps(0), m.velocity_en_mps(1)};
  } else if (m.velocity_en_mps_size() != 0) {
    return Fail(ErrorCode::kBadInput, "finding.velocity_en_mps needs [east, north]");
  }
  for (const std::uint64_t member : m.members()) value.members.push_back({member});
  for (const v1::Support& in : m.supports()) {
    Support& support = value.supports.emplace_back();
    support.source.value = in.source_id();
    TW_ASSIGN_OR_RETURN(support.lineage, codec::LineageFromProto(in.lineage()));
    TW_RETURN_IF_ERROR(codec::UpdatesFromProto(in, support));
  }
  value.reason = m.reason();
  value.agreement_hash = m.agreement_hash();
  value.amended = m.amended();
  value.case_id = m.case_id();
  value.record_id = m.record_id();
  if (m.has_human_record()) {
    TW_ASSIGN_OR_RETURN(value.human_record, FromProto(m.human_record()));
  }
  if (m.has_coverage()) {
    TW_ASSIGN_OR_RETURN(value.coverage, CoverageFromProto(m.coverage()));
  }
  value.challenge_id = m.challenge_id();
  value.challenge_state = static_cast<ChallengeState>(m.challenge_state());
  value.audience = m.audience();
  return value;
}

namespace {

Result<void> ReadEnvelope(std::string_view payload, v1::Envelope& envelope) {
  if (payload.size() > kMaxEnvelopeBytes) {
    return Fail(ErrorCode::kBadInput, "a message of {} bytes is over the limit of {}",
                payload.size(), kMaxEnvelopeBytes);
  }
  if (!envelope.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return Fail(ErrorCode::kBadInput, "{} bytes that are no Envelope message", payload.size());
  }
  if (envelope.payload_case() == v1::Envelope::PAYLOAD_NOT_SET) {
    return Fail(ErrorCode::kBadInput, "an Envelope of {} bytes without a known payload",
                payload.size());
  }
  return {};
}

}  // namespace

Result<v1::Envelope> ParseEnvelope(std::string_view payload) {
  v1::Envelope envelope;
  TW_RETURN_IF_ERROR(ReadEnvelope(payload, envelope));
  return envelope;
}

Result<const v1::Envelope*> ParseEnvelope(std::string_view payload,
                                          google::protobuf::Arena& arena) {
  auto* const envelope = google::protobuf::Arena::CreateMessage<v1::Envelope>(&arena);
  TW_RETURN_IF_ERROR(ReadEnvelope(payload, *envelope));
  return envelope;
}

std::string SerializeEnvelope(const v1::Envelope& envelope) { return envelope.SerializeAsString(); }

}  // namespace trucewatch
