// SPDX-License-Identifier: Apache-2.0
#include "verify/notified_tracker.h"

#include <algorithm>
#include <cmath>

#include "verify/corridor.h"

namespace trucewatch {
namespace {

// Slower than this a direction of travel means nothing.
constexpr double kMovingMps = 1.0;

bool HeadingFits(const NotifiedMovement& notified, const GroupView& view) {
  if (!notified.heading_tolerance) return true;
  const Kinematics kinematics = MeanKinematics(view.vehicles);
  const double speed = kinematics.velocity_en_mps.norm();
  if (speed < kMovingMps) return true;
  const Eigen::Vector2d along = notified.corridor.DirectionEn(kinematics.position);
  return kinematics.velocity_en_mps.dot(along) >=
         speed * std::cos(notified.heading_tolerance->rad());
}

struct Candidate {
  std::size_t view;
  Likeness likeness;
  bool match;
  double share;
};

}  // namespace

NotifiedResult AdvanceNotified(NotifiedState& state, const NotifiedMovement& notified,
                               const Agreement& agreement, std::span<const GroupView> views,
                               const std::vector<bool>& eligible, Duration dt, Instant now) {
  NotifiedResult out;
  out.covered.assign(views.size(), false);
  if (now < notified.window_start || now >= notified.window_end) return out;

  const NotificationTerms& terms = agreement.notification;
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < views.size(); ++i) {
    if (!eligible[i]) continue;
    Candidate candidate{i, Likeness::kNone, false, 0.0};
    if (state.active)
      candidate.likeness = Compare(state.movement, views[i], agreement.identity, now);
    candidate.share = ShareInCorridor(notified.corridor, views[i], agreement.map_sigma_m);
    candidate.match = candidate.share >= terms.min_probability &&
                      ClassesFit(notified.classes, views[i]) && HeadingFits(notified, views[i]);
    const bool belongs = candidate.likeness != Likeness::kNone;
    const bool tolerated = belongs && state.on_record && state.left < terms.leave;
    if (state.on_record ? (belongs && (candidate.match || tolerated)) : candidate.match)
      candidates.push_back(candidate);
  }
  // What was covered before comes first, so that a newcomer cannot take its place.
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.likeness > b.likeness; });
  std::vector<const GroupView*> covered;
  int count_min = 0;
  int count_max = 0;
  int vehicles = 0;
  bool all_match = true;
  bool known = false;
  for (const Candidate& candidate : candidates) {
    const Group& group = *views[candidate.view].group;
    if (count_min + group.count_min > notified.max_count) continue;
    count_min += group.count_min;
    count_max += group.count_max;
    const int n = static_cast<int>(views[candidate.view].vehicles.size());
    vehicles += n;
    out.probability += candidate.share * n;
    out.covered[candidate.view] = true;
    covered.push_back(&views[candidate.view]);
    all_match &= candidate.match;
    known |= candidate.likeness != Likeness::kNone;
  }
  if (vehicles > 0) out.probability /= vehicles;

  if (covered.empty() || (!state.on_record && count_max < notified.min_count)) {
    std::fill(out.covered.begin(), out.covered.end(), false);
    if (!state.on_record) state.matched = std::max(state.matched - dt, Duration());
    return out;
  }
  if (!state.on_record && !known) {  // the first, or another than what matched before
    state = NotifiedState();
    state.active = true;
    state.first = now;
  } else if (!state.on_record) {
    state.matched = state.matched + dt;
  }
  state.left = all_match ? std::max(state.left - dt, Duration()) : state.left + dt;
  Follow(state.movement, covered, agreement.identity.reopen, now);
  if (!state.on_record && state.matched >= terms.recognise) {
    state.on_record = true;
    out.newly_on_record = true;
  }
  return out;
}

}  // namespace trucewatch
