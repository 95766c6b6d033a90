// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/types/finding.h"
#include "trucewatch/v1/verify_snapshot.pb.h"
#include "verify/agreement/agreement.h"

namespace trucewatch {

// An event as officers and parties deal with it, for as long as the mission lasts.
struct EventCase {
  struct Challenge {
    std::string id;
    ChallengeState state = ChallengeState::kUnspecified;
    std::string role;  // who filed it: "party_a", "party_b"
  };
  // The newest transition that software gave, without its members and digests.
  Finding last;
  // By people; kUnspecified: nobody has. kReopened: it is to be decided again.
  EventState decided = EventState::kUnspecified;
  bool independent = false;  // two independent modalities speak for it
  std::vector<Challenge> challenges;
  std::set<std::string> released_to;  // audiences; and of recordings
};

// What people do with events (DOMAIN.md section 1, steps 6 to 10): decisions, releases, challenges
// and rulings on them. Nothing is removed: each is a finding that carries the record as it was
// signed.
//
//   candidate, corroborated, verified   by software, at any time
//   -> confirmed | not confirmed | inconclusive -> closed;  -> reopened -> decided again
//   challenge: filed -> answered -> upheld | rejected | inconclusive | escalated -> the first three
//
// An event with an open challenge cannot be closed; an upheld challenge reopens a decided event.
// What software says after a decision is marked as amended and leaves the decision alone.
// Determinism: a function of the calls. Threads: one caller at a time.
class CaseBook {
 public:
  // The events followed longest ago are forgotten beyond this; a decision on one is then refused.
  static constexpr std::size_t kMaxEvents = 100'000;
  // Open challenges of one party on one event.
  static constexpr std::size_t kMaxOpenChallenges = 10;

  // By the hash of each version of the agreement that findings are made under: what breaks
  // independence.
  explicit CaseBook(std::map<std::string, std::vector<Ancestor>> breaking);

  // Takes note of an event's transition, before it is written.
  void Note(Finding& finding);
  // Findings of a decision, challenge or ruling: what it did, or that it was not taken and why.
  // They are under the version of the agreement that the event is under; of no event, under none.
  std::vector<Finding> Take(const HumanRecord& record);

  const EventCase* Find(const std::string& event_id) const;

  void Write(v1::VerifySnapshot::Cases* out) const;
  Result<void> Read(const v1::VerifySnapshot::Cases& in);

 private:
  Result<Finding> Decide(const HumanRecord& record);
  static Result<Finding> ReleaseRaw(EventCase& event, Finding finding);
  Result<Finding> File(const HumanRecord& record);
  Result<std::vector<Finding>> Rule(const HumanRecord& record);
  Result<EventCase*> Known(const std::string& event_id);
  Finding Base(const EventCase& event, const HumanRecord& record) const;

  std::map<std::string, std::vector<Ancestor>> breaking_;
  std::map<std::string, EventCase> events_;
  std::map<std::string, std::string> event_of_challenge_;
  std::set<std::string> taken_;  // source and record id; the first one counts
};

// "confirmed", "not confirmed", ...; of the states that software gives too.
std::string_view StateWords(EventState state);

}  // namespace trucewatch
