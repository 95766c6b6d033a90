// SPDX-License-Identifier: Apache-2.0
#include "verify/verify_stage.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/crypto/sha256.h"
#include "core/types/arena_codec.h"
#include "core/types/codec.h"
#include "core/types/source_notes.h"
#include "verify/mission_records.h"
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

std::map<std::string, std::vector<Ancestor>> BreakingOf(
    std::span<const VerifyStage::Version> versions) {
  std::map<std::string, std::vector<Ancestor>> out;
  for (const VerifyStage::Version& version : versions)
    out[version.agreement.hash] = version.agreement.corroboration.breaking;
  return out;
}

std::vector<VerifyStage::Version> OnlyVersion(std::optional<Agreement> agreement,
                                              std::optional<CoverageBook> coverage) {
  std::vector<VerifyStage::Version> out;
  out.push_back({agreement ? std::move(*agreement) : Agreement(), std::move(coverage)});
  return out;
}

std::string HashOf(const std::string& agreement_text) {
  return agreement_text.empty() ? "" : HexEncode(Sha256(agreement_text));
}

}  // namespace

VerifyStage::VerifyStage(std::vector<Version> versions, Duration heartbeat)
    : cases_(BreakingOf(versions)) {
  TW_CHECK(!versions.empty());
  for (const Version& version : versions)
    valid_from_.push_back(version.agreement.amendment.valid_from);
  for (Version& version : versions) {
    const std::size_t i = parts_.size();
    if (version.coverage)
      version.coverage->Only(
          i == 0 ? std::nullopt : std::optional(valid_from_[i]),
          i + 1 == versions.size() ? std::nullopt : std::optional(valid_from_[i + 1]));
    parts_.push_back({RuleEngine(std::move(version.agreement), heartbeat),
                      std::move(version.coverage), std::nullopt});
    Part& part = parts_.back();
    if (part.coverage && part.coverage->gives_cells())
      part.cells.emplace(*part.coverage, part.engine.agreement());
  }
}

VerifyStage::VerifyStage(std::optional<Agreement> agreement, Duration heartbeat,
                         std::optional<CoverageBook> coverage)
    : VerifyStage(OnlyVersion(std::move(agreement), std::move(coverage)), heartbeat) {}

bool VerifyStage::Holds(std::size_t version) const {
  return version + 1 == parts_.size() || valid_from_[version + 1] > mission_start_;
}

bool VerifyStage::AccountsFor(std::size_t version, Instant time) const {
  return parts_[version].coverage && Holds(version) &&
         (version == 0 || time >= valid_from_[version] - kCoverageMemory);
}

std::size_t VerifyStage::BeginVersion(const Picture& picture) {
  const std::size_t version = VersionOf(picture.time);
  const std::optional<Instant>& last = parts_[current_].engine.state().last_picture;
  if (!picture.settled || (last && picture.time <= *last)) return version;
  while (current_ < version) {
    Part& next = parts_[current_ + 1];
    next.engine.TakeOver(parts_[current_].engine);
    ++current_;
  }
  for (std::size_t i = 0; i < version; ++i) parts_[i].engine.PassTime(picture.time);
  return version;
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
  // A picture of a few dozen tracks fits: nothing of it is asked of the allocator.
  google::protobuf::ArenaOptions arena_options;
  arena_options.initial_block = arena_block_.data();
  arena_options.initial_block_size = arena_block_.size();
  google::protobuf::Arena arena(arena_options);
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
      auto look = FromProto(envelope->late_look());
      if (!look) {
        out.push_back(Refused(look.error().message));
        return out;
      }
      doubts_.Void(*look);
      // Events of later versions have no moments before it, but may rest on it like on any look.
      for (std::size_t i = VersionOf(look->time); i <= current_; ++i)
        WriteAll(parts_[i].engine.AddLateLook(*look), out);
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
      parts_[current_].engine.CountRefused();
      for (Part& part : parts_) {
        if (part.coverage) part.coverage->AddRefused(fault->source, fault->time);
      }
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
  auto picture = FromProto(message);
  if (!picture) {
    out.push_back(Refused(picture.error().message));
    return;
  }
  doubts_.Void(*picture);
  doubts_.Forget(picture->time - DoubtBook::kMemory);
  const std::size_t version = BeginVersion(*picture);
  auto findings = parts_[version].engine.WeighAndAdvance(*picture);
  if (!findings) {
    out.push_back(Refused(findings.error().message));
    return;
  }
  if (parts_[version].coverage && picture->settled) {
    newest_ = std::max(newest_.value_or(picture->time), picture->time);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (AccountsFor(i, picture->time))
        WriteCoverage(i, parts_[i].coverage->Advance(picture->time), picture->time, out);
    }
    parts_[version].coverage->AddPicture(*picture);
  }
  WriteAll(std::move(*findings), out);
}

void VerifyStage::HandleLook(const v1::SettledLook& message, std::vector<std::string>& out) {
  auto look = FromProto(message);
  if (!look) {
    out.push_back(Refused(look.error().message));
    return;
  }
  doubts_.Void(*look);
  const std::size_t version = VersionOf(look->time);
  Part& part = parts_[version];
  for (std::size_t i = version; i < parts_.size(); ++i) {
    if (!AccountsFor(i, look->time)) continue;
    const auto added = parts_[i].coverage->AddLook(*look);
    if (!added && i == version) out.push_back(Refused(added.error().message));
  }
  auto findings = part.engine.AddLook(*look);
  if (!findings) {
    out.push_back(Refused(findings.error().message));
    return;
  }
  for (std::size_t i = 0; i < version; ++i) WriteAll(parts_[i].engine.AgreeWithLater(*look), out);
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
    case HumanRecordKind::kKeySet:
    case HumanRecordKind::kCustody:
      out.push_back(Write(AboutMission(*record)));
      return;
    default:
      break;
  }
  const std::size_t version = VersionOf(record->time_last);
  for (Part& part : parts_) {
    if (part.coverage && record->kind == HumanRecordKind::kImpediment)
      part.coverage->AddImpediment(*record);
  }
  WriteAll(parts_[version].engine.AddRecord(*record), out);
  for (std::size_t i = 0; i <= current_; ++i) {
    if (i != version) WriteAll(parts_[i].engine.Support(*record), out);
  }
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
  doubts_.Add(*status);
  for (Part& part : parts_) {
    if (part.coverage) part.coverage->AddStatus(*status);
  }
  if (IsNote(*status)) return;
  if (status->state == SourceState::kEnded) {
    running_.erase(status->source.value);
    ended_.insert(status->source.value);
  } else {
    ended_.erase(status->source.value);
    running_.insert(status->source.value);
  }
  if (newest_ && running_.empty()) WriteEnd(out);
}

void VerifyStage::WriteEnd(std::vector<std::string>& out) {
  for (std::size_t i = 0; i <= current_; ++i) {
    if (parts_[i].coverage && Holds(i))
      WriteCoverage(i, parts_[i].coverage->Finish(), *newest_, out);
  }
}

void VerifyStage::WriteAll(std::vector<Finding> findings, std::vector<std::string>& out) {
  for (Finding& finding : findings) {
    cases_.Note(finding);
    out.push_back(Write(std::move(finding)));
  }
}

void VerifyStage::WriteCoverage(std::size_t version, std::vector<CoverageBook::Given> accounts,
                                Instant now, std::vector<std::string>& out) const {
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
    for (const Zone& zone : AgreementOf(version).zones) {
      if (zone.id == given.account.zone) name = zone.name;
    }
    finding.agreement_hash = AgreementOf(version).hash;
    finding.reason = CoverageSentence(given.account, name);
    if (const auto& cells = parts_[version].cells) {
      finding.reason +=
          fmt::format(" By cell: record with SHA-256 {}.", HexEncode(Sha256(given.cells)));
      out.push_back(cells->Cells(given.account.zone, std::move(given.cells)));
    }
    finding.coverage = std::move(given.account);
    out.push_back(Write(std::move(finding)));
  }
}

Result<std::vector<std::string>> VerifyStage::HandleHeader(const v1::MissionHeader& header,
                                                           const std::string& payload) {
  if (header_seen_) return std::vector<std::string>{Refused("a second mission header")};
  std::vector<std::string> begun = {HashOf(header.agreement_text())};
  for (const std::string& text : header.later_agreement_text()) begun.push_back(HashOf(text));
  std::vector<std::string> given;
  for (std::size_t i = 0; i < parts_.size(); ++i) given.push_back(AgreementOf(i).hash);
  if (begun != given) {
    return Fail(
        ErrorCode::kBadInput,
        "mission '{}' was begun under the agreement with SHA-256 {}, but this stage was given {}; "
        "start it with the agreement file of the mission",
        header.mission(),
        begun.front().empty() ? "(none)" : fmt::format("{}", fmt::join(begun, ", then ")),
        given.front().empty() ? "none" : fmt::format("{}", fmt::join(given, ", then ")));
  }
  header_seen_ = true;
  exercise_ = header.exercise();
  mission_start_ = Instant::FromMicros(header.start_time_us());
  current_ = VersionOf(mission_start_);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].coverage && Holds(i))
      parts_[i].coverage->Begin(
          i == 0 ? mission_start_ : std::max(mission_start_, valid_from_[i] - kCoverageMemory));
  }
  std::string agreements = "no agreement";
  if (!given.front().empty())
    agreements = fmt::format("agreement '{}', {}, SHA-256 {}", AgreementOf(0).title,
                             AgreementOf(0).edition, AgreementOf(0).hash);
  for (std::size_t i = 1; i < parts_.size(); ++i)
    agreements +=
        fmt::format("; from {} on its version {}, {}, SHA-256 {}", FormatUtc(valid_from_[i]),
                    AgreementOf(i).amendment.version, AgreementOf(i).edition, AgreementOf(i).hash);
  Finding finding;
  finding.kind = FindingKind::kMissionHeader;
  finding.time = mission_start_;
  finding.agreement_hash = AgreementOf(current_).hash;
  finding.reason = fmt::format(
      "Mission '{}' ({}) began at {}. Config SHA-256 {}; {}; build {}; processor features {}.",
      header.mission(), header.exercise() ? "exercise" : "operational", FormatUtc(mission_start_),
      HexEncode(Sha256(header.config_text())), agreements,
      header.build_id().empty() ? "not stated" : header.build_id(),
      header.cpu_features().empty() ? "not stated" : header.cpu_features());
  std::vector<std::string> out = {payload, Write(std::move(finding))};
  if (auto keys = KeySetAtStart(header)) out.push_back(Write(std::move(*keys)));
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (const auto& cells = parts_[i].cells; cells && Holds(i))
      out.insert(out.end(), cells->grids().begin(), cells->grids().end());
  }
  return out;
}

std::string VerifyStage::Write(Finding finding) const {
  finding.exercise |= exercise_;
  if (finding.agreement_hash.empty())
    finding.agreement_hash = AgreementOf(VersionOf(finding.time)).hash;
  v1::Envelope envelope;
  *envelope.mutable_finding() = ToProto(finding);
  return SerializeEnvelope(envelope);
}

std::string VerifyStage::Refused(const std::string& reason) {
  parts_[current_].engine.CountRefused();
  Finding finding;
  finding.kind = FindingKind::kDataFault;
  finding.time = parts_[current_].engine.state().last_picture.value_or(mission_start_);
  finding.reason = fmt::format("Verify refused an input and goes on without it: {}.", reason);
  return Write(std::move(finding));
}

Result<std::string> VerifyStage::Snapshot() const {
  v1::VerifySnapshot message;
  message.set_agreement_hash(AgreementOf(0).hash);
  message.set_exercise(exercise_);
  message.set_header_seen(header_seen_);
  message.set_mission_start_us(mission_start_.micros());
  *message.mutable_engine() = ToProto(parts_[0].engine.state());
  if (parts_[0].coverage) parts_[0].coverage->Write(message.mutable_coverage());
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    v1::VerifySnapshot::Version* const later = message.add_later_versions();
    later->set_agreement_hash(AgreementOf(i).hash);
    *later->mutable_engine() = ToProto(parts_[i].engine.state());
    if (parts_[i].coverage) parts_[i].coverage->Write(later->mutable_coverage());
  }
  message.set_current_version(static_cast<std::uint32_t>(current_));
  cases_.Write(message.mutable_cases());
  doubts_.Write(&message);
  for (const std::string& source : running_) message.add_running_sources(source);
  for (const std::string& source : ended_) message.add_ended_sources(source);
  if (newest_) message.set_newest_us(newest_->micros());
  return message.SerializeAsString();
}

Result<void> VerifyStage::Restore(std::string_view snapshot) {
  v1::VerifySnapshot message;
  if (!message.ParseFromArray(snapshot.data(), static_cast<int>(snapshot.size())))
    return Fail(ErrorCode::kBadInput, "{} bytes that are no snapshot of verify", snapshot.size());
  if (static_cast<std::size_t>(message.later_versions_size()) + 1 != parts_.size() ||
      message.current_version() >= parts_.size())
    return Fail(ErrorCode::kBadInput,
                "the snapshot was made with {} versions of the agreement, in version {}",
                message.later_versions_size() + 1, message.current_version() + 1);
  TW_RETURN_IF_ERROR(RestorePart(message.agreement_hash(), message.engine(),
                                 message.has_coverage() ? &message.coverage() : nullptr, 0));
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    const auto& later = message.later_versions(static_cast<int>(i) - 1);
    TW_RETURN_IF_ERROR(RestorePart(later.agreement_hash(), later.engine(),
                                   later.has_coverage() ? &later.coverage() : nullptr, i));
  }
  current_ = message.current_version();
  TW_RETURN_IF_ERROR(cases_.Read(message.cases()));
  doubts_.Read(message);
  running_ = {message.running_sources().begin(), message.running_sources().end()};
  ended_ = {message.ended_sources().begin(), message.ended_sources().end()};
  newest_.reset();
  if (message.has_newest_us()) newest_ = Instant::FromMicros(message.newest_us());
  exercise_ = message.exercise();
  header_seen_ = message.header_seen();
  mission_start_ = Instant::FromMicros(message.mission_start_us());
  return {};
}

Result<void> VerifyStage::RestorePart(const std::string& agreement_hash,
                                      const v1::VerifySnapshot::EngineState& engine,
                                      const v1::VerifySnapshot::Coverage* coverage,
                                      std::size_t version) {
  Part& part = parts_[version];
  if (agreement_hash != AgreementOf(version).hash)
    return Fail(ErrorCode::kBadInput, "the snapshot was made under the agreement with SHA-256 {}",
                agreement_hash.empty() ? "(none)" : agreement_hash);
  TW_ASSIGN_OR_RETURN(EngineState state, FromProto(engine, AgreementOf(version)));
  if (part.coverage.has_value() != (coverage != nullptr))
    return Fail(ErrorCode::kBadInput, "the snapshot was made {} coverage account",
                coverage != nullptr ? "with a" : "without a");
  if (part.coverage) TW_RETURN_IF_ERROR(part.coverage->Read(*coverage));
  part.engine.SetState(std::move(state));
  return {};
}

Result<std::unique_ptr<Stage>> MakeVerifyStage(const v1::config::VerifyConfig& config,
                                               const std::string& agreement_text,
                                               const std::string& agreement_file,
                                               CoverageCells cells) {
  std::vector<AgreementFile> versions;
  if (!agreement_text.empty()) versions.push_back({agreement_file, agreement_text});
  return MakeVerifyStage(config, versions, cells);
}

Result<std::unique_ptr<Stage>> MakeVerifyStage(const v1::config::VerifyConfig& config,
                                               const std::vector<AgreementFile>& files,
                                               CoverageCells cells) {
  if (!(config.heartbeat_s() >= 0.1) || config.heartbeat_s() > 86'400.0)
    return Fail(ErrorCode::kBadInput,
                "verify.heartbeat_s: {} is out of range; expected 0.1 to 86400",
                config.heartbeat_s());
  TW_ASSIGN_OR_RETURN(std::vector<Agreement> agreements, ParseVersions(files));
  std::vector<VerifyStage::Version> versions;
  for (Agreement& agreement : agreements) versions.push_back({std::move(agreement), std::nullopt});
  if (!versions.empty() && config.has_coverage()) {
    const v1::config::CoverageConfig& c = config.coverage();
    if (!(c.period_s() >= 10.0 && c.period_s() <= 3600.0))
      return Fail(ErrorCode::kBadInput,
                  "verify.coverage.period_s: {} is out of range; expected 10 to 3600",
                  c.period_s());
    const CoverageTerms terms{c.cell_m(), Duration::FromSeconds(c.period_s()),
                              c.observed_probability(), c.degraded_probability(), c.full_share()};
    for (VerifyStage::Version& version : versions) {
      TW_ASSIGN_OR_RETURN(version.coverage, CoverageBook::Make(terms, version.agreement.zones,
                                                               version.agreement.min_group_size));
      if (cells == CoverageCells::kGiven) version.coverage->GiveCells();
    }
  }
  if (versions.empty()) versions.push_back({});
  return std::make_unique<VerifyStage>(std::move(versions),
                                       Duration::FromSeconds(config.heartbeat_s()));
}

}  // namespace trucewatch
