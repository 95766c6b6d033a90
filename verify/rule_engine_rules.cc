// SPDX-License-Identifier: Apache-2.0
// Which parts of a picture each kind of rule is held against, and to which event they belong.
#include <algorithm>

#include "verify/engine_moment.h"
#include "verify/rules/vehicle_in_zone.h"
#include "verify/rules/withdrawal_missing.h"
#include "verify/wording.h"

namespace trucewatch {
namespace {

// A vehicle less probable than this to be one the rule speaks of and inside is no part of an event.
constexpr double kRelevant = 0.05;

bool IsIn(const Zone& zone, const GroupView& view, double map_sigma_m) {
  const Kinematics place = KinematicsOf(view);
  return ProbabilityInside(zone.shape.Distance(place.position), place.cov_en_m2, map_sigma_m) >=
         kRelevant;
}

// Whether what is in the zone is also too near to the line that it should be behind.
bool IsNotYetBack(const Agreement& agreement, const Rule& rule, const GroupView& view) {
  const Kinematics place = KinematicsOf(view);
  return ProbabilityInside(NotYetBack(agreement, rule, place.position), place.cov_en_m2,
                           agreement.map_sigma_m) >= kRelevant;
}

}  // namespace

void RuleEngine::AdvanceRule(std::size_t rule_index, Moment& moment) {
  const Rule& rule = agreement_.rules[rule_index];
  const Zone& zone = agreement_.zones[rule.zone];
  RuleMemory& memory = state_.rules[rule_index];
  const bool applies = RuleApplies(agreement_, rule, moment.now);
  // Which views the rule is about.
  std::vector<GroupView> made;
  std::vector<const GroupView*> views;
  std::vector<bool> covered;
  const auto take = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      views.push_back(&moment.views[i]);
      covered.push_back(moment.covered[i]);
    }
  };
  switch (rule.kind) {
    case RuleKind::kGroupInZone:
    case RuleKind::kNotNotified:
      take(0, moment.groups_end);
      break;
    case RuleKind::kConcentration:
      if (!SpeaksOfPeople(rule)) take(0, moment.groups_end);
      for (std::size_t i = moment.groups_end; i < moment.wholes_end; ++i) {
        const ObjectClass whole = moment.views[i].group->object_class;
        if (ShareOfClasses({{whole, 1.0}}, rule.classes) > 0.5) take(i, i + 1);
      }
      break;
    case RuleKind::kVehicleInZone: {
      // One vehicle alone can fulfil a rule of one; otherwise all in the zone are taken together.
      GroupView all;
      for (std::size_t i = moment.wholes_end; i < moment.views.size(); ++i) {
        const Track& track = *moment.views[i].vehicles.front();
        if (ProbabilityOfVehicleInZone(rule, zone, agreement_.map_sigma_m, track) < kRelevant)
          continue;
        if (rule.min_count == 1) {
          take(i, i + 1);
        } else if (!moment.covered[i]) {
          all.vehicles.push_back(&track);
        }
      }
      if (!all.vehicles.empty()) {
        made.push_back(std::move(all));
        views.push_back(&made.front());
        covered.push_back(false);
      }
      break;
    }
    case RuleKind::kLineCrossed:
      if (applies)
        RememberSides(memory, agreement_, rule, moment.picture, agreement_.identity.reopen);
      if (rule.min_count > 1) {
        take(0, moment.groups_end);
        break;
      }
      for (std::size_t i = moment.wholes_end; i < moment.views.size(); ++i) {
        const auto crossing =
            CrossingOf(memory, agreement_, rule, *moment.views[i].vehicles.front());
        if (crossing && ProbabilityOfCrossing(rule, agreement_.map_sigma_m, *crossing) >= kRelevant)
          take(i, i + 1);
      }
      break;
    case RuleKind::kConvoyTowards:
      for (std::size_t i = 0; i < moment.groups_end; ++i) {
        if (IsIn(zone, moment.views[i], agreement_.map_sigma_m)) take(i, i + 1);
      }
      break;
    case RuleKind::kCeiling:
    case RuleKind::kBuildUp:
    case RuleKind::kWithdrawalMissing:
      AdvanceZoneRule(rule_index, applies, moment);
      return;
    case RuleKind::kSiteChanged:
      return;  // of satellite passes: AddLook
  }

  std::vector<std::vector<const GroupView*>> groups_of(state_.events.size());
  std::vector<std::vector<const GroupView*>> open_of(state_.events.size());
  for (std::size_t i = 0; i < views.size(); ++i) {
    const GroupView& view = *views[i];
    // The same event, in order of preference: it shares members with a published one, with one only
    // watched, it is near a published one, near one only watched; among equals the oldest.
    int best = 0;
    std::size_t best_event = 0;
    for (std::size_t e = 0; e < state_.events.size(); ++e) {
      const FollowedEvent& event = state_.events[e];
      if (event.rule != rule_index || event.closed) continue;
      const Likeness likeness = Compare(event.movement, view, agreement_.identity, moment.now);
      if (likeness == Likeness::kNone) continue;
      const int rank = (likeness == Likeness::kShares ? 2 : 0) +
                       (event.state != EventState::kUnspecified ? 2 : 1);
      if (rank <= best) continue;
      best = rank;
      best_event = e;
    }
    if (best > 0) {
      groups_of[best_event].push_back(&view);
      if (!covered[i]) open_of[best_event].push_back(&view);
      continue;
    }
    if (!applies || covered[i]) continue;
    const GroupView* const alone[] = {&view};
    if (AssessViews(agreement_, rule, memory, alone, moment.now).best.probability <
        rule.candidate.min_probability)
      continue;
    FollowedEvent event;
    event.rule = rule_index;
    if (view.group != nullptr) event.first_group = view.group->id;
    // Of single vehicles the first one's track.
    if (view.group == nullptr) event.first_group.value = view.vehicles.front()->id.value;
    event.first = moment.now;
    event.last_inside = moment.now;
    // Later groups of this very picture may belong to it too.
    Follow(event.movement, alone, agreement_.identity.reopen, moment.now);
    state_.events.push_back(std::move(event));
    groups_of.push_back({&view});
    open_of.push_back({&view});
  }
  for (std::size_t e = 0; e < state_.events.size(); ++e) {
    if (state_.events[e].rule == rule_index && !state_.events[e].closed)
      AdvanceEvent(state_.events[e], groups_of[e], open_of[e], moment);
  }
}

// All that is in the zone and not covered, taken together; one event for the zone, not for each
// movement in it.
void RuleEngine::AdvanceZoneRule(std::size_t rule_index, bool applies, Moment& moment) {
  const Rule& rule = agreement_.rules[rule_index];
  const Zone& zone = agreement_.zones[rule.zone];
  RuleMemory& memory = state_.rules[rule_index];
  GroupView all;
  std::vector<const GroupView*> views;
  for (std::size_t i = 0; i < moment.views.size() && applies; ++i) {
    const GroupView& view = moment.views[i];
    if (moment.covered[i]) continue;
    const bool in_zone = i < moment.wholes_end
                             ? IsIn(zone, view, agreement_.map_sigma_m)
                             : ProbabilityOfVehicleInZone(rule, zone, agreement_.map_sigma_m,
                                                          *view.vehicles.front()) >= kRelevant;
    if (!in_zone || (AsksForWithdrawal(rule) && !IsNotYetBack(agreement_, rule, view))) continue;
    if (i < moment.wholes_end) {
      views.push_back(&view);
    } else {
      all.vehicles.push_back(view.vehicles.front());
    }
  }
  if (!all.vehicles.empty()) views.push_back(&all);
  const ViewsAssessment assessment = AssessViews(agreement_, rule, memory, views, moment.now);
  if (applies && rule.kind == RuleKind::kBuildUp)
    TakeCount(DayIn(memory.days, DayOf(agreement_, moment.now), rule.days),
              assessment.distribution);
  if (rule.arrival) {
    if (applies) TakeCount(DayIn(memory.days, 0, 0), assessment.distribution);
    AdvanceArrival(rule_index, applies, moment);
    return;
  }
  const auto mine = [&](const FollowedEvent& event) {
    return event.rule == rule_index && !event.closed;
  };
  auto event = std::find_if(state_.events.begin(), state_.events.end(), mine);
  if (event == state_.events.end()) {
    if (assessment.best.probability < rule.candidate.min_probability) return;
    FollowedEvent fresh;
    fresh.rule = rule_index;
    fresh.first = moment.now;
    fresh.last_inside = moment.now;
    state_.events.push_back(std::move(fresh));
    event = state_.events.end() - 1;
  }
  AdvanceEvent(*event, views, views, moment);
}

void RuleEngine::AdvanceArrival(std::size_t rule_index, bool applies, Moment& moment) {
  const Rule& rule = agreement_.rules[rule_index];
  const Zone& zone = agreement_.zones[rule.zone];
  RuleMemory& memory = state_.rules[rule_index];
  if (!applies) return;
  const DayCount& since = DayIn(memory.days, 0, 0);
  const std::vector<double> none = {1.0};
  const std::vector<double>& seen = since.count.empty() ? none : since.count;
  const double watched = Watched(since);
  const double probability =
      watched >= *agreement_.coverage_floor
          ? ProbabilityNotArrived(InventoryOf(agreement_, rule), rule.min_count, seen, watched)
          : 0.0;  // not observed well enough to say
  const bool candidate = probability >= rule.candidate.min_probability;
  auto event = std::find_if(
      state_.events.begin(), state_.events.end(),
      [&](const FollowedEvent& other) { return other.rule == rule_index && !other.closed; });
  if (event == state_.events.end()) {
    if (!candidate) return;
    FollowedEvent fresh;
    fresh.rule = rule_index;
    fresh.first = moment.now;
    fresh.movement.position = zone.shape.frame().GeodeticFromEnu(Eigen::Vector3d::Zero());
    state_.events.push_back(std::move(fresh));
    event = state_.events.end() - 1;
  }
  Hold(*event, probability, moment);
  if (!candidate) return;
  event->last_inside = moment.now;
  event->movement.last_seen = moment.now;
  event->exercise |= moment.picture.exercise;
  if (event->state == EventState::kVerified) return;

  EventMoment at;
  at.since = moment.now;
  at.time = moment.now;
  at.probability = probability;
  at.candidate_held = event->candidate_held;
  at.verified_held = event->verified_held;
  at.object_class = rule.classes.size() == 1 ? rule.classes.front() : ObjectClass::kUnknownVehicle;
  at.count_expected = MeanCount(seen);
  at.count_min = Interval95(seen).min;
  at.count_max = Interval95(seen).max;
  at.position = event->movement.position;
  const double sigma_m = 0.5 * zone.shape.RadiusM();
  at.cov_en_m2 = Eigen::Matrix2d::Identity() * sigma_m * sigma_m;
  at.note = WatchedWords(watched, *agreement_.coverage_floor);
  // Who watched the site well enough alone speaks for it.
  std::vector<TrackSupport> watchers;
  for (const ZoneWatch& watch : since.watched) {
    if (WatchedBy(watch) < *agreement_.coverage_floor) continue;
    TrackSupport support;
    support.source = watch.source;
    support.lineage = watch.lineage;
    support.updates = watch.looks;
    support.first = watch.first;
    support.last = watch.last;
    support.raw_digests = watch.digests;
    watchers.push_back(std::move(support));
  }
  Raise(*event, at,
        Corroborate({}, rule.min_count, agreement_.corroboration, moment.now, watchers,
                    ClaimOf(rule)),
        {}, nullptr, moment.findings);
  if (event->state != EventState::kVerified) RememberMoment(*event, std::move(at), {}, watchers);
}

void RuleEngine::RememberLook(const SettledLook& look) {
  for (std::size_t r = 0; r < agreement_.rules.size(); ++r) {
    const Rule& rule = agreement_.rules[r];
    if ((rule.kind != RuleKind::kBuildUp && !rule.arrival) ||
        !RuleApplies(agreement_, rule, look.time))
      continue;
    const bool build_up = rule.kind == RuleKind::kBuildUp;
    const int day = build_up ? DayOf(agreement_, look.time) : 0;
    std::vector<DayCount>& days = state_.rules[r].days;
    // A look of a day that was forgotten comes too late.
    if (!days.empty() && day < days.back().day - rule.days) continue;
    TakeWatch(DayIn(days, day, rule.days), grids_[r].value(), look);
  }
}

std::vector<std::string> RuleEngine::Notes(Instant now) const {
  std::vector<std::string> out;
  for (std::size_t r = 0; r < agreement_.rules.size(); ++r) {
    const Rule& rule = agreement_.rules[r];
    const RuleMemory& memory = state_.rules[r];
    if (rule.kind == RuleKind::kLineCrossed) {
      const int near = CountNearLine(memory, now);
      if (near > 0) out.push_back(NearLineSentence(agreement_.lines[rule.line], near));
    }
    if (!rule.arrival || !RuleApplies(agreement_, rule, now)) continue;
    const double watched = memory.days.empty() ? 0.0 : Watched(memory.days.back());
    if (watched < *agreement_.coverage_floor)
      out.push_back(NotWatchedSentence(agreement_, rule, watched));
  }
  return out;
}

}  // namespace trucewatch
