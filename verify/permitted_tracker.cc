// SPDX-License-Identifier: Apache-2.0
#include "verify/permitted_tracker.h"

#include <algorithm>

#include "verify/corridor.h"

namespace trucewatch {
namespace {

struct Match {
  double share = 0.0;
  bool fits = false;
};

Match MatchCorridor(const Agreement& agreement, const PermittedCorridor& permitted,
                    const GroupView& view) {
  Match match;
  match.share = ShareInCorridor(permitted.corridor, view, agreement.map_sigma_m);
  match.fits = match.share >= agreement.notification.min_probability &&
               ClassesFit(permitted.classes, view) &&
               (permitted.max_count == 0 || view.group->count_min <= permitted.max_count);
  return match;
}

}  // namespace

PermittedResult AdvancePermitted(std::vector<PermittedState>& states, const Agreement& agreement,
                                 std::span<const GroupView> views,
                                 const std::vector<bool>& eligible, bool exercise, Duration dt,
                                 Instant now) {
  PermittedResult out;
  out.covered.assign(views.size(), false);
  std::vector<std::vector<std::size_t>> views_of(states.size());
  std::vector<bool> outside(states.size(), false);
  std::vector<Match> matches(views.size());
  for (std::size_t c = 0; c < agreement.permitted.size(); ++c) {
    const PermittedCorridor& permitted = agreement.permitted[c];
    if (!CorridorApplies(agreement, permitted, now)) continue;
    for (std::size_t i = 0; i < views.size(); ++i) {
      if (!eligible[i] || out.covered[i]) continue;
      const Match match = MatchCorridor(agreement, permitted, views[i]);
      std::size_t best = states.size();
      Likeness likeness = Likeness::kNone;
      for (std::size_t s = 0; s < states.size(); ++s) {
        if (states[s].corridor != c) continue;
        const Likeness here = Compare(states[s].movement, views[i], agreement.identity, now);
        if (here <= likeness) continue;
        likeness = here;
        best = s;
      }
      if (best == states.size()) {
        if (!match.fits) continue;
        PermittedState fresh;
        fresh.corridor = c;
        fresh.first = now;
        const GroupView* const group[] = {&views[i]};
        Follow(fresh.movement, group, agreement.identity.reopen, now);
        states.push_back(std::move(fresh));
        views_of.emplace_back();
        outside.push_back(false);
      } else if (!match.fits && !(states[best].on_record &&
                                  states[best].left + dt < agreement.notification.leave)) {
        // Another group near by that is outside does not end the movement; its own leaving does.
        if (likeness == Likeness::kShares) outside[best] = true;
        continue;
      }
      matches[i] = match;
      views_of[best].push_back(i);
      out.covered[i] = true;
    }
  }
  for (std::size_t s = 0; s < states.size(); ++s) {
    PermittedState& state = states[s];
    if (views_of[s].empty()) {
      if (!state.on_record) state.matched = std::max(state.matched - dt, Duration());
      if (outside[s]) state.left = state.left + dt;
      continue;
    }
    PermittedMovement movement{s, {}, 0.0};
    double vehicles = 0.0;
    bool all_fit = true;
    for (const std::size_t i : views_of[s]) {
      const double n = static_cast<double>(views[i].vehicles.size());
      movement.groups.push_back(&views[i]);
      movement.probability += matches[i].share * n;
      vehicles += n;
      all_fit &= matches[i].fits;
    }
    movement.probability /= vehicles;
    state.exercise |= exercise;
    state.left = all_fit ? std::max(state.left - dt, Duration()) : state.left + dt;
    if (state.first != now && !state.on_record) state.matched = state.matched + dt;
    Follow(state.movement, movement.groups, agreement.identity.reopen, now);
    if (state.on_record || state.matched < agreement.notification.recognise) continue;
    state.on_record = true;
    out.newly_on_record.push_back(std::move(movement));
  }
  // What is newly on record is never over; its index moves with the others'.
  std::vector<std::size_t> place(states.size());
  std::size_t kept = 0;
  for (std::size_t s = 0; s < states.size(); ++s) {
    place[s] = kept;
    const PermittedState& state = states[s];
    const bool over = (state.on_record && state.left >= agreement.notification.leave) ||
                      (!state.on_record && state.matched == Duration() && state.first != now &&
                       state.movement.last_seen != now) ||
                      now - state.movement.last_seen > agreement.identity.reopen;
    if (over) continue;
    if (kept != s) states[kept] = std::move(states[s]);
    ++kept;
  }
  states.resize(kept);
  for (PermittedMovement& movement : out.newly_on_record) movement.state = place[movement.state];
  return out;
}

}  // namespace trucewatch
