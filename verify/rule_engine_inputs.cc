// SPDX-License-Identifier: Apache-2.0
// What is held against the agreement besides pictures and passes: looks that come after the hold,
// records of officers.
#include <algorithm>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "verify/engine_moment.h"
#include "verify/wording.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxCaseEvents = 20;

double ApartM(const Geodetic& a, const Geodetic& b) {
  return GeodesicDistanceM({a.latitude, a.longitude, 0.0}, {b.latitude, b.longitude, 0.0});
}

// Whether what an officer reports can be what a rule speaks of.
bool Fits(const Rule& rule, const HumanRecord& record, const CorroborationTerms& terms) {
  const bool people = record.object_class == ObjectClass::kPersonGroup;
  if (record.object_class == ObjectClass::kUnspecified) {
    // It may be anything.
  } else if (people != SpeaksOfPeople(rule)) {
    return false;
  } else if (!people && record.object_class != ObjectClass::kUnknownVehicle &&
             ShareOfClasses({{record.object_class, 1.0}}, rule.classes) < 0.5) {
    return false;
  }
  // Like any source, it must have seen its share of the number; 0: not counted.
  return record.count_max == 0 ||
         record.count_max >= terms.member_share_ratio * static_cast<double>(rule.min_count);
}

Eigen::Vector3d CovOf(const HumanRecord& record) {
  const double sigma_m = 0.5 * record.radius_m;  // as observation.proto says
  return {sigma_m * sigma_m, 0.0, sigma_m * sigma_m};
}

// Whether a record supports an event as it stood at a moment.
bool SupportsEvent(const Rule& rule, const HumanRecord& record, const CorroborationTerms& terms,
                   const EventMoment& at) {
  // What was seen after a moment says nothing about it; how recent it must be counts backwards.
  return record.time_first <= at.time && record.time_last >= at.since - terms.human_recent &&
         Fits(rule, record, terms) &&
         ApartM(record.position, at.position) <= terms.human_radius_m + record.radius_m;
}

TrackSupport SupportOf(const HumanRecord& record) {
  TrackSupport support;
  support.source = record.source;
  support.lineage = record.lineage;
  support.updates = 1;
  support.first = record.time_first;
  support.last = record.time_last;
  support.raw_digests = record.raw_digests;
  return support;
}

}  // namespace

std::vector<Finding> RuleEngine::AddLateLook(const LateLook& look) {
  std::vector<Finding> findings;
  if (!state_.last_picture) return findings;
  const Duration late = *state_.last_picture - look.time;
  const Amendment amendment{
      fmt::format("Amended: a look of {} at {} came in after the hold, {} s late.",
                  look.source.value, FormatUtc(look.time), late.micros() / 1'000'000)};
  for (FollowedEvent& event : state_.events) {
    if (event.state == EventState::kVerified || !TakeLateLook(event, look)) continue;
    event.exercise |= look.exercise;
    const CorroborationTerms& terms = agreement_.corroboration;
    Amend(event, look.time, ReachOf(event, look, terms.min_updates, terms.recent), amendment,
          findings);
  }
  return findings;
}

std::vector<TrackSupport> RuleEngine::HumanSupports(const Rule& rule, const EventMoment& at) const {
  std::vector<TrackSupport> out;
  const CorroborationTerms& terms = agreement_.corroboration;
  // Who saw something says nothing about what was not there.
  if (terms.human_radius_m <= 0.0 || rule.arrival) return out;
  for (const HumanRecord& record : state_.records) {
    if (SupportsEvent(rule, record, terms, at)) out.push_back(SupportOf(record));
  }
  return out;
}

std::string RuleEngine::PatrolSentence(const Rule& rule, const EventMoment& at,
                                       const Corroboration& corroboration) const {
  const CorroborationTerms& terms = agreement_.corroboration;
  if (!corroboration.independent) return "";
  for (const std::size_t i :
       {corroboration.independent->first, corroboration.independent->second}) {
    const auto& patrol = corroboration.counted[i];
    if (patrol.lineage.modality != Modality::kHuman) continue;
    const HumanRecord* nearest = nullptr;  // of several of one patrol
    for (const HumanRecord& record : state_.records) {
      if (record.source != patrol.source || record.lineage != patrol.lineage ||
          !SupportsEvent(rule, record, terms, at) ||
          (nearest != nullptr &&
           ApartM(record.position, at.position) >= ApartM(nearest->position, at.position)))
        continue;
      nearest = &record;
    }
    if (nearest == nullptr) continue;
    return PatrolReportSentence(patrol.source, ApartM(nearest->position, at.position),
                                at.since - nearest->time_last);
  }
  return "";
}

Finding RuleEngine::CaseOf(const HumanRecord& record) const {
  std::string content;
  AppendText(content, "trucewatch case v1");
  AppendText(content, agreement_.hash);
  const Digest digest = record.raw_digests.empty() ? Sha256(ToProto(record).SerializeAsString())
                                                   : record.raw_digests.front();
  content.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  Finding finding;
  finding.kind = FindingKind::kCase;
  finding.case_id = HexEncode(Bytes(Sha256(content)).first(16));
  // What is on record near by, whether or not it has to do with it.
  const double near_m =
      std::max(agreement_.corroboration.human_radius_m, agreement_.identity.distance_m) +
      record.radius_m;
  const Duration near = std::max(agreement_.corroboration.human_recent, agreement_.identity.reopen);
  std::vector<std::string> events;
  for (const FollowedEvent& event : state_.events) {
    if (event.state == EventState::kUnspecified || event.first > record.time_last + near ||
        event.last_inside < record.time_first - near ||
        ApartM(event.movement.position, record.position) > near_m)
      continue;
    if (events.size() < kMaxCaseEvents) events.push_back(event.event_id);
  }
  finding.reason = CaseSentence(record, finding.case_id, events);
  return finding;
}

std::vector<Finding> RuleEngine::AddRecord(const HumanRecord& record) {
  std::vector<Finding> findings;
  Finding finding;
  if (record.kind == HumanRecordKind::kAllegation) {
    finding = CaseOf(record);
  } else {
    finding.kind = FindingKind::kHumanRecord;
    finding.reason = HumanRecordSentence(record);
    const TrackSupport own = SupportOf(record);
    finding.supports.push_back(
        {own.source, own.lineage, own.updates, own.first, own.last, own.raw_digests});
  }
  finding.time = record.reported;
  finding.exercise = record.exercise;
  finding.object_class = record.object_class;
  finding.count_min = record.count_min;
  finding.count_max = record.count_max;
  finding.time_first = record.time_first;
  finding.time_last = record.time_last;
  finding.position = record.position;
  finding.cov_m2 = CovOf(record);
  finding.record_id = record.record_id;
  finding.human_record = record;
  finding.agreement_hash = agreement_.hash;
  findings.push_back(std::move(finding));
  for (Finding& raised : Support(record)) findings.push_back(std::move(raised));
  return findings;
}

std::vector<Finding> RuleEngine::Support(const HumanRecord& record) {
  std::vector<Finding> findings;
  // Only what an officer observed himself speaks for anything, and only if there was something.
  if (record.kind != HumanRecordKind::kObservation || record.nothing_observed ||
      record.lineage.modality != Modality::kHuman || agreement_.corroboration.human_radius_m <= 0.0)
    return findings;
  const bool known =
      std::any_of(state_.records.begin(), state_.records.end(), [&](const HumanRecord& other) {
        return other.source == record.source && other.record_id == record.record_id;
      });
  if (known) return findings;  // the same record again adds nothing
  if (state_.records.size() >= kMaxRecords) state_.records.erase(state_.records.begin());
  HumanRecord kept = record;
  kept.text.clear();  // not needed for support, and may be long
  state_.records.push_back(std::move(kept));
  const Amendment amendment{
      fmt::format("Amended: the record {} of {} came in after the picture.", record.record_id,
                  record.author.empty() ? record.source.value : record.author)};
  for (FollowedEvent& event : state_.events) {
    if (event.state == EventState::kVerified || event.moments.empty()) continue;
    const Duration recent = agreement_.corroboration.human_recent;
    Amend(event, record.time_first, record.time_last + recent, amendment, findings);
  }
  return findings;
}

}  // namespace trucewatch
