// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "core/base/result.h"
#include "tools/simulate/clip/clip_plan.h"

namespace trucewatch::clip {

struct ClipSummary {
  int frames = 0;
  int vehicles = 0;  // that moved at some time
  double street_km = 0;
  double told_ground_hae_m = 0;  // the ground's height as the metadata has it
};

// Renders a clip into an existing folder: clip.ts (H.264 with synchronous ST 0601 KLV) and
// truth.jsonl (docs/formats/clip_truth.md). Determinism: the bytes are a function of the plan.
Result<ClipSummary> RecordClip(const ClipPlan& plan, const std::string& folder,
                               const std::function<void(double fraction)>& progress);

}  // namespace trucewatch::clip
