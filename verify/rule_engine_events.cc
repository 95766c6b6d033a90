// SPDX-License-Identifier: Apache-2.0
// Events: how they are assessed, rise, and are raised again by what came in later.
#include <algorithm>

#include "core/crypto/sha256.h"
#include "verify/engine_moment.h"
#include "verify/rules/concentration.h"
#include "verify/rules/convoy_towards.h"
#include "verify/rules/count_zone.h"
#include "verify/rules/group_in_zone.h"
#include "verify/rules/not_notified.h"
#include "verify/rules/vehicle_in_zone.h"
#include "verify/rules/withdrawal_missing.h"
#include "verify/wording.h"

namespace trucewatch {
namespace {

Assessment AssessCrossings(const Agreement& agreement, const Rule& rule, const RuleMemory& memory,
                           std::span<const Track* const> vehicles) {
  std::vector<LineCrossing> crossings;
  std::vector<bool> crossed;
  for (const Track* track : vehicles) {
    const auto crossing = CrossingOf(memory, agreement, rule, *track);
    crossed.push_back(crossing.has_value());
    if (crossing) crossings.push_back(*crossing);
  }
  Assessment out = AssessLineCrossed(rule, agreement.map_sigma_m, crossings);
  std::vector<bool> members(vehicles.size(), false);
  for (std::size_t i = 0, k = 0; i < vehicles.size(); ++i) {
    if (crossed[i]) members[i] = out.member_inside[k++];
  }
  out.member_inside = std::move(members);
  return out;
}

void AssessZone(const Agreement& agreement, const Rule& rule, const RuleMemory& memory,
                std::span<const GroupView* const> views, Instant now, ViewsAssessment& out) {
  std::vector<const Group*> groups;
  for (const GroupView* view : views) {
    if (view->group != nullptr) groups.push_back(view->group);
  }
  const Zone& zone = agreement.zones[rule.zone];
  ZoneCount count =
      AsksForWithdrawal(rule)
          ? CountArea(
                rule, [&](const Geodetic& place) { return NotYetBack(agreement, rule, place); },
                agreement.map_sigma_m, out.vehicles, groups)
          : CountZone(rule, zone, agreement.map_sigma_m, out.vehicles, groups);
  out.best = rule.kind == RuleKind::kWithdrawalMissing ? AssessStillThere(rule, count)
                                                       : AssessCeiling(rule, count);
  if (rule.kind == RuleKind::kBuildUp) {
    std::vector<DayKnown> days;
    for (const DayCount& day : memory.days) days.push_back({day.day, day.count, Watched(day)});
    const BuildUp build_up =
        AssessBuildUp(count.distribution, days, DayOf(agreement, now), rule.days, rule.min_count,
                      agreement.coverage_floor.value_or(1.0));
    out.best.probability = build_up.probability;
    out.note = BuildUpWords(build_up);
  }
  for (std::size_t i = 0; i < out.vehicles.size(); ++i) {
    if (out.best.member_inside[i]) out.inside.push_back(out.vehicles[i]);
  }
  out.counted = std::move(count.wholes);
  out.distribution = std::move(count.distribution);
}

// Groups seen as wholes as vehicles that nobody told apart: so many of each as it takes to confirm
// the rule's number, each seen by whoever saw the whole.
std::vector<Track> AsVehicles(std::span<const Group* const> wholes, int at_most) {
  std::vector<Track> out;
  for (const Group* whole : wholes) {
    const int count = std::min(static_cast<int>(whole->count_expected + 0.5), at_most);
    for (int k = 0; k < count; ++k) {
      out.emplace_back();
      out.back().id.value = kNotToldApart + (whole->id.value << 16) + static_cast<std::uint64_t>(k);
      out.back().supports = whole->supports;
    }
  }
  return out;
}

}  // namespace

bool AsksForWithdrawal(const Rule& rule) {
  return rule.kind == RuleKind::kWithdrawalMissing && !rule.arrival;
}

bool CountsZone(const Rule& rule) {
  return rule.kind == RuleKind::kCeiling || rule.kind == RuleKind::kBuildUp ||
         rule.kind == RuleKind::kWithdrawalMissing;
}

ObjectClass MainClass(std::span<const Track* const> vehicles) {
  ClassProbabilities sum;
  for (const Track* track : vehicles) {
    for (const auto& [object_class, probability] : track->classes) sum[object_class] += probability;
  }
  for (const auto& [object_class, probability] : sum) {
    if (2.0 * probability > static_cast<double>(vehicles.size())) return object_class;
  }
  return ObjectClass::kUnknownVehicle;
}

void SetKinematics(Finding& finding, std::span<const Track* const> vehicles) {
  const Kinematics kinematics = MeanKinematics(vehicles);
  finding.position = kinematics.position;
  finding.cov_m2 = {kinematics.cov_en_m2(0, 0), kinematics.cov_en_m2(0, 1),
                    kinematics.cov_en_m2(1, 1)};
  finding.velocity_en_mps = kinematics.velocity_en_mps;
  for (const Track* track : vehicles) finding.members.push_back(track->id);
}

void AppendText(std::string& out, const std::string& text) {
  AppendBe64(out, text.size());
  out += text;
}

ViewsAssessment AssessViews(const Agreement& agreement, const Rule& rule, const RuleMemory& memory,
                            std::span<const GroupView* const> views, Instant now) {
  ViewsAssessment out;
  const Zone& zone = agreement.zones[rule.zone];
  const double map_sigma_m = agreement.map_sigma_m;
  out.vehicles = Pool(views);
  if (CountsZone(rule)) {
    AssessZone(agreement, rule, memory, views, now, out);
    return out;
  }
  if (!out.vehicles.empty()) {
    switch (rule.kind) {
      case RuleKind::kGroupInZone:
        out.best = AssessGroupInZone(rule, zone, map_sigma_m, out.vehicles);
        break;
      case RuleKind::kVehicleInZone:
        out.best = AssessVehicleInZone(rule, zone, map_sigma_m, out.vehicles);
        break;
      case RuleKind::kConcentration:
        out.best = AssessConcentration(rule, zone, map_sigma_m, out.vehicles);
        break;
      case RuleKind::kNotNotified:
        out.best = AssessNotNotified(rule, zone, map_sigma_m, out.vehicles);
        break;
      case RuleKind::kLineCrossed:
        out.best = AssessCrossings(agreement, rule, memory, out.vehicles);
        break;
      case RuleKind::kConvoyTowards:
        out.best =
            AssessConvoyTowards(rule, agreement.lines[rule.line].shape, map_sigma_m, out.vehicles);
        break;
      case RuleKind::kCeiling:
      case RuleKind::kBuildUp:
      case RuleKind::kWithdrawalMissing:
      case RuleKind::kSiteChanged:
        break;
    }
    if (out.best.probability >= rule.candidate.min_probability) {
      for (std::size_t i = 0; i < out.vehicles.size(); ++i) {
        if (out.best.member_inside[i]) out.inside.push_back(out.vehicles[i]);
      }
    }
  }
  for (const GroupView* view : views) {
    if (!view->vehicles.empty() || rule.kind != RuleKind::kConcentration) continue;
    const Assessment whole = AssessConcentration(rule, zone, map_sigma_m, *view->group);
    if (whole.probability >= rule.candidate.min_probability) out.wholes.push_back(view);
    if (whole.probability <= out.best.probability) continue;
    out.best = whole;
    out.whole = view;
  }
  return out;
}

void RuleEngine::Hold(FollowedEvent& event, double probability, const Moment& moment) const {
  const Rule& rule = agreement_.rules[event.rule];
  const bool opened_now = event.first == moment.now;
  const auto hold = [&](Duration& held, bool above) {
    if (!above) {
      held = std::max(held - moment.dt, Duration());
    } else if (!opened_now) {
      held = held + moment.dt;
    }
  };
  hold(event.candidate_held, probability >= rule.candidate.min_probability);
  hold(event.verified_held, probability >= rule.verified.min_probability);
}

void RuleEngine::AdvanceEvent(FollowedEvent& event, std::span<const GroupView* const> groups,
                              std::span<const GroupView* const> open, Moment& moment) {
  const Rule& rule = agreement_.rules[event.rule];
  Follow(event.movement, groups, agreement_.identity.reopen, moment.now);
  ViewsAssessment views;
  if (!open.empty() && RuleApplies(agreement_, rule, moment.now))
    views = AssessViews(agreement_, rule, state_.rules[event.rule], open, moment.now);
  const Assessment& assessment = views.best;
  // A single vehicle is never expected more than once; of a count no number says anything alone.
  const bool single = rule.kind == RuleKind::kVehicleInZone || rule.min_count == 1;
  const bool present = CountsZone(rule) ? assessment.probability >= 0.5
                                        : assessment.expected_inside >= (single ? 0.5 : 1.0);
  if (present) event.last_inside = moment.now;
  Hold(event, assessment.probability, moment);
  if (assessment.probability < rule.candidate.min_probability) return;
  event.exercise |= moment.picture.exercise;
  if (event.state == EventState::kVerified) return;

  EventMoment at;
  at.since = moment.now;
  at.time = moment.now;
  at.probability = assessment.probability;
  at.candidate_held = event.candidate_held;
  at.verified_held = event.verified_held;
  at.count_min = assessment.inside.min;
  at.count_max = assessment.inside.max;
  at.count_expected = assessment.expected_inside;
  at.note = views.note;
  std::vector<TrackId> members;
  if (views.whole != nullptr) {
    const Group& group = *views.whole->group;
    at.object_class = group.object_class;
    at.count_expected = group.count_expected;
    at.extent_m = group.extent_m;
    at.position = group.position;
    at.cov_en_m2 = group.cov_en_m2;
    at.velocity_en_mps = group.velocity_en_mps;
  } else {
    at.object_class = MainClass(views.inside);
    Kinematics kinematics = MeanKinematics(views.vehicles);
    if (CountsZone(rule) && views.inside.empty() && !views.counted.empty()) {
      const Group& group = *views.counted.front();
      at.object_class = group.object_class;
      kinematics = {group.position, group.cov_en_m2, group.velocity_en_mps};
    }
    at.position = kinematics.position;
    at.cov_en_m2 = kinematics.cov_en_m2;
    at.velocity_en_mps = kinematics.velocity_en_mps;
    for (const Track* track : views.vehicles) members.push_back(track->id);
    // Vehicles no track stands for cannot be excluded: fusion's own upper bound goes in.
    int group_max = 0;
    for (const GroupView* view : CountsZone(rule) ? std::span<const GroupView* const>() : open)
      group_max += view->group != nullptr && !view->vehicles.empty() ? view->group->count_max : 0;
    at.count_max = std::max(at.count_max, group_max);
  }

  std::vector<TrackSupport> whole;
  for (const GroupView* view : views.wholes) {
    for (TrackSupport& part :
         WholeSupports(view->group->supports, agreement_.corroboration, moment.now))
      whole.push_back(std::move(part));
  }
  const std::vector<Track> untold = AsVehicles(views.counted, rule.min_count);
  for (const Track& track : untold) views.inside.push_back(&track);
  std::vector<Track> inside;
  for (const Track* track : views.inside) {
    inside.emplace_back();
    inside.back().id = track->id;
    inside.back().supports = track->supports;
  }
  AddLateSupports(event, moment.now, inside);
  std::vector<const Track*> pointers;
  for (const Track& track : inside) pointers.push_back(&track);
  std::vector<TrackSupport> all_whole = HumanSupports(rule, at);
  all_whole.insert(all_whole.begin(), whole.begin(), whole.end());
  Raise(event, at,
        Corroborate(pointers, rule.min_count, agreement_.corroboration, moment.now, all_whole,
                    ClaimOf(rule)),
        members, nullptr, moment.findings);
  if (event.state != EventState::kVerified)
    RememberMoment(event, std::move(at), views.inside, whole);
}

void RuleEngine::Raise(FollowedEvent& event, const EventMoment& at,
                       const Corroboration& corroboration, const std::vector<TrackId>& members,
                       const Amendment* amendment, std::vector<Finding>& findings) {
  const Rule& rule = agreement_.rules[event.rule];
  while (true) {
    EventState next = event.state;
    Duration held = at.candidate_held;
    if (event.state == EventState::kUnspecified) {
      if (at.candidate_held >= rule.candidate.min_duration && !corroboration.counted.empty())
        next = EventState::kCandidate;
    } else if (event.state == EventState::kCandidate) {
      if (corroboration.distinct) next = EventState::kCorroborated;
    } else if (event.state == EventState::kCorroborated) {
      if (corroboration.independent && at.probability >= rule.verified.min_probability &&
          at.verified_held >= rule.verified.min_duration) {
        next = EventState::kVerified;
        held = at.verified_held;
      }
    }
    if (next == event.state) break;
    event.state = next;
    if (next == EventState::kCandidate) {
      event.event_id = EventId(event);
      ++state_.events_on_record;
    }
    if (next == EventState::kVerified) ++state_.verified_on_record;

    Finding finding;
    finding.kind = FindingKind::kEventTransition;
    finding.time = at.time;
    finding.event_id = event.event_id;
    finding.exercise = event.exercise;
    finding.state = next;
    finding.rule = rule.id;
    finding.zone = agreement_.zones[rule.zone].id;
    finding.object_class = at.object_class;
    finding.count_min = at.count_min;
    finding.count_max = at.count_max;
    finding.time_first = event.first;
    finding.time_last = at.time;
    finding.probability = at.probability;
    finding.position = at.position;
    finding.cov_m2 = {at.cov_en_m2(0, 0), at.cov_en_m2(0, 1), at.cov_en_m2(1, 1)};
    finding.velocity_en_mps = at.velocity_en_mps;
    finding.members = members;
    finding.supports = corroboration.counted;
    finding.reason = TransitionSentence(finding, at, agreement_, rule, corroboration, held);
    finding.reason += PatrolSentence(rule, at, corroboration);
    if (amendment != nullptr) {
      finding.amended = amendment->of_statement;
      finding.time = std::max(at.time, state_.last_picture.value_or(at.time));
      finding.reason += " " + amendment->cause;
    }
    finding.agreement_hash = agreement_.hash;
    findings.push_back(std::move(finding));
  }
  if (event.state != EventState::kVerified) return;
  // Nothing can raise it any more.
  event.sources.clear();
  event.vehicles.clear();
  event.moments.clear();
  event.late.clear();
  event.late_digests.clear();
}

void RuleEngine::Amend(FollowedEvent& event, Instant from, std::optional<Instant> until,
                       const Amendment& amendment, std::vector<Finding>& findings) {
  const Rule& rule = agreement_.rules[event.rule];
  // Passes have yet to agree with it.
  if (rule.kind == RuleKind::kSiteChanged && event.good_looks < rule.good_looks) return;
  const auto first =
      std::lower_bound(event.moments.begin(), event.moments.end(), from,
                       [](const EventMoment& at, Instant time) { return at.time < time; });
  // An event that becomes verified forgets its moments.
  for (auto i = static_cast<std::size_t>(first - event.moments.begin()); i < event.moments.size();
       ++i) {
    const EventMoment& at = event.moments[i];
    if (until && at.since > *until) return;
    const std::vector<Track> inside = VehiclesAt(event, at);
    std::vector<const Track*> pointers;
    std::vector<TrackId> members;
    for (const Track& track : inside) {
      pointers.push_back(&track);
      members.push_back(track.id);
    }
    std::vector<TrackSupport> whole = WholeAt(event, at);
    for (TrackSupport& part : HumanSupports(rule, at)) whole.push_back(std::move(part));
    Raise(event, at,
          Corroborate(pointers, rule.min_count, agreement_.corroboration, at.time, whole,
                      ClaimOf(rule)),
          members, &amendment, findings);
  }
}

std::string RuleEngine::EventId(const FollowedEvent& event) const {
  const Rule& rule = agreement_.rules[event.rule];
  std::string text;
  AppendText(text, rule.kind == RuleKind::kSiteChanged ? "trucewatch site event v1"
                                                       : "trucewatch event v1");
  AppendText(text, agreement_.hash);
  AppendText(text, rule.id);
  AppendText(text, agreement_.zones[rule.zone].id);
  AppendBe64(text, static_cast<std::uint64_t>(event.first.micros()));
  AppendBe64(text, event.first_group.value);
  const Digest digest = Sha256(text);
  return HexEncode(Bytes(digest).first(16));
}

}  // namespace trucewatch
