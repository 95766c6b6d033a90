// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/types/finding.h"
#include "core/types/track.h"
#include "verify/agreement/agreement.h"
#include "verify/corroboration/corroboration.h"
#include "verify/event.h"
#include "verify/notified_tracker.h"
#include "verify/permitted_tracker.h"
#include "verify/rule_memory.h"

namespace trucewatch {

// All that the brain remembers between two inputs.
struct EngineState {
  std::optional<Instant> last_picture;
  std::vector<FollowedEvent> events;      // in order of opening
  std::vector<NotifiedState> notified;    // one for each of Agreement::notified
  std::vector<PermittedState> permitted;  // in order of opening
  std::vector<RuleMemory> rules;          // one for each of Agreement::rules
  std::vector<HumanRecord> records;       // observations that may support events, as they came
  std::optional<Instant> heartbeat_start;
  std::uint64_t pictures = 0;  // these three since the last heartbeat
  std::uint64_t refused = 0;
  std::set<std::string> sources;
  std::uint64_t events_on_record = 0;
  std::uint64_t verified_on_record = 0;
  std::uint64_t notified_on_record = 0;
};

// Holds settled pictures, satellite passes and human records against the agreement.
// Guarantees: states of an event only rise, through every state between, each as one finding;
// nothing is kVerified without two independent lineages; an allegation supports nothing; a notified
// movement is put on record once. Time: event time only, from the inputs. Determinism: findings are
// a function of agreement and inputs. Memory: events, moments and records of kEventMemory, at most
// kMaxEvents and kMaxRecords. Threads: one caller at a time.
class RuleEngine {
 public:
  static constexpr std::size_t kMaxEvents = 4096;
  static constexpr std::size_t kMaxRecords = 4096;

  RuleEngine(Agreement agreement, Duration heartbeat);

  const Agreement& agreement() const { return agreement_; }

  // Findings of one picture, in a fixed order: notified movements, permitted movements, rules,
  // heartbeat. A live (not settled) picture has none. Fails, without any change, on a picture that
  // is not later than the last, or has a group of more than 2000 vehicles.
  Result<std::vector<Finding>> Advance(const Picture& picture);
  // The same without a copy: the vehicles' classes in the picture become what the agreement's
  // shares make of them.
  Result<std::vector<Finding>> WeighAndAdvance(Picture& picture);
  // What a satellite pass with an earlier one to compare with says about sites. Fails, without any
  // change, on one of more than 2000 changes or with a baseline that is not earlier.
  Result<std::vector<Finding>> AddLook(const SettledLook& look);
  // A look that came after the hold may raise events; never opens one out of nothing.
  std::vector<Finding> AddLateLook(const LateLook& look);
  // A record of an officer: its own finding first, then those of the events that it raises.
  std::vector<Finding> AddRecord(const HumanRecord& record);

  // Of several versions of an agreement each has an engine of its own, which is given the pictures
  // of the times at which the version holds (verify_stage.h). What one version has from another:
  //
  // This version's time begins where that of `before` ends, before its first picture. It goes on
  // with the heartbeat and its totals, with patrols' records, and with movements under
  // notifications and in corridors of the same name: a notification is used up once. A rule that is
  // the same word for word, on the same ground, goes on with what it remembers, but for vehicles of
  // events that `before` has published: what they did is told. Events stay behind.
  void TakeOver(const RuleEngine& before);
  // Another version holds now. Events are forgotten as ever.
  void PassTime(Instant now);
  // A pass of a time at which another version holds: changes that waited for one before then are
  // held against it.
  std::vector<Finding> AgreeWithLater(const SettledLook& look);
  // An observation that another version put on record speaks for this one's events too.
  std::vector<Finding> Support(const HumanRecord& record);

  // Counts an input that was refused, for the next heartbeat.
  void CountRefused() { ++state_.refused; }

  const EngineState& state() const { return state_; }
  void SetState(EngineState state);

 private:
  struct Moment;
  // Why an event is raised by something older than the newest picture.
  struct Amendment {
    std::string cause;         // sentence
    bool of_statement = true;  // it raises what was said before; false: nothing was said
  };

  // Classes of the picture are weighed by the agreement's shares already.
  Result<std::vector<Finding>> AdvanceWeighed(const Picture& picture);
  void AdvanceNotifiedMovements(Moment& moment);
  void AdvancePermittedMovements(Moment& moment);
  void CoverVehicles(Moment& moment);
  void AdvanceRule(std::size_t rule_index, Moment& moment);
  void AdvanceZoneRule(std::size_t rule_index, bool applies, Moment& moment);
  void AdvanceArrival(std::size_t rule_index, bool applies, Moment& moment);
  // Counts the time above and below the rule's thresholds.
  void Hold(FollowedEvent& event, double probability, const Moment& moment) const;
  // Holds changes at sites that wait for it against one more pass.
  void AgreeWithPass(const SettledLook& look, std::vector<Finding>& findings);
  // How well a zone was watched, for rules that speak of what was not there.
  void RememberLook(const SettledLook& look);
  // What the heartbeat says besides: who is near a line, what was not watched well enough.
  std::vector<std::string> Notes(Instant now) const;
  void AdvanceEvent(FollowedEvent& event, std::span<const GroupView* const> groups,
                    std::span<const GroupView* const> open, Moment& moment);
  // Raises the state of an event as far as a moment allows.
  void Raise(FollowedEvent& event, const EventMoment& at, const Corroboration& corroboration,
             const std::vector<TrackId>& members, const Amendment* amendment,
             std::vector<Finding>& findings);
  // Holds an event's moments from `from` on, to `until` if it is given, against all that is known
  // now.
  void Amend(FollowedEvent& event, Instant from, std::optional<Instant> until,
             const Amendment& amendment, std::vector<Finding>& findings);
  std::vector<TrackSupport> HumanSupports(const Rule& rule, const EventMoment& at) const;
  // How far off and how old the report of a patrol is on which independence rests; else nothing.
  std::string PatrolSentence(const Rule& rule, const EventMoment& at,
                             const Corroboration& corroboration) const;
  Finding CaseOf(const HumanRecord& record) const;
  void Forget(Instant now);
  void Heartbeat(Moment& moment);
  std::string EventId(const FollowedEvent& event) const;

  Agreement agreement_;
  Duration heartbeat_;
  EngineState state_;
  std::vector<std::optional<ZoneGrid>>
      grids_;  // by rule; of those that ask how well it was watched
};

}  // namespace trucewatch
