// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "verify/agreement/agreement.h"
#include "verify/movement.h"

namespace trucewatch {

// Follows one notified movement through the pictures and says which groups it covers. A
// notification covers one movement: groups beyond its largest number, and other groups later, are
// not covered. Time outside the window never counts; the corridor is left only after
// NotificationTerms::leave, because a place has an error and a clock to the second has none.
struct NotifiedState {
  bool active = false;  // something matched
  Movement movement;
  Instant first;
  Duration matched;
  Duration left;  // how long what it covers has been out of the corridor
  bool on_record = false;
  bool exercise = false;
};

struct NotifiedResult {
  std::vector<bool> covered;  // one for each view
  double probability = 0.0;   // mean over the vehicles covered, of being inside the corridor
  bool newly_on_record = false;
};

// `eligible[i]`: view i belongs to no published event. dt: time since the last picture.
NotifiedResult AdvanceNotified(NotifiedState& state, const NotifiedMovement& notified,
                               const Agreement& agreement, std::span<const GroupView> views,
                               const std::vector<bool>& eligible, Duration dt, Instant now);

}  // namespace trucewatch
