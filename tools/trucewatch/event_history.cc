// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/event_history.h"

namespace trucewatch::tools {

std::map<std::string, EventStanding> StandingsAt(std::span<const Published> published,
                                                 std::optional<Instant> at) {
  std::map<std::string, EventStanding> out;
  for (const Published& one : published) {
    const Finding& f = one.finding;
    if (f.event_id.empty() || (at && f.time > *at)) continue;
    const bool transition = f.kind == FindingKind::kEventTransition;
    if (!transition && f.kind != FindingKind::kChallenge && f.kind != FindingKind::kRelease)
      continue;
    EventStanding& event = out[f.event_id];
    if (transition) {
      (f.state > EventState::kVerified ? event.officers : event.software) = f.state;
      event.amended |= f.amended;
    } else if (f.kind == FindingKind::kChallenge) {
      event.challenges[f.challenge_id] = f.challenge_state;
    } else {
      event.released_to.insert(f.audience);
    }
    event.newest = one;
    event.entries.push_back(one.ledger_index);
  }
  return out;
}

}  // namespace trucewatch::tools
