// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/bytes.h"
#include "core/types/finding.h"
#include "evidence/retention/hold.h"

namespace trucewatch::evidence {

// What raw evidence must stay, and why: of everything that is open or held the time it covers, with
// a margin before and after, and each raw record that it names.
//
// An event is open until an officer has closed it, or has said that it is not confirmed; one that
// only software has spoken about is open, and so is a challenge that is not ruled on, whatever its
// event is. A case (an allegation) is open. A `lift event` of an officer ends that, unless
// something was said of the event since, or it has an unruled challenge. A hold stays until it is
// lifted. Determinism: a function of the calls of Add, in the ledger's order.
class Needs {
 public:
  explicit Needs(Duration margin) : margin_(margin) {}

  void Add(const Finding& finding);
  void Add(const HoldStatement& statement);
  // After the last Add, before the first question.
  void Settle();

  // Why what `source` sent from `first` to `last` must stay; empty: nobody needs it.
  std::string WhyTime(const SourceId& source, Instant first, Instant last) const;
  // The same of one raw record.
  std::string WhyDigest(const Digest& raw) const;

  struct Item {
    std::string why;  // "event 3fa2 is open (verified, not decided)"
    Instant first, last;
    std::set<SourceId> sources;  // empty: all
  };
  const std::vector<Item>& items() const { return items_; }

 private:
  struct Subject {  // an event or a case
    bool is_case = false;
    Instant first, last;  // of what was seen
    Instant newest;       // statement
    EventState software = EventState::kUnspecified;
    EventState officers = EventState::kUnspecified;
    std::map<std::string, ChallengeState> challenges;
    std::set<Digest> digests;
  };
  std::string WhyOpen(const std::string& id, const Subject& subject) const;
  void Keep(const Subject& subject, const std::string& why);

  const Duration margin_;
  std::map<std::string, Subject> subjects_;       // by event id or case id
  std::map<std::string, HoldStatement> holds_;    // by id, and not lifted
  std::set<std::string> known_;                   // ids of statements; the first one counts
  std::map<std::string, Instant> lifted_events_;  // when
  std::vector<Item> items_;
  std::unordered_map<std::string, std::size_t> digests_;  // raw bytes; index into reasons_
  std::vector<std::string> reasons_;
};

}  // namespace trucewatch::evidence
