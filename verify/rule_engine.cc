// SPDX-License-Identifier: Apache-2.0
#include "verify/rule_engine.h"

#include <algorithm>

#include "core/base/check.h"
#include "verify/corridor.h"
#include "verify/engine_moment.h"
#include "verify/rules/class_shares.h"
#include "verify/wording.h"

namespace trucewatch {
namespace {

// A gap between pictures counts at most this much towards a duration: what was not seen was not
// held.
constexpr Duration kMaxStep = Duration::Seconds(2);
constexpr std::size_t kMaxGroup = 2000;
// Whether a rule is held against vehicles by themselves, not only against groups.
bool LooksAtVehicles(const Rule& rule) {
  return rule.kind == RuleKind::kVehicleInZone || rule.kind == RuleKind::kCeiling ||
         rule.kind == RuleKind::kBuildUp || rule.kind == RuleKind::kWithdrawalMissing ||
         (rule.kind == RuleKind::kLineCrossed && rule.min_count == 1);
}

// Whether an event of the rule is about one movement, all that travel in it together.
bool SpeaksOfGroups(const Rule& rule) {
  return rule.kind == RuleKind::kGroupInZone || rule.kind == RuleKind::kConcentration ||
         rule.kind == RuleKind::kNotNotified;
}

}  // namespace

RuleEngine::RuleEngine(Agreement agreement, Duration heartbeat)
    : agreement_(std::move(agreement)), heartbeat_(heartbeat) {
  TW_CHECK(heartbeat_ > Duration());
  state_.notified.resize(agreement_.notified.size());
  state_.rules.resize(agreement_.rules.size());
  for (const Rule& rule : agreement_.rules) {
    grids_.emplace_back();
    if (rule.kind != RuleKind::kBuildUp && !rule.arrival) continue;
    grids_.back() = WatchGrid(agreement_.zones[rule.zone]);
  }
}

void RuleEngine::SetState(EngineState state) {
  TW_CHECK(state.notified.size() == agreement_.notified.size());
  TW_CHECK(state.rules.size() == agreement_.rules.size());
  state_ = std::move(state);
}

Result<std::vector<Finding>> RuleEngine::Advance(const Picture& picture) {
  if (agreement_.class_shares.empty()) return AdvanceWeighed(picture);
  Picture weighed = picture;
  return WeighAndAdvance(weighed);
}

Result<std::vector<Finding>> RuleEngine::WeighAndAdvance(Picture& picture) {
  if (!agreement_.class_shares.empty()) {
    for (Track& track : picture.tracks)
      track.classes = WeighClasses(track.classes, agreement_.class_shares);
  }
  return AdvanceWeighed(picture);
}

Result<std::vector<Finding>> RuleEngine::AdvanceWeighed(const Picture& picture) {
  if (!picture.settled) return std::vector<Finding>();
  if (state_.last_picture && picture.time <= *state_.last_picture) {
    return Fail(ErrorCode::kBadInput, "the picture of {} does not follow that of {}",
                FormatUtc(picture.time), FormatUtc(*state_.last_picture));
  }
  for (const Group& group : picture.groups) {
    if (group.members.size() > kMaxGroup)
      return Fail(ErrorCode::kBadInput,
                  "the picture of {} has a group of {} vehicles; at most {} are taken",
                  FormatUtc(picture.time), group.members.size(), kMaxGroup);
  }
  Moment moment{picture, picture.time, Duration(), {}, 0, 0, {}, {}};
  if (state_.last_picture) moment.dt = std::min(picture.time - *state_.last_picture, kMaxStep);
  moment.views = ViewGroups(picture, agreement_.min_group_size);
  moment.groups_end = moment.views.size();
  for (GroupView& view : ViewWholeGroups(picture, agreement_.min_group_size))
    moment.views.push_back(std::move(view));
  moment.wholes_end = moment.views.size();
  const bool vehicles =
      std::any_of(agreement_.rules.begin(), agreement_.rules.end(), LooksAtVehicles);
  if (vehicles) {
    for (GroupView& view : ViewVehicles(picture)) moment.views.push_back(std::move(view));
  }
  moment.covered.assign(moment.views.size(), false);

  AdvanceNotifiedMovements(moment);
  AdvancePermittedMovements(moment);
  if (vehicles) CoverVehicles(moment);
  for (std::size_t i = 0; i < agreement_.rules.size(); ++i) AdvanceRule(i, moment);
  Forget(moment.now);
  Heartbeat(moment);
  state_.last_picture = picture.time;
  return std::move(moment.findings);
}

void RuleEngine::AdvanceNotifiedMovements(Moment& moment) {
  const std::span<const GroupView> views = moment.groups();
  // What is already an event cannot become a notified movement by crossing its corridor.
  std::vector<bool> eligible(views.size(), true);
  for (std::size_t i = 0; i < views.size(); ++i) {
    for (const FollowedEvent& event : state_.events) {
      // One vehicle over a withdrawal line does not make an event of all that travel with it.
      if (event.state != EventState::kUnspecified && !event.closed &&
          SpeaksOfGroups(agreement_.rules[event.rule]) &&
          Compare(event.movement, moment.views[i], agreement_.identity, moment.now) ==
              Likeness::kShares)
        eligible[i] = false;
    }
  }
  for (std::size_t n = 0; n < agreement_.notified.size(); ++n) {
    const NotifiedMovement& notified = agreement_.notified[n];
    NotifiedState& state = state_.notified[n];
    const NotifiedResult result =
        AdvanceNotified(state, notified, agreement_, views, eligible, moment.dt, moment.now);
    std::vector<const GroupView*> groups;
    for (std::size_t i = 0; i < views.size(); ++i) {
      if (!result.covered[i]) continue;
      groups.push_back(&moment.views[i]);
      moment.covered[i] = true;
      eligible[i] = false;  // one movement is covered by one notification
    }
    if (!groups.empty()) state.exercise |= moment.picture.exercise;
    if (!result.newly_on_record) continue;

    const std::vector<const Track*> vehicles = Pool(groups);
    Finding finding;
    finding.kind = FindingKind::kNotifiedMovement;
    finding.time = moment.now;
    finding.exercise = state.exercise;
    finding.notification = notified.id;
    finding.object_class = MainClass(vehicles);
    for (const GroupView* view : groups) {
      finding.count_min += view->group->count_min;
      finding.count_max += view->group->count_max;
    }
    finding.time_first = state.first;
    finding.time_last = moment.now;
    finding.probability = result.probability;
    SetKinematics(finding, vehicles);
    finding.supports =
        Corroborate(vehicles, agreement_.min_group_size, agreement_.corroboration, moment.now)
            .counted;
    finding.reason = NotifiedSentence(finding, notified);
    finding.agreement_hash = agreement_.hash;
    moment.findings.push_back(std::move(finding));
    ++state_.notified_on_record;
  }
  moment.eligible = std::move(eligible);
}

void RuleEngine::AdvancePermittedMovements(Moment& moment) {
  if (agreement_.permitted.empty()) return;
  const PermittedResult result =
      AdvancePermitted(state_.permitted, agreement_, moment.groups(), moment.eligible,
                       moment.picture.exercise, moment.dt, moment.now);
  for (std::size_t i = 0; i < result.covered.size(); ++i) {
    if (result.covered[i]) moment.covered[i] = true;
  }
  for (const PermittedMovement& movement : result.newly_on_record) {
    const PermittedState& state = state_.permitted[movement.state];
    const PermittedCorridor& corridor = agreement_.permitted[state.corridor];
    const std::vector<const Track*> vehicles = Pool(movement.groups);
    Finding finding;
    finding.kind = FindingKind::kPermittedMovement;
    finding.time = moment.now;
    finding.exercise = state.exercise;
    finding.notification = corridor.id;
    finding.object_class = MainClass(vehicles);
    for (const GroupView* view : movement.groups) {
      finding.count_min += view->group->count_min;
      finding.count_max += view->group->count_max;
    }
    finding.time_first = state.first;
    finding.time_last = moment.now;
    finding.probability = movement.probability;
    SetKinematics(finding, vehicles);
    finding.supports =
        Corroborate(vehicles, agreement_.min_group_size, agreement_.corroboration, moment.now)
            .counted;
    finding.reason = PermittedSentence(finding, corridor);
    finding.agreement_hash = agreement_.hash;
    moment.findings.push_back(std::move(finding));
  }
}

// A vehicle is covered with its group; while fusion loses the group, as long as it was part of a
// movement on record less than leave_s ago; and in a permitted corridor also alone.
void RuleEngine::CoverVehicles(Moment& moment) {
  std::set<TrackId> covered;
  for (std::size_t i = 0; i < moment.groups_end; ++i) {
    if (!moment.covered[i]) continue;
    for (const Track* track : moment.views[i].vehicles) covered.insert(track->id);
  }
  const auto recently = [&](const Movement& movement) {
    for (const auto& [id, seen] : movement.members) {
      if (moment.now - seen <= agreement_.notification.leave) covered.insert(id);
    }
  };
  for (std::size_t n = 0; n < state_.notified.size(); ++n) {
    const NotifiedMovement& notified = agreement_.notified[n];
    if (state_.notified[n].on_record && moment.now >= notified.window_start &&
        moment.now < notified.window_end)
      recently(state_.notified[n].movement);
  }
  for (const PermittedState& state : state_.permitted) {
    if (state.on_record &&
        CorridorApplies(agreement_, agreement_.permitted[state.corridor], moment.now))
      recently(state.movement);
  }
  for (std::size_t i = moment.wholes_end; i < moment.views.size(); ++i) {
    const GroupView& view = moment.views[i];
    moment.covered[i] = covered.contains(view.vehicles.front()->id);
    for (const PermittedCorridor& corridor : agreement_.permitted) {
      if (moment.covered[i] || !CorridorApplies(agreement_, corridor, moment.now)) continue;
      moment.covered[i] = ClassesFit(corridor.classes, view) &&
                          ShareInCorridor(corridor.corridor, view, agreement_.map_sigma_m) >=
                              agreement_.notification.min_probability;
    }
  }
}

void RuleEngine::Forget(Instant now) {
  std::erase_if(state_.events, [&](FollowedEvent& event) {
    if (event.closed)
      return now - event.last_inside > (event.changes.empty() ? kEventMemory : kSiteMemory);
    if (event.state == EventState::kUnspecified && event.candidate_held == Duration() &&
        event.first != now)
      return true;
    if (now - event.last_inside <= agreement_.identity.reopen) return false;
    event.closed = true;
    return event.state == EventState::kUnspecified;
  });
  // Beyond the bound those closed longest go first.
  for (std::size_t i = 0; i < state_.events.size() && state_.events.size() > kMaxEvents;) {
    if (state_.events[i].closed) {
      state_.events.erase(state_.events.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  const Duration memory = std::max(kEventMemory, agreement_.corroboration.human_recent);
  std::erase_if(state_.records,
                [&](const HumanRecord& record) { return now - record.time_last > memory; });
}

void RuleEngine::Heartbeat(Moment& moment) {
  if (!state_.heartbeat_start) state_.heartbeat_start = moment.now;
  ++state_.pictures;
  for (const Track& track : moment.picture.tracks) {
    for (const TrackSupport& support : track.supports) {
      if (support.last >= *state_.heartbeat_start) state_.sources.insert(support.source.value);
    }
  }
  if (moment.now - *state_.heartbeat_start < heartbeat_) return;
  Finding finding;
  finding.kind = FindingKind::kHeartbeat;
  finding.time = moment.now;
  finding.exercise = moment.picture.exercise;
  finding.time_first = *state_.heartbeat_start;
  finding.time_last = moment.now;
  finding.agreement_hash = agreement_.hash;
  HeartbeatFacts facts;
  facts.since = *state_.heartbeat_start;
  facts.pictures = state_.pictures;
  facts.tracks = moment.picture.tracks.size();
  facts.groups = moment.wholes_end;
  facts.sources.assign(state_.sources.begin(), state_.sources.end());
  facts.refused = state_.refused;
  facts.events = state_.events_on_record;
  facts.verified = state_.verified_on_record;
  facts.notified = state_.notified_on_record;
  facts.notes = Notes(moment.now);
  finding.reason = HeartbeatSentence(facts, moment.now);
  moment.findings.push_back(std::move(finding));
  state_.heartbeat_start = moment.now;
  state_.pictures = 0;
  state_.refused = 0;
  state_.sources.clear();
}

}  // namespace trucewatch
