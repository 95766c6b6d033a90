// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "fusion/fusion_stage.h"

// The part of the stage that shows the live picture (live_picture.h).
namespace trucewatch {

void FusionStage::EmitLive(Instant now, Outputs& outputs) {
  if (settled_to_) live_.Forget(*settled_to_);
  LivePicture::Registered registered;
  if (registration_) {
    for (const auto& [time, look] : aligned_) registered.aligned.push_back(&look.corrected);
    registered.correct = [this](Look look) { return Located(std::move(look)); };
  }
  const LivePicture::Content content = live_.Show(now, hold_, tracker_, groups_, book_, registered);
  outputs.push_back(EnvelopeOf({.time = now,
                                .settled = false,
                                .exercise = exercise_ || content.exercise,
                                .tracks = {},
                                .groups = {}},
                               content.tracks, content.groups, content.whole_groups));
}

void FusionStage::NoteLive(const HeldMeasurement& measurement, const Look& look) {
  if (options_.live_pictures) live_.Note(measurement, look);
}

void FusionStage::RestoreLive() {
  live_.Clear();
  if (!options_.live_pictures) return;
  for (const HeldMeasurement& held : hold_.held()) live_.Note(held);
  for (const Pending& pending : pending_) {
    if (!pending.late) live_.Note(pending.measurement);
  }
}

}  // namespace trucewatch
