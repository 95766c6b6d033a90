// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "tools/trucewatch/mission_record.h"

namespace trucewatch::tools {

// How one event stood at a time.
struct EventStanding {
  EventState software = EventState::kUnspecified;  // candidate, corroborated, verified
  EventState officers = EventState::kUnspecified;  // unspecified: nobody had decided
  bool amended = false;
  std::map<std::string, ChallengeState> challenges;  // by id
  std::set<std::string> released_to;
  Published newest;                    // of its statements
  std::vector<std::uint64_t> entries;  // of the ledger, ascending
};

// Every event as it stood, from the ledger's statements alone: those published at or before `at`
// (all of them without it). Nothing is ever taken back, so the past is a part of the record.
std::map<std::string, EventStanding> StandingsAt(std::span<const Published> published,
                                                 std::optional<Instant> at);

}  // namespace trucewatch::tools
