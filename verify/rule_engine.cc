// SPDX-License-Identifier: Apache-2.0
#include "verify/rule_engine.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/crypto/sha256.h"
#include "verify/corroboration/corroboration.h"
#include "verify/rules/group_in_zone.h"
#include "verify/wording.h"

namespace trucewatch {
namespace {

// A gap between pictures counts at most this much towards a duration: what was not seen was not
// held.
constexpr Duration kMaxStep = Duration::Seconds(2);
constexpr std::size_t kMaxGroup = 2000;

// Rules by kind. To add one: a file in verify/rules, a value in RuleKind and in the schema, a case
// here.
Assessment Assess(const Agreement& agreement, const Rule& rule,
                  std::span<const Track* const> vehicles) {
  switch (rule.kind) {
    case RuleKind::kGroupInZone:
      return AssessGroupInZone(rule, agreement.zones[rule.zone], agreement.map_sigma_m, vehicles);
  }
  return {};
}

// The class that more than half of the belief of these vehicles is in.
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

}  // namespace

struct RuleEngine::Moment {
  const Picture& picture;
  Instant now;
  Duration dt;  // since the last picture, at most kMaxStep
  std::vector<GroupView> views;
  std::vector<bool> covered;  // by a notified movement, one for each view
  std::vector<Finding> findings;
};

RuleEngine::RuleEngine(Agreement agreement, Duration heartbeat)
    : agreement_(std::move(agreement)), heartbeat_(heartbeat) {
  TW_CHECK(heartbeat_ > Duration());
  state_.notified.resize(agreement_.notified.size());
}

void RuleEngine::SetState(EngineState state) {
  TW_CHECK(state.notified.size() == agreement_.notified.size());
  state_ = std::move(state);
}

Result<std::vector<Finding>> RuleEngine::Advance(const Picture& picture) {
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
  Moment moment{picture, picture.time, Duration(), {}, {}, {}};
  if (state_.last_picture) moment.dt = std::min(picture.time - *state_.last_picture, kMaxStep);
  moment.views = ViewGroups(picture, agreement_.min_group_size);
  moment.covered.assign(moment.views.size(), false);

  AdvanceNotifiedMovements(moment);
  for (std::size_t i = 0; i < agreement_.rules.size(); ++i) AdvanceRule(i, moment);
  Forget(moment.now);
  Heartbeat(moment);
  state_.last_picture = picture.time;
  return std::move(moment.findings);
}

void RuleEngine::AdvanceNotifiedMovements(Moment& moment) {
  // What is already an event cannot become a notified movement by crossing its corridor.
  std::vector<bool> eligible(moment.views.size(), true);
  for (std::size_t i = 0; i < moment.views.size(); ++i) {
    for (const FollowedEvent& event : state_.events) {
      if (event.state != EventState::kUnspecified &&
          Compare(event.movement, moment.views[i], agreement_.identity, moment.now) ==
              Likeness::kShares)
        eligible[i] = false;
    }
  }
  for (std::size_t n = 0; n < agreement_.notified.size(); ++n) {
    const NotifiedMovement& notified = agreement_.notified[n];
    NotifiedState& state = state_.notified[n];
    const NotifiedResult result =
        AdvanceNotified(state, notified, agreement_, moment.views, eligible, moment.dt, moment.now);
    std::vector<const GroupView*> groups;
    for (std::size_t i = 0; i < moment.views.size(); ++i) {
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
}

void RuleEngine::AdvanceRule(std::size_t rule_index, Moment& moment) {
  const Rule& rule = agreement_.rules[rule_index];
  const bool applies = RuleApplies(agreement_, rule, moment.now);
  std::vector<std::vector<const GroupView*>> groups_of(state_.events.size());
  for (std::size_t i = 0; i < moment.views.size(); ++i) {
    const GroupView& view = moment.views[i];
    // The same event, in order of preference: it shares members with a published one, with one only
    // watched, it is near a published one, near one only watched; among equals the oldest.
    int best = 0;
    std::size_t best_event = 0;
    for (std::size_t e = 0; e < state_.events.size(); ++e) {
      const FollowedEvent& event = state_.events[e];
      if (event.rule != rule_index) continue;
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
      continue;
    }
    if (!applies || moment.covered[i]) continue;
    const Assessment alone = Assess(agreement_, rule, view.vehicles);
    if (alone.probability < rule.candidate.min_probability) continue;
    FollowedEvent event;
    event.rule = rule_index;
    event.first_group = view.group->id;
    event.first = moment.now;
    event.last_inside = moment.now;
    const GroupView* const groups[] = {&view};
    // Later groups of this very picture may belong to it too.
    Follow(event.movement, groups, agreement_.identity.reopen, moment.now);
    state_.events.push_back(std::move(event));
    groups_of.push_back({&view});
  }
  for (std::size_t e = 0; e < state_.events.size(); ++e) {
    if (state_.events[e].rule == rule_index) AdvanceEvent(state_.events[e], groups_of[e], moment);
  }
}

void RuleEngine::AdvanceEvent(FollowedEvent& event, std::span<const GroupView* const> groups,
                              Moment& moment) {
  const Rule& rule = agreement_.rules[event.rule];
  Follow(event.movement, groups, agreement_.identity.reopen, moment.now);
  std::vector<const GroupView*> open;  // not covered by a notification
  for (const GroupView* view : groups) {
    if (!moment.covered[static_cast<std::size_t>(view - moment.views.data())]) open.push_back(view);
  }
  const std::vector<const Track*> vehicles = Pool(open);
  Assessment assessment;
  if (!vehicles.empty() && RuleApplies(agreement_, rule, moment.now))
    assessment = Assess(agreement_, rule, vehicles);
  if (assessment.expected_inside >= 1.0) event.last_inside = moment.now;

  const bool opened_now = event.first == moment.now;
  const auto hold = [&](Duration& held, bool above) {
    if (!above) {
      held = std::max(held - moment.dt, Duration());
    } else if (!opened_now) {
      held = held + moment.dt;
    }
  };
  const bool candidate = assessment.probability >= rule.candidate.min_probability;
  const bool verified = assessment.probability >= rule.verified.min_probability;
  hold(event.candidate_held, candidate);
  hold(event.verified_held, verified);
  if (!candidate) return;
  event.exercise |= moment.picture.exercise;

  std::vector<const Track*> inside;
  for (std::size_t i = 0; i < vehicles.size(); ++i) {
    if (assessment.member_inside[i]) inside.push_back(vehicles[i]);
  }
  const Corroboration corroboration =
      Corroborate(inside, rule.min_count, agreement_.corroboration, moment.now);
  while (true) {
    EventState next = event.state;
    Duration held = event.candidate_held;
    if (event.state == EventState::kUnspecified) {
      if (event.candidate_held >= rule.candidate.min_duration && !corroboration.counted.empty())
        next = EventState::kCandidate;
    } else if (event.state == EventState::kCandidate) {
      if (corroboration.distinct) next = EventState::kCorroborated;
    } else if (event.state == EventState::kCorroborated) {
      if (corroboration.independent && verified &&
          event.verified_held >= rule.verified.min_duration) {
        next = EventState::kVerified;
        held = event.verified_held;
      }
    }
    if (next == event.state) return;
    event.state = next;
    if (next == EventState::kCandidate) {
      event.event_id = EventId(event);
      ++state_.events_on_record;
    }
    if (next == EventState::kVerified) ++state_.verified_on_record;

    Finding finding;
    finding.kind = FindingKind::kEventTransition;
    finding.time = moment.now;
    finding.event_id = event.event_id;
    finding.exercise = event.exercise;
    finding.state = next;
    finding.rule = rule.id;
    finding.zone = agreement_.zones[rule.zone].id;
    finding.object_class = MainClass(inside);
    finding.count_min = assessment.inside.min;
    // Vehicles no track stands for cannot be excluded: fusion's own upper bound goes in.
    int group_max = 0;
    for (const GroupView* view : open) group_max += view->group->count_max;
    finding.count_max = std::max(assessment.inside.max, group_max);
    finding.time_first = event.first;
    finding.time_last = moment.now;
    finding.probability = assessment.probability;
    SetKinematics(finding, vehicles);
    finding.supports = corroboration.counted;
    finding.reason = TransitionSentence(finding, rule, agreement_.zones[rule.zone], corroboration,
                                        agreement_.corroboration, held);
    finding.agreement_hash = agreement_.hash;
    moment.findings.push_back(std::move(finding));
  }
}

void RuleEngine::Forget(Instant now) {
  std::erase_if(state_.events, [&](const FollowedEvent& event) {
    if (event.state == EventState::kUnspecified && event.candidate_held == Duration() &&
        event.first != now)
      return true;
    return now - event.last_inside > agreement_.identity.reopen;
  });
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
  facts.groups = moment.views.size();
  facts.sources.assign(state_.sources.begin(), state_.sources.end());
  facts.refused = state_.refused;
  facts.events = state_.events_on_record;
  facts.verified = state_.verified_on_record;
  facts.notified = state_.notified_on_record;
  finding.reason = HeartbeatSentence(facts, moment.now);
  moment.findings.push_back(std::move(finding));
  state_.heartbeat_start = moment.now;
  state_.pictures = 0;
  state_.refused = 0;
  state_.sources.clear();
}

std::string RuleEngine::EventId(const FollowedEvent& event) const {
  const Rule& rule = agreement_.rules[event.rule];
  std::string text;
  AppendText(text, "trucewatch event v1");
  AppendText(text, agreement_.hash);
  AppendText(text, rule.id);
  AppendText(text, agreement_.zones[rule.zone].id);
  AppendBe64(text, static_cast<std::uint64_t>(event.first.micros()));
  AppendBe64(text, event.first_group.value);
  const Digest digest = Sha256(text);
  return HexEncode(Bytes(digest).first(16));
}

}  // namespace trucewatch
