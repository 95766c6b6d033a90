// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/types/finding.h"
#include "evidence/release/party_leaf.h"
#include "evidence/release/release_terms.h"

namespace trucewatch::evidence {

// What both parties get to know, from the officers' ledger: the leaves of the parties' ledger.
//
// Time goes in windows of an hour of event time, from the mission's start. The leaves of a window:
// 1. one commitment for each leaf of the officers' ledger in it, in order, and as many that stand
// for
//    nothing as it takes to a multiple of kPadding: what was withheld is bound to be shown when it
//    is asked for, and how much happened is not told by numbers;
// 2. statements on events that are released (by an officer's record, or automatically): state,
// rule,
//    zone, class, count, a cell of the grid, and times in steps of the delay; later transitions of
//    a released event too, challenges and their rulings;
// 3. of a day that ended two hours ago: how well each zone was observed (sums over the day, nothing
//    finer: blind spots are a map for cheating), for the public as well, with numbers of its
//    events.
// A window may be shown once `delay` has passed after its end. Both parties get the same bytes.
// Determinism: a function of the officers' leaves, the terms and the key, so that running it again
// over a longer ledger gives the same leaves first. Threads: one caller at a time.
class ReleaseBook {
 public:
  static constexpr Duration kWindow = Duration::Seconds(3600);
  static constexpr std::size_t kPadding = 64;

  ReleaseBook(ReleaseTerms terms, const SaltKey& key, bool exercise, Instant mission_start);

  // The next leaf of the officers' ledger, from index 0 on; `finding` is what it says.
  void Add(const std::string& leaf, const Finding& finding);
  // Leaves of windows that may be shown at this time, since the last call; times do not descend.
  std::vector<std::string> Take(Instant as_of);

 private:
  struct Window {
    std::vector<std::string> commitments;
    std::vector<std::string> statements;
  };
  struct Known {  // an event
    Finding last;
    bool to_parties = false;
    bool to_public = false;
  };
  struct Day {
    std::map<std::pair<std::string, Instant>, CoverageAccount>
        accounts;                                           // in force, by zone and start
    std::map<std::string, std::set<std::string>> released;  // events by zone
    bool told = false;
  };

  std::int64_t WindowOf(Instant time) const;
  Window& At(Instant time);
  void State(const Finding& finding, const char* what, Window& window);
  void TellDays(Instant until, Window& window);
  Instant Coarse(Instant time) const;

  ReleaseTerms terms_;
  SaltKey key_;
  bool exercise_ = false;
  Instant start_;
  std::uint64_t index_ = 0;
  std::int64_t current_ =
      0;  // window of the newest leaf: the ledger's order is not quite that of time
  std::map<std::int64_t, Window> windows_;
  std::int64_t taken_ = 0;  // windows given
  std::map<std::string, Known> events_;
  std::map<std::int64_t, Day> days_;  // by number since 1970
};

}  // namespace trucewatch::evidence
