// SPDX-License-Identifier: Apache-2.0
#include "verify/verify_stage.h"

#include <algorithm>

#include "core/crypto/sha256.h"
#include "core/types/arena_codec.h"
#include "core/types/codec.h"
#include "core/types/source_notes.h"
#include "verify/snapshot_codec.h"
#include "verify/wording.h"

namespace trucewatch {
namespace {

Support BareSupport(const SourceId& source, Instant time) {
  Support support;
  support.source = source;
  support.first = time;
  support.last = time;
  return support;
}

}  // namespace

VerifyStage::VerifyStage(std::optional<Agreement> agreement, Duration heartbeat,
                         std::optional<CoverageBook> coverage)
    : engine_(agreement ? std::move(*agreement) : Agreement(), heartbeat),
      cases_(engine_.agreement().hash, engine_.agreement().corroboration.breaking),
      coverage_(std::move(coverage)) {
  if (coverage_ && coverage_->gives_cells()) cells_.emplace(*coverage_, engine_.agreement());
}

Result<std::vector<std::vector<std::string>>> VerifyStage::Handle(
    std::span<const LogRecord> inputs) {
  std::vector<std::vector<std::string>> outputs;
  outputs.reserve(inputs.size());
  for (const LogRecord& input : inputs) {
    TW_ASSIGN_OR_RETURN(std::vector<std::string> output, HandleOne(input));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

Result<std::vector<std::string>> VerifyStage::HandleOne(const LogRecord& input) {
  std::vector<std::string> out;
  google::protobuf::Arena arena;
  const auto parsed = ParseEnvelope(input.payload, arena);
  if (!parsed) {
    out.push_back(Refused(parsed.error().message));
    return out;
  }
  const v1::Envelope* const envelope = *parsed;
  switch (envelope->payload_case()) {
    case v1::Envelope::kMissionHeader:
      return HandleHeader(envelope->mission_header(), input.payload);
    case v1::Envelope::kPicture:
      HandlePicture(envelope->picture(), out);
      return out;
    case v1::Envelope::kSettledLook:
      HandleLook(envelope->settled_look(), out);
      return out;
    case v1::Envelope::kLateLook: {
      const auto look = FromProto(envelope->late_look());
      if (!look) {
        out.push_back(Refused(look.error().message));
        return out;
      }
      WriteAll(engine_.AddLateLook(*look), out);
      return out;
    }
    case v1::Envelope::kHumanRecord:
      HandleRecord(envelope->human_record(), out);
      return out;
    case v1::Envelope::kSourceStatus:
      HandleStatus(envelope->source_status(), out);
      return out;
    case v1::Envelope::kDataFault: {
      const auto fault = FromProto(envelope->data_fault());
      if (!fault) {
        out.push_back(Refused(fault.error().message));
        return out;
      }
      engine_.CountRefused();
      if (coverage_) coverage_->AddRefused(fault->source, fault->time);
      Finding finding;
      finding.kind = FindingKind::kDataFault;
      finding.time = fault->time;
      finding.reason = DataFaultSentence(*fault);
      finding.supports.push_back(BareSupport(fault->source, fault->time));
      out.push_back(Write(std::move(finding)));
      return out;
    }
    case v1::Envelope::kWatermark:
      return out;
    default:
      out.push_back(Refused(fmt::format("a message of kind {} has no place in the input of verify",
                                        static_cast<int>(envelope->payload_case()))));
      return out;
  }
}

void VerifyStage::HandlePicture(const v1::Picture& message, std::vector<std::string>& out) {
  const auto picture = FromProto(message);
  if (!picture) {
    out.push_back(Refused(picture.error().message));
    return;
  }
  auto findings = engine_.Advance(*picture);
  if (!findings) {
    out.push_back(Refused(findings.error().message));
    return;
  }
  if (coverage_ && picture->settled) {
    newest_ = std::max(newest_.value_or(picture->time), picture->time);
    WriteCoverage(coverage_->Advance(picture->time), picture->time, out);
    coverage_->AddPicture(*picture);
  }
  WriteAll(std::move(*findings), out);
}

void VerifyStage::HandleLook(const v1::SettledLook& message, std::vector<std::string>& out) {
  const auto look = FromProto(message);
  if (!look) {
    out.push_back(Refused(look.error().message));
    return;
  }
  if (coverage_) {
    if (const auto added = coverage_->AddLook(*look); !added)
      out.push_back(Refused(added.error().message));
  }
  auto findings = engine_.AddLook(*look);
  if (!findings) {
    out.push_back(Refused(findings.error().message));
    return;
  }
  WriteAll(std::move(*findings), out);
}

void VerifyStage::HandleRecord(const v1::HumanRecord& message, std::vector<std::string>& out) {
  const auto record = FromProto(message);
  if (!record) {
    out.push_back(Refused(record.error().message));
    return;
  }
  switch (record->kind) {
    case HumanRecordKind::kDecision:
    case HumanRecordKind::kChallenge:
    case HumanRecordKind::kRuling:
      for (Finding& finding : cases_.Take(*record)) out.push_back(Write(std::move(finding)));
      return;
    default:
      break;
  }
  if (coverage_ && record->kind == HumanRecordKind::kImpediment) coverage_->AddImpediment(*record);
  WriteAll(engine_.AddRecord(*record), out);
}

void VerifyStage::HandleStatus(const v1::SourceStatus& message, std::vector<std::string>& out) {
  const auto status = FromProto(message);
  if (!status) {
    out.push_back(Refused(status.error().message));
    return;
  }
  Finding finding;
  finding.kind = FindingKind::kSourceStatus;
  finding.time = status->time;
  finding.reason = SourceStatusSentence(*status);
  finding.supports.push_back(BareSupport(status->source, status->time));
  out.push_back(Write(std::move(finding)));
  if (coverage_) coverage_->AddStatus(*status);
  if (IsNote(*status)) return;
  if (status->state == SourceState::kEnded) {
    running_.erase(status->source.value);
    ended_.insert(status->source.value);
  } else {
    ended_.erase(status->source.value);
    running_.insert(status->source.value);
  }
  if (coverage_ && newest_ && running_.empty()) WriteCoverage(coverage_->Finish(), *newest_, out);
}

void VerifyStage::WriteAll(std::vector<Finding> findings, std::vector<std::string>& out) {
  for (Finding& finding : findings) {
    cases_.Note(finding);
    out.push_back(Write(std::move(finding)));
  }
}

void VerifyStage::WriteCoverage(std::vector<CoverageBook::Given> accounts, Instant now,
                                std::vector<std::string>& out) const {
  for (CoverageBook::Given& given : accounts) {
    Finding finding;
    finding.kind = FindingKind::kCoverage;
    finding.time = now;
    finding.exercise = given.exercise;
    finding.zone = given.account.zone;
    finding.time_first = given.account.start;
    finding.time_last = given.account.end;
    finding.amended = given.account.amended;
    std::string name = given.account.zone;
    for (const Zone& zone : engine_.agreement().zones) {
      if (zone.id == given.account.zone) name = zone.name;
    }
    finding.reason = CoverageSentence(given.account, name);
    if (cells_) {
      finding.reason +=
          fmt::format(" By cell: record with SHA-256 {}.", HexEncode(Sha256(given.cells)));
      out.push_back(cells_->Cells(given.account.zone, std::move(given.cells)));
    }
    finding.coverage = std::move(given.account);
    out.push_back(Write(std::move(finding)));
  }
}

Result<std::vector<std::string>> VerifyStage::HandleHeader(const v1::MissionHeader& header,
                                                           const std::string& payload) {
  if (header_seen_) return std::vector<std::string>{Refused("a second mission header")};
  const std::string agreement_hash =
      header.agreement_text().empty() ? "" : HexEncode(Sha256(header.agreement_text()));
  const Agreement& agreement = engine_.agreement();
  if (agreement_hash != agreement.hash) {
    return Fail(
        ErrorCode::kBadInput,
        "mission '{}' was begun under the agreement with SHA-256 {}, but this stage was given {}; "
        "start it with the agreement file of the mission",
        header.mission(), agreement_hash.empty() ? "(none)" : agreement_hash,
        agreement.hash.empty() ? "none" : agreement.hash);
  }
  header_seen_ = true;
  exercise_ = header.exercise();
  mission_start_ = Instant::FromMicros(header.start_time_us());
  if (coverage_) coverage_->Begin(mission_start_);
  Finding finding;
  finding.kind = FindingKind::kMissionHeader;
  finding.time = mission_start_;
  finding.agreement_hash = agreement.hash;
  finding.reason = fmt::format(
      "Mission '{}' ({}) began at {}. Config SHA-256 {}; {}; build {}; processor features {}.",
      header.mission(), header.exercise() ? "exercise" : "operational", FormatUtc(mission_start_),
      HexEncode(Sha256(header.config_text())),
      agreement.hash.empty() ? "no agreement"
                             : fmt::format("agreement '{}', {}, SHA-256 {}", agreement.title,
                                           agreement.edition, agreement.hash),
      header.build_id().empty() ? "not stated" : header.build_id(),
      header.cpu_features().empty() ? "not stated" : header.cpu_features());
  std::vector<std::string> out = {payload, Write(std::move(finding))};
  if (cells_) out.insert(out.end(), cells_->grids().begin(), cells_->grids().end());
  return out;
}

std::string VerifyStage::Write(Finding finding) const {
  finding.exercise |= exercise_;
  if (finding.agreement_hash.empty()) finding.agreement_hash = engine_.agreement().hash;
  v1::Envelope envelope;
  *envelope.mutable_finding() = ToProto(finding);
  return SerializeEnvelope(envelope);
}

std::string VerifyStage::Refused(const std::string& reason) {
  engine_.CountRefused();
  Finding finding;
  finding.kind = FindingKind::kDataFault;
  finding.time = engine_.state().last_picture.value_or(mission_start_);
  finding.reason = fmt::format("Verify refused an input and goes on without it: {}.", reason);
  return Write(std::move(finding));
}

Result<std::string> VerifyStage::Snapshot() const {
  v1::VerifySnapshot message;
  message.set_agreement_hash(engine_.agreement().hash);
  message.set_exercise(exercise_);
  message.set_header_seen(header_seen_);
  message.set_mission_start_us(mission_start_.micros());
  *message.mutable_engine() = ToProto(engine_.state());
  if (coverage_) coverage_->Write(message.mutable_coverage());
  cases_.Write(message.mutable_cases());
  for (const std::string& source : running_) message.add_running_sources(source);
  for (const std::string& source : ended_) message.add_ended_sources(source);
  if (newest_) message.set_newest_us(newest_->micros());
  return message.SerializeAsString();
}

Result<void> VerifyStage::Restore(std::string_view snapshot) {
  v1::VerifySnapshot message;
  if (!message.ParseFromArray(snapshot.data(), static_cast<int>(snapshot.size())))
    return Fail(ErrorCode::kBadInput, "{} bytes that are no snapshot of verify", snapshot.size());
  if (message.agreement_hash() != engine_.agreement().hash)
    return Fail(ErrorCode::kBadInput, "the snapshot was made under the agreement with SHA-256 {}",
                message.agreement_hash().empty() ? "(none)" : message.agreement_hash());
  TW_ASSIGN_OR_RETURN(EngineState state, FromProto(message.engine(), engine_.agreement()));
  if (coverage_.has_value() != message.has_coverage())
    return Fail(ErrorCode::kBadInput, "the snapshot was made {} coverage account",
                message.has_coverage() ? "with a" : "without a");
  if (coverage_) {
    TW_RETURN_IF_ERROR(coverage_->Read(message.coverage()));
  }
  TW_RETURN_IF_ERROR(cases_.Read(message.cases()));
  engine_.SetState(std::move(state));
  running_ = {message.running_sources().begin(), message.running_sources().end()};
  ended_ = {message.ended_sources().begin(), message.ended_sources().end()};
  newest_.reset();
  if (message.has_newest_us()) newest_ = Instant::FromMicros(message.newest_us());
  exercise_ = message.exercise();
  header_seen_ = message.header_seen();
  mission_start_ = Instant::FromMicros(message.mission_start_us());
  return {};
}

Result<std::unique_ptr<Stage>> MakeVerifyStage(const v1::config::VerifyConfig& config,
                                               const std::string& agreement_text,
                                               const std::string& agreement_file,
                                               CoverageCells cells) {
  if (!(config.heartbeat_s() >= 0.1) || config.heartbeat_s() > 86'400.0)
    return Fail(ErrorCode::kBadInput,
                "verify.heartbeat_s: {} is out of range; expected 0.1 to 86400",
                config.heartbeat_s());
  std::optional<Agreement> agreement;
  if (!agreement_text.empty()) {
    TW_ASSIGN_OR_RETURN(agreement, ParseAgreement(agreement_text, agreement_file));
  }
  std::optional<CoverageBook> coverage;
  if (agreement && config.has_coverage()) {
    const v1::config::CoverageConfig& c = config.coverage();
    if (!(c.period_s() >= 10.0 && c.period_s() <= 3600.0))
      return Fail(ErrorCode::kBadInput,
                  "verify.coverage.period_s: {} is out of range; expected 10 to 3600",
                  c.period_s());
    const CoverageTerms terms{c.cell_m(), Duration::FromSeconds(c.period_s()),
                              c.observed_probability(), c.degraded_probability(), c.full_share()};
    TW_ASSIGN_OR_RETURN(coverage,
                        CoverageBook::Make(terms, agreement->zones, agreement->min_group_size));
    if (cells == CoverageCells::kGiven) coverage->GiveCells();
  }
  return std::make_unique<VerifyStage>(
      std::move(agreement), Duration::FromSeconds(config.heartbeat_s()), std::move(coverage));
}

}  // namespace trucewatch
