// SPDX-License-Identifier: Apache-2.0
#include "verify/doubt_book.h"

#include <utility>

#include "core/types/source_notes.h"

namespace trucewatch {

void DoubtBook::Add(const SourceStatus& status) {
  clocks_.Add(status);
  SourceStatus earlier = status;
  if (DoubtsPosition(status)) earlier.time = status.time - kPositionDoubtLead;
  if (ShowsOldFootage(status)) earlier.time = status.time - kOldFootageLead;
  positions_.Add(earlier);
  footage_.Add(earlier);
}

bool DoubtBook::Doubts(const SourceId& source, Instant time) const {
  return !BlindReason(source, time).empty() || clocks_.IsIn(source, time);
}

std::string_view DoubtBook::BlindReason(const SourceId& source, Instant time) const {
  if (footage_.IsIn(source, time)) return kOldFootageReason;
  if (positions_.IsIn(source, time)) return kPositionDoubtedReason;
  return {};
}

void DoubtBook::Void(Picture& picture) const {
  if (clocks_.empty() && positions_.empty() && footage_.empty()) return;
  const auto void_in = [&](std::vector<TrackSupport>& supports) {
    std::erase_if(supports, [&](const TrackSupport& s) { return Doubts(s.source, s.last); });
  };
  for (Track& track : picture.tracks) void_in(track.supports);
  for (Group& group : picture.groups) void_in(group.supports);
}

void DoubtBook::Void(SettledLook& look) const {
  if (!Doubts(look.source, look.time)) return;
  look.changes.clear();
  look.standing_vehicles = 0;
  const std::string_view reason = BlindReason(look.source, look.time);
  if (reason.empty()) return;
  look.moving_vehicle_probability = 0;
  look.standing_vehicle_probability = 0;
  look.group_probability = 0;
  if (look.degraded_reason.empty()) look.degraded_reason = reason;
}

void DoubtBook::Void(LateLook& look) const {
  if (Doubts(look.source, look.time)) look.matches.clear();
}

void DoubtBook::Forget(Instant before) {
  clocks_.Forget(before);
  positions_.Forget(before);
  footage_.Forget(before);
}

void DoubtBook::Write(v1::VerifySnapshot* out) const {
  clocks_.Write(out->mutable_doubted_clocks());
  positions_.Write(out->mutable_doubted_positions());
  footage_.Write(out->mutable_old_footage());
}

void DoubtBook::Read(const v1::VerifySnapshot& in) {
  clocks_.Read(in.doubted_clocks());
  positions_.Read(in.doubted_positions());
  footage_.Read(in.old_footage());
}

}  // namespace trucewatch
