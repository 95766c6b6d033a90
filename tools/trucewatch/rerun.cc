// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/rerun.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <map>

#include "core/config/text_config.h"
#include "core/crypto/sha256.h"
#include "core/json/json_writer.h"
#include "core/types/codec.h"
#include "core/types/words.h"
#include "tools/trucewatch/build_id.h"
#include "tools/trucewatch/mission_record.h"
#include "tools/trucewatch/stage_factory.h"

namespace trucewatch::tools {
namespace {

constexpr std::uint64_t kRerunBatchBytes = 4U << 20U;
constexpr double kMostMapSigmaM = 100.0;
constexpr double kMostProbability = 0.999;

// Whose message it is; empty: nobody's.
std::string SourceOf(const v1::Envelope& envelope) {
  switch (envelope.payload_case()) {
    case v1::Envelope::kObservationSet:
      return envelope.observation_set().source_id();
    case v1::Envelope::kRadarDwell:
      return envelope.radar_dwell().source_id();
    case v1::Envelope::kHumanRecord:
      return envelope.human_record().source_id();
    case v1::Envelope::kSourceStatus:
      return envelope.source_status().source_id();
    case v1::Envelope::kWatermark:
      return envelope.watermark().source_id();
    default:
      return "";
  }
}

// `replaces`: text of the version before it; empty: it is the first.
Result<std::string> Changed(const std::string& agreement_text, const std::string& replaces,
                            const RerunParameters& parameters) {
  if (agreement_text.empty() || (!parameters.map_sigma_m && !parameters.verified_probability))
    return agreement_text;
  v1::config::Agreement agreement;
  TW_RETURN_IF_ERROR(ParseTextConfig(agreement_text, "agreement", &agreement));
  if (!replaces.empty())
    agreement.mutable_amendment()->set_replaces_sha256(HexEncode(Sha256(replaces)));
  if (parameters.map_sigma_m) agreement.set_map_sigma_m(*parameters.map_sigma_m);
  if (parameters.verified_probability) {
    for (auto& rule : *agreement.mutable_rule())
      rule.mutable_verified()->set_min_probability(*parameters.verified_probability);
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(agreement, &text);
  return text;
}

class Rerunner {
 public:
  explicit Rerunner(const RerunParameters& parameters) : parameters_(parameters) {}

  Result<void> Feed(const LogRecord& record) {
    TW_ASSIGN_OR_RETURN(v1::Envelope envelope, ParseEnvelope(record.payload));
    LogRecord given = record;
    if (envelope.has_mission_header()) {
      TW_RETURN_IF_ERROR(Begin(envelope));
      given.payload = SerializeEnvelope(envelope);
    } else if (parameters_.without.contains(SourceOf(envelope))) {
      return {};
    }
    if (!fusion_)
      return Fail(ErrorCode::kBadInput,
                  "the log of detection does not begin with a mission header");
    given.sequence = ++fusion_inputs_;
    TW_ASSIGN_OR_RETURN(const auto fused, fusion_->Handle(std::span(&given, 1)));
    for (const auto& of_input : fused) {
      for (const std::string& payload : of_input) {
        LogRecord next;
        next.sequence = ++verify_inputs_;
        next.payload = payload;
        TW_ASSIGN_OR_RETURN(const auto verified, verify_->Handle(std::span(&next, 1)));
        for (const auto& of_one : verified) {
          for (const std::string& out : of_one) TW_RETURN_IF_ERROR(Keep(out));
        }
      }
    }
    return {};
  }

  std::vector<Finding> Take() { return std::move(findings_); }

 private:
  Result<void> Begin(v1::Envelope& envelope) {
    v1::MissionHeader& header = *envelope.mutable_mission_header();
    TW_ASSIGN_OR_RETURN(std::string text, Changed(header.agreement_text(), "", parameters_));
    if (!text.empty()) parts_.agreements = {{"agreement", text}};
    header.set_agreement_text(text);
    for (std::string& later : *header.mutable_later_agreement_text()) {
      TW_ASSIGN_OR_RETURN(text, Changed(later, text, parameters_));
      later = text;
      parts_.agreements.push_back({"agreement", text});
    }
    TW_RETURN_IF_ERROR(ParseTextConfig(header.config_text(), "mission config", &mission_.config));
    // Nobody waits for a source that is left out.
    auto& sources = *mission_.config.mutable_source();
    for (int i = sources.size() - 1; i >= 0; --i) {
      if (parameters_.without.contains(sources[i].id())) sources.DeleteSubrange(i, 1);
    }
    parts_.mission = &mission_;
    TW_ASSIGN_OR_RETURN(fusion_, MakeStage("fusion", parts_, 1));
    TW_ASSIGN_OR_RETURN(verify_, MakeStage("verify", parts_, 1));
    return {};
  }

  Result<void> Keep(const std::string& payload) {
    TW_ASSIGN_OR_RETURN(const v1::Envelope envelope, ParseEnvelope(payload));
    if (!envelope.has_finding() || envelope.finding().kind() != v1::FINDING_KIND_EVENT_TRANSITION)
      return {};
    TW_ASSIGN_OR_RETURN(Finding finding, FromProto(envelope.finding()));
    if (finding.state <= EventState::kVerified) findings_.push_back(std::move(finding));
    return {};
  }

  const RerunParameters& parameters_;
  MissionFile mission_;
  MissionParts parts_;
  std::unique_ptr<Stage> fusion_, verify_;
  std::uint64_t fusion_inputs_ = 0, verify_inputs_ = 0;
  std::vector<Finding> findings_;
};

void WriteTransitions(const std::vector<Finding>& findings, JsonWriter& json) {
  json.BeginArray();
  for (const Finding& f : findings) {
    json.BeginObject().Field("state", StateName(f.state)).Field("time_utc", FormatUtc(f.time));
    json.Field("probability", f.probability).Field("count_min", f.count_min);
    json.Field("count_max", f.count_max).EndObject();
  }
  json.EndArray();
}

std::string StateAt(const std::vector<Finding>& findings) {
  const Finding& last = findings.back();
  return fmt::format("{} at {} with probability {} and {} to {}", StateName(last.state),
                     FormatUtc(last.time), ProbabilityWords(last.probability), last.count_min,
                     last.count_max);
}

}  // namespace

Result<void> CheckAllowed(const RerunParameters& parameters,
                          const v1::config::Agreement& agreement) {
  const bool terms = agreement.has_challenge_terms();
  const double sigma_m = terms ? agreement.challenge_terms().max_map_sigma_m() : kMostMapSigmaM;
  const double probability =
      terms ? agreement.challenge_terms().max_verified_probability() : kMostProbability;
  if (parameters.map_sigma_m &&
      !(*parameters.map_sigma_m >= 0 && *parameters.map_sigma_m <= sigma_m))
    return Fail(ErrorCode::kUsage, "map_sigma_m {}: a challenge may set it from 0 to {} m",
                *parameters.map_sigma_m, sigma_m);
  if (parameters.verified_probability &&
      !(*parameters.verified_probability >= 0.5 && *parameters.verified_probability <= probability))
    return Fail(ErrorCode::kUsage, "verified_probability {}: a challenge may set it from 0.5 to {}",
                *parameters.verified_probability, probability);
  if (!parameters.without.empty() && terms && !agreement.challenge_terms().without_source())
    return Fail(ErrorCode::kUsage,
                "the agreement's challenge_terms do not allow to leave sources out");
  return {};
}

Result<std::vector<Finding>> Rerun(LogReader& detect_log, const RerunParameters& parameters) {
  Rerunner rerunner(parameters);
  for (std::uint64_t after = 0;;) {
    TW_ASSIGN_OR_RETURN(const LogBatch batch,
                        detect_log.ReadAfter(after, kRerunBatchBytes, Duration()));
    if (batch.records.empty()) return rerunner.Take();
    for (const LogRecord& record : batch.records) {
      TW_RETURN_IF_ERROR(rerunner.Feed(record));
      after = record.sequence;
    }
  }
}

RerunDifference DifferenceOf(const std::string& event_id, const std::vector<Finding>& recorded,
                             const std::vector<Finding>& rerun) {
  RerunDifference out;
  for (const Finding& f : recorded) {
    if (f.event_id == event_id) out.recorded.push_back(f);
  }
  if (out.recorded.empty()) return out;
  const Finding& first = out.recorded.front();
  const Finding& last = out.recorded.back();
  std::map<std::string, std::vector<Finding>> by_event;
  for (const Finding& f : rerun) by_event[f.event_id].push_back(f);
  std::optional<Duration> nearest;
  for (const auto& [id, transitions] : by_event) {
    const Finding& f = transitions.front();
    const Duration apart = f.time_first < first.time_first ? first.time_first - f.time_first
                                                           : f.time_first - first.time_first;
    // It may begin later, or end earlier, than it did; a minute beside it is another event.
    const bool overlaps = f.time_first <= last.time_last + Duration::Seconds(60) &&
                          transitions.back().time_last + Duration::Seconds(60) >= first.time_first;
    if (f.rule != first.rule || f.zone != first.zone || !overlaps || (nearest && apart >= *nearest))
      continue;
    nearest = apart;
    out.rerun = transitions;
  }
  if (out.rerun.empty()) {
    out.sentence =
        fmt::format("Recorded was {}; the re-run has no such event.", StateAt(out.recorded));
  } else if (out.rerun.back().state == last.state) {
    out.sentence = fmt::format("The re-run comes to the same state: recorded {}, re-run {}.",
                               StateAt(out.recorded), StateAt(out.rerun));
  } else {
    out.sentence = fmt::format("The re-run comes to another state: recorded {}, re-run {}.",
                               StateAt(out.recorded), StateAt(out.rerun));
  }
  return out;
}

std::string RerunText(const std::string& event_id, bool exercise, const RerunParameters& parameters,
                      bool reproduced, const RerunDifference& difference) {
  JsonWriter json;
  json.BeginObject()
      .Field("event_id", event_id)
      .Field("status", exercise ? "EXERCISE" : "OPERATIONAL");
  json.Key("parameters").BeginObject();
  if (parameters.map_sigma_m) json.Field("map_sigma_m", *parameters.map_sigma_m);
  if (parameters.verified_probability)
    json.Field("verified_probability", *parameters.verified_probability);
  if (!parameters.without.empty()) {
    json.Key("without").BeginArray();
    for (const std::string& source : parameters.without) json.String(source);
    json.EndArray();
  }
  json.EndObject().Field("record_reproduced", reproduced).Key("recorded");
  WriteTransitions(difference.recorded, json);
  json.Key("rerun");
  WriteTransitions(difference.rerun, json);
  json.Field("difference", difference.sentence).Field("build", BuildId()).EndObject();
  return fmt::format("trucewatch rerun v1\n{}\n", json.text());
}

}  // namespace trucewatch::tools
