// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/types/finding.h"
#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/movement.h"
#include "verify/notified_tracker.h"

namespace trucewatch {

// One movement held against one rule. It becomes an event when it is published as a candidate;
// before that it is only being watched. One convoy is one event, whatever fusion calls it.
struct FollowedEvent {
  std::size_t rule = 0;  // index into Agreement::rules
  Movement movement;
  GroupId first_group;
  Instant first;        // first picture in which the rule was fulfilled
  Instant last_inside;  // last picture in which at least one vehicle was expected inside
  // Time above the thresholds less time below them, never negative: a short dip costs its own
  // length, not all.
  Duration candidate_held;
  Duration verified_held;
  EventState state = EventState::kUnspecified;  // kUnspecified: not published
  std::string event_id;
  bool exercise = false;
};

// All that the brain remembers between two pictures.
struct EngineState {
  std::optional<Instant> last_picture;
  std::vector<FollowedEvent> events;    // in order of opening
  std::vector<NotifiedState> notified;  // one for each of Agreement::notified
  std::optional<Instant> heartbeat_start;
  std::uint64_t pictures = 0;  // these three since the last heartbeat
  std::uint64_t refused = 0;
  std::set<std::string> sources;
  std::uint64_t events_on_record = 0;
  std::uint64_t verified_on_record = 0;
  std::uint64_t notified_on_record = 0;
};

// Holds settled pictures against the agreement.
// Guarantees: states of an event only rise, through every state between, each as one finding;
// nothing is kVerified without two independent lineages; a notified movement is put on record once.
// Time: event time only, from the pictures. Determinism: findings are a function of agreement and
// pictures. Threads: one caller at a time.
class RuleEngine {
 public:
  RuleEngine(Agreement agreement, Duration heartbeat);

  const Agreement& agreement() const { return agreement_; }

  // Findings of one picture, in a fixed order: notified movements, rules, heartbeat. A live (not
  // settled) picture has none. Fails, without any change, on a picture that is not later than the
  // last, or has a group of more than 2000 vehicles.
  Result<std::vector<Finding>> Advance(const Picture& picture);
  // Counts an input that was refused, for the next heartbeat.
  void CountRefused() { ++state_.refused; }

  const EngineState& state() const { return state_; }
  void SetState(EngineState state);

 private:
  struct Moment;
  void AdvanceNotifiedMovements(Moment& moment);
  void AdvanceRule(std::size_t rule_index, Moment& moment);
  void AdvanceEvent(FollowedEvent& event, std::span<const GroupView* const> groups, Moment& moment);
  void Forget(Instant now);
  void Heartbeat(Moment& moment);
  std::string EventId(const FollowedEvent& event) const;

  Agreement agreement_;
  Duration heartbeat_;
  EngineState state_;
};

}  // namespace trucewatch
