// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "verify/agreement/agreement.h"
#include "verify/movement.h"

namespace trucewatch {

// One movement in one permitted corridor.
struct PermittedState {
  std::size_t corridor = 0;  // index into Agreement::permitted
  Movement movement;
  Instant first;
  Duration matched;
  Duration left;  // how long it has been out of the corridor
  bool on_record = false;
  bool exercise = false;
};

struct PermittedMovement {
  std::size_t state = 0;  // index into the states
  std::vector<const GroupView*> groups;
  double probability = 0.0;  // mean over the vehicles, of being inside the corridor
};

struct PermittedResult {
  std::vector<bool> covered;  // one for each view
  std::vector<PermittedMovement> newly_on_record;
};

// Follows all movements in permitted corridors and says which groups they cover. A group is covered
// while the corridor's phase holds, its vehicles' mean probability of being in the corridor is
// reached, its classes fit and it is not larger than allowed; each movement is put on record once,
// after NotificationTerms::recognise. Out of the corridor for longer than NotificationTerms::leave,
// the movement is over: the same vehicles back in it later are another. Lost for EventIdentity::
// reopen, it is forgotten. `eligible[i]`: view i is not covered by a notification nor an event's.
PermittedResult AdvancePermitted(std::vector<PermittedState>& states, const Agreement& agreement,
                                 std::span<const GroupView> views,
                                 const std::vector<bool>& eligible, bool exercise, Duration dt,
                                 Instant now);

}  // namespace trucewatch
