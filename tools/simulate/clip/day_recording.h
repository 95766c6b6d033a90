// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "core/base/result.h"
#include "tools/simulate/clip/clip_plan.h"

namespace trucewatch::clip {

struct DaySummary {
  int looks = 0;
  int arrivals = 0, departures = 0;  // within the day
};

// Renders a day of looks into an existing folder: looks/00000.jpg, ..., beside
// each its ST 0601 packet (00000.klv), and truth.jsonl (docs/formats/clip_truth.md). Determinism:
// the pixels and the truth are functions of the plan.
Result<DaySummary> RecordDay(const ClipPlan& plan, const std::string& folder,
                             const std::function<void(double fraction)>& progress);

}  // namespace trucewatch::clip
