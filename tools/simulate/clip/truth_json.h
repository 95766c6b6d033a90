// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/simulate/clip/rendered_clip.h"

namespace trucewatch::clip {

// The lines of truth.jsonl (docs/formats/clip_truth.md).
std::string HeadLine(const ClipPlan& plan, const RenderedClip& scene);
// `more`: a JSON object whose fields the line gets, too; "{}" for none.
std::string FrameLine(int frame, const std::vector<VehicleTruth>& truth, const ClipPlan& plan,
                      const RenderedClip& scene, const std::string& more);

// The double nearest to the value as a decimal of 1 / per_unit.
double RoundedTo(double value, double per_unit);

}  // namespace trucewatch::clip
