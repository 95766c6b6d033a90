// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "fusion/internal/company.h"
#include "fusion/track_state.h"

namespace trucewatch::internal {

// Vehicles of a column do not pass one another. Reports that lie closer together than they are
// exact draw the tracks of neighbours past each other; then they change places, and each number
// stays with its vehicle. Who drives before whom is learnt where the gap is plain (TrackState::
// behind), and learnt anew where one plainly overtakes. Vehicles abreast have no order.
// `company`: of the same tracks, now.
void KeepOrder(std::vector<TrackState>& tracks, const Company& company);

}  // namespace trucewatch::internal
