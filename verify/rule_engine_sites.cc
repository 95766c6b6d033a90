// SPDX-License-Identifier: Apache-2.0
// Satellite passes: what changed at sites, and how many passes agree with it.
#include <algorithm>

#include "verify/engine_moment.h"
#include "verify/rules/site_changed.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxChanges = 2000;

TrackSupport SupportOfPass(const SettledLook& look, Instant since) {
  TrackSupport pass;
  pass.source = look.source;
  pass.lineage = look.lineage;
  pass.updates = 1;
  pass.first = since;
  pass.last = look.time;
  pass.raw_digests = look.raw_digests;
  return pass;
}

void Take(const SiteAssessment& site, std::span<const SiteChange> changes, EventMoment& at) {
  at.probability = site.probability;
  at.count_expected = site.expected;
  at.count_min = site.changed.min;
  at.count_max = site.changed.max;
  at.appeared = site.appeared;
  at.vanished = site.vanished;
  const LocalFrame frame(changes[site.counted.front()].position);
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  Eigen::Matrix2d cov = Eigen::Matrix2d::Zero();
  ClassProbabilities classes;
  for (const std::size_t i : site.counted) {
    sum += frame.EnuFromGeodetic(changes[i].position);
    cov += changes[i].cov_en_m2;
    for (const auto& [object_class, p] : changes[i].classes) classes[object_class] += p;
  }
  const double n = static_cast<double>(site.counted.size());
  at.position = frame.GeodeticFromEnu(sum / n);
  at.cov_en_m2 = cov / n;
  at.object_class = ObjectClass::kUnknownVehicle;
  for (const auto& [object_class, p] : classes) {
    if (2.0 * p > n) at.object_class = object_class;
  }
}

}  // namespace

Result<std::vector<Finding>> RuleEngine::AddLook(const SettledLook& look) {
  std::vector<Finding> findings;
  if (look.baseline && look.changes.size() > kMaxChanges)
    return Fail(ErrorCode::kBadInput, "the pass of {} has {} changes; at most {} are taken",
                FormatUtc(look.time), look.changes.size(), kMaxChanges);
  if (look.baseline && *look.baseline >= look.time)
    return Fail(ErrorCode::kBadInput, "the pass of {} is compared with that of {}, which is later",
                FormatUtc(look.time), FormatUtc(*look.baseline));
  RememberLook(look);
  // What takes back a change that waits is no change itself.
  std::vector<std::vector<SiteChange>> waiting(agreement_.rules.size());
  for (const FollowedEvent& event : state_.events) {
    if (event.state == EventState::kUnspecified)
      waiting[event.rule].insert(waiting[event.rule].end(), event.changes.begin(),
                                 event.changes.end());
  }
  AgreeWithPass(look, findings);
  if (!look.baseline) return findings;
  for (std::size_t r = 0; r < agreement_.rules.size(); ++r) {
    const Rule& rule = agreement_.rules[r];
    const Zone& zone = agreement_.zones[rule.zone];
    if (rule.kind != RuleKind::kSiteChanged || !RuleApplies(agreement_, rule, look.time)) continue;
    const std::vector<SiteChange> changes = Outlasting(look.changes, waiting[r]);
    const SiteAssessment site = AssessSiteChanged(rule, zone, agreement_.map_sigma_m, changes);
    if (site.probability < rule.candidate.min_probability || site.counted.empty()) continue;

    FollowedEvent event;
    event.rule = r;
    event.closed = true;  // nothing is followed; records of patrols may still raise it
    event.first = *look.baseline;
    event.last_inside = look.time;
    event.first_group.value = static_cast<std::uint64_t>(look.time.micros());
    event.exercise = look.exercise;
    event.good_looks = 1;
    const bool known =
        std::any_of(state_.events.begin(), state_.events.end(), [&](const FollowedEvent& other) {
          if (other.rule != r) return false;
          // The same pair of passes once more; or what an earlier pass showed, shown again.
          return (other.first == event.first && other.first_group == event.first_group) ||
                 (rule.good_looks > 1 && ShowsAgain(other.changes, changes));
        });
    if (known) continue;

    EventMoment at;
    at.since = *look.baseline;
    at.time = look.time;
    // Between two passes nothing was seen to last; the thresholds' times do not apply.
    at.candidate_held = rule.candidate.min_duration;
    at.verified_held = rule.verified.min_duration;
    Take(site, changes, at);
    event.movement.position = at.position;
    event.movement.last_seen = look.time;
    const TrackSupport pass = SupportOfPass(look, *look.baseline);
    if (rule.good_looks > 1) {
      // Nothing is said before others agree.
      for (const std::size_t i : site.counted) event.changes.push_back(changes[i]);
      RememberMoment(event, std::move(at), {}, {{pass}});
      state_.events.push_back(std::move(event));
      continue;
    }
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

void RuleEngine::AgreeWithPass(const SettledLook& look, std::vector<Finding>& findings) {
  std::erase_if(state_.events, [&](FollowedEvent& event) {
    const Rule& rule = agreement_.rules[event.rule];
    if (event.changes.empty() || event.good_looks >= rule.good_looks ||
        look.time <= event.movement.last_seen || event.moments.empty() ||
        !LookedAtAll(look, event.changes))
      return false;
    event.changes = Outlasting(event.changes, look.changes);
    const SiteAssessment site =
        AssessSiteChanged(rule, agreement_.zones[rule.zone], agreement_.map_sigma_m, event.changes);
    // Taken back: there was no change.
    if (site.probability < rule.candidate.min_probability || site.counted.empty()) return true;
    EventMoment at = event.moments.back();
    std::vector<TrackSupport> whole = WholeAt(event, at);
    whole.push_back(SupportOfPass(look, look.time));
    at.inside.clear();
    at.whole.clear();
    at.digests.clear();
    Take(site, event.changes, at);
    event.moments.clear();
    event.movement.last_seen = look.time;
    event.last_inside = look.time;
    event.exercise |= look.exercise;
    ++event.good_looks;
    RememberMoment(event, at, {}, whole);
    if (event.good_looks < rule.good_looks) return false;
    for (TrackSupport& part : HumanSupports(rule, at)) whole.push_back(std::move(part));
    const Amendment agreed{fmt::format("{} passes agree with it, the last that of {}.",
                                       event.good_looks, FormatUtc(look.time)),
                           false};
    Raise(
        event, at,
        Corroborate({}, rule.min_count, agreement_.corroboration, look.time, whole, ClaimOf(rule)),
        {}, &agreed, findings);
    return false;
  });
}

}  // namespace trucewatch
