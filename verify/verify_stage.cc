// SPDX-License-Identifier: Apache-2.0
#include "verify/verify_stage.h"

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
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

VerifyStage::VerifyStage(std::optional<Agreement> agreement, Duration heartbeat)
    : engine_(agreement ? std::move(*agreement) : Agreement(), heartbeat) {}

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
  const auto envelope = ParseEnvelope(input.payload);
  if (!envelope) {
    out.push_back(Refused(envelope.error().message));
    return out;
  }
  switch (envelope->payload_case()) {
    case v1::Envelope::kMissionHeader:
      return HandleHeader(envelope->mission_header(), input.payload);
    case v1::Envelope::kPicture: {
      const auto picture = FromProto(envelope->picture());
      if (!picture) {
        out.push_back(Refused(picture.error().message));
        return out;
      }
      auto findings = engine_.Advance(*picture);
      if (!findings) {
        out.push_back(Refused(findings.error().message));
        return out;
      }
      for (Finding& finding : *findings) out.push_back(Write(std::move(finding)));
      return out;
    }
    case v1::Envelope::kSettledLook: {
      const auto look = FromProto(envelope->settled_look());
      if (!look) {
        out.push_back(Refused(look.error().message));
        return out;
      }
      auto findings = engine_.AddLook(*look);
      if (!findings) {
        out.push_back(Refused(findings.error().message));
        return out;
      }
      for (Finding& finding : *findings) out.push_back(Write(std::move(finding)));
      return out;
    }
    case v1::Envelope::kLateLook: {
      const auto look = FromProto(envelope->late_look());
      if (!look) {
        out.push_back(Refused(look.error().message));
        return out;
      }
      for (Finding& finding : engine_.AddLateLook(*look)) out.push_back(Write(std::move(finding)));
      return out;
    }
    case v1::Envelope::kHumanRecord: {
      const auto record = FromProto(envelope->human_record());
      if (!record) {
        out.push_back(Refused(record.error().message));
        return out;
      }
      for (Finding& finding : engine_.AddRecord(*record)) out.push_back(Write(std::move(finding)));
      return out;
    }
    case v1::Envelope::kSourceStatus: {
      const auto status = FromProto(envelope->source_status());
      if (!status) {
        out.push_back(Refused(status.error().message));
        return out;
      }
      Finding finding;
      finding.kind = FindingKind::kSourceStatus;
      finding.time = status->time;
      finding.reason = SourceStatusSentence(*status);
      finding.supports.push_back(BareSupport(status->source, status->time));
      out.push_back(Write(std::move(finding)));
      return out;
    }
    case v1::Envelope::kDataFault: {
      const auto fault = FromProto(envelope->data_fault());
      if (!fault) {
        out.push_back(Refused(fault.error().message));
        return out;
      }
      engine_.CountRefused();
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
  return std::vector<std::string>{payload, Write(std::move(finding))};
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
  engine_.SetState(std::move(state));
  exercise_ = message.exercise();
  header_seen_ = message.header_seen();
  mission_start_ = Instant::FromMicros(message.mission_start_us());
  return {};
}

Result<std::unique_ptr<Stage>> MakeVerifyStage(const v1::config::VerifyConfig& config,
                                               const std::string& agreement_text,
                                               const std::string& agreement_file) {
  if (!(config.heartbeat_s() >= 0.1) || config.heartbeat_s() > 86'400.0)
    return Fail(ErrorCode::kBadInput,
                "verify.heartbeat_s: {} is out of range; expected 0.1 to 86400",
                config.heartbeat_s());
  std::optional<Agreement> agreement;
  if (!agreement_text.empty()) {
    TW_ASSIGN_OR_RETURN(agreement, ParseAgreement(agreement_text, agreement_file));
  }
  return std::make_unique<VerifyStage>(std::move(agreement),
                                       Duration::FromSeconds(config.heartbeat_s()));
}

}  // namespace trucewatch
