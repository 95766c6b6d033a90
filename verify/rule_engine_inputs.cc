// SPDX-License-Identifier: Apache-2.0
// What is held against the agreement besides pictures: satellite passes, looks that come after the
// hold, records of officers.
#include <algorithm>

#include "core/crypto/sha256.h"
#include "core/types/codec.h"
#include "verify/engine_moment.h"
#include "verify/rules/site_changed.h"
#include "verify/wording.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxChanges = 2000;
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

Result<std::vector<Finding>> RuleEngine::AddLook(const SettledLook& look) {
  std::vector<Finding> findings;
  if (!look.baseline) return findings;
  if (look.changes.size() > kMaxChanges)
    return Fail(ErrorCode::kBadInput, "the pass of {} has {} changes; at most {} are taken",
                FormatUtc(look.time), look.changes.size(), kMaxChanges);
  if (*look.baseline >= look.time)
    return Fail(ErrorCode::kBadInput, "the pass of {} is compared with that of {}, which is later",
                FormatUtc(look.time), FormatUtc(*look.baseline));
  for (std::size_t r = 0; r < agreement_.rules.size(); ++r) {
    const Rule& rule = agreement_.rules[r];
    const Zone& zone = agreement_.zones[rule.zone];
    if (rule.kind != RuleKind::kSiteChanged || !RuleApplies(agreement_, rule, look.time)) continue;
    const SiteAssessment site = AssessSiteChanged(rule, zone, agreement_.map_sigma_m, look.changes);
    if (site.probability < rule.candidate.min_probability || site.counted.empty()) continue;

    FollowedEvent event;
    event.rule = r;
    event.closed = true;  // nothing is followed; records of patrols may still raise it
    event.first = *look.baseline;
    event.last_inside = look.time;
    event.first_group.value = static_cast<std::uint64_t>(look.time.micros());
    event.exercise = look.exercise;
    const bool known =
        std::any_of(state_.events.begin(), state_.events.end(), [&](const FollowedEvent& other) {
          return other.rule == r && other.first == event.first &&
                 other.first_group == event.first_group;
        });
    if (known) continue;  // the same pair of passes once more

    EventMoment at;
    at.since = *look.baseline;
    at.time = look.time;
    at.probability = site.probability;
    // Between two passes nothing was seen to last; the thresholds' times do not apply.
    at.candidate_held = rule.candidate.min_duration;
    at.verified_held = rule.verified.min_duration;
    at.count_expected = site.expected;
    at.count_min = site.changed.min;
    at.count_max = site.changed.max;
    at.appeared = site.appeared;
    at.vanished = site.vanished;
    const LocalFrame frame(look.changes[site.counted.front()].position);
    Eigen::Vector3d sum = Eigen::Vector3d::Zero();
    ClassProbabilities classes;
    for (const std::size_t i : site.counted) {
      sum += frame.EnuFromGeodetic(look.changes[i].position);
      at.cov_en_m2 += look.changes[i].cov_en_m2;
      for (const auto& [object_class, p] : look.changes[i].classes) classes[object_class] += p;
    }
    const double n = static_cast<double>(site.counted.size());
    at.position = frame.GeodeticFromEnu(sum / n);
    at.cov_en_m2 /= n;
    at.object_class = ObjectClass::kUnknownVehicle;
    for (const auto& [object_class, p] : classes) {
      if (2.0 * p > n) at.object_class = object_class;
    }
    event.movement.position = at.position;
    event.movement.last_seen = look.time;

    TrackSupport pass;
    pass.source = look.source;
    pass.lineage = look.lineage;
    pass.updates = 1;
    pass.first = *look.baseline;
    pass.last = look.time;
    pass.raw_digests = look.raw_digests;
    std::vector<TrackSupport> whole = {pass};
    for (TrackSupport& part : HumanSupports(rule, at)) whole.push_back(std::move(part));
    // A pass is delivered when it is; an event that it opens amends nothing.
    const Amendment late{"The pass was delivered after its time was settled.", false};
    Raise(
        event, at,
        Corroborate({}, rule.min_count, agreement_.corroboration, look.time, whole, ClaimOf(rule)),
        {}, look.late ? &late : nullptr, findings);
    if (event.state != EventState::kVerified) RememberMoment(event, std::move(at), {}, {{pass}});
    state_.events.push_back(std::move(event));
  }
  return findings;
}

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
  if (terms.human_radius_m <= 0.0) return out;
  for (const HumanRecord& record : state_.records) {
    // What was seen after a moment says nothing about it; how recent it must be counts backwards.
    if (record.time_first > at.time || record.time_last < at.since - terms.human_recent ||
        !Fits(rule, record, terms) ||
        ApartM(record.position, at.position) > terms.human_radius_m + record.radius_m)
      continue;
    out.push_back(SupportOf(record));
  }
  return out;
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
