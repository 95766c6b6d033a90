// SPDX-License-Identifier: Apache-2.0
// What happens between the engines of two versions of an agreement.
#include <algorithm>

#include "verify/engine_moment.h"

namespace trucewatch {
namespace {

bool SamePlaces(const std::vector<Geodetic>& a, const std::vector<Geodetic>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Geodetic& x, const Geodetic& y) {
                      return x.latitude == y.latitude && x.longitude == y.longitude;
                    });
}

// Whether what a rule remembers under one version is what it would have remembered under the other.
bool RemembersTheSame(const Agreement& before, const Rule& a, const Agreement& after,
                      const Rule& b) {
  if (a.id != b.id || a.kind != b.kind || a.classes != b.classes ||
      !SamePlaces(before.zones[a.zone].shape.vertices(), after.zones[b.zone].shape.vertices()))
    return false;
  switch (a.kind) {
    case RuleKind::kLineCrossed: {
      const LineShape& x = before.lines[a.line].shape;
      const LineShape& y = after.lines[b.line].shape;
      return x.behind_is_left() == y.behind_is_left() && SamePlaces(x.points(), y.points());
    }
    case RuleKind::kBuildUp:  // days are counted from the first phase on
      return a.days == b.days && before.phases.front().start == after.phases.front().start;
    case RuleKind::kWithdrawalMissing:
      return a.arrival == b.arrival &&
             before.withdrawals[a.withdrawal].deadline == after.withdrawals[b.withdrawal].deadline;
    default:
      return true;
  }
}

// Only the side on which it is now: how it came there is told already.
void ForgetCrossing(RuleMemory& memory, TrackId vehicle) {
  const auto behind = memory.behind.find(vehicle);
  const auto beyond = memory.beyond.find(vehicle);
  if (behind == memory.behind.end() || beyond == memory.beyond.end()) return;
  if (behind->second.last < beyond->second.last) {
    memory.behind.erase(behind);
  } else {
    memory.beyond.erase(beyond);
  }
}

template <typename List>
std::size_t IndexOfId(const List& list, const std::string& id) {
  return static_cast<std::size_t>(
      std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.id == id; }) -
      list.begin());
}

}  // namespace

void RuleEngine::TakeOver(const RuleEngine& before) {
  const EngineState& old = before.state_;
  state_.last_picture = old.last_picture;
  state_.heartbeat_start = old.heartbeat_start;
  state_.pictures = old.pictures;
  state_.refused += old.refused;
  state_.sources = old.sources;
  state_.events_on_record = old.events_on_record;
  state_.verified_on_record = old.verified_on_record;
  state_.notified_on_record = old.notified_on_record;
  std::vector<HumanRecord> own = std::move(state_.records);  // told of times to come
  state_.records = old.records;
  for (HumanRecord& record : own) {
    const bool known =
        std::any_of(state_.records.begin(), state_.records.end(), [&](const HumanRecord& other) {
          return other.source == record.source && other.record_id == record.record_id;
        });
    if (!known && state_.records.size() < kMaxRecords) state_.records.push_back(std::move(record));
  }
  for (std::size_t n = 0; n < agreement_.notified.size(); ++n) {
    const std::size_t was = IndexOfId(before.agreement_.notified, agreement_.notified[n].id);
    if (was < old.notified.size()) state_.notified[n] = old.notified[was];
  }
  for (PermittedState state : old.permitted) {
    state.corridor =
        IndexOfId(agreement_.permitted, before.agreement_.permitted[state.corridor].id);
    if (state.corridor < agreement_.permitted.size()) state_.permitted.push_back(std::move(state));
  }
  for (std::size_t r = 0; r < agreement_.rules.size(); ++r) {
    const std::size_t was = IndexOfId(before.agreement_.rules, agreement_.rules[r].id);
    if (was == old.rules.size() ||
        !RemembersTheSame(before.agreement_, before.agreement_.rules[was], agreement_,
                          agreement_.rules[r]))
      continue;
    state_.rules[r] = old.rules[was];
    for (const FollowedEvent& event : old.events) {
      if (event.rule != was || event.state == EventState::kUnspecified) continue;
      for (const auto& [vehicle, seen] : event.movement.members)
        ForgetCrossing(state_.rules[r], vehicle);
    }
  }
}

void RuleEngine::PassTime(Instant now) {
  if (state_.last_picture && now > *state_.last_picture) state_.last_picture = now;
  Forget(now);
}

std::vector<Finding> RuleEngine::AgreeWithLater(const SettledLook& look) {
  std::vector<Finding> findings;
  AgreeWithPass(look, findings);
  return findings;
}

}  // namespace trucewatch
