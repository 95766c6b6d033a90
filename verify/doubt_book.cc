// SPDX-License-Identifier: Apache-2.0
#include "verify/doubt_book.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "core/types/source_notes.h"

namespace trucewatch {
namespace {

Geodetic MiddleOf(const std::vector<TrackId>& members, const Picture& picture) {
  std::optional<LocalFrame> frame;
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  int count = 0;
  for (const Track& track : picture.tracks) {
    if (!std::binary_search(members.begin(), members.end(), track.id)) continue;
    if (!frame) frame.emplace(track.position);
    sum += frame->EnuFromGeodetic(track.position);
    ++count;
  }
  return frame ? frame->GeodeticFromEnu(sum / count) : Geodetic();
}

}  // namespace

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
  // True when nothing is left of what supported it.
  const auto void_in = [&](std::vector<TrackSupport>& supports) {
    return std::erase_if(supports,
                         [&](const TrackSupport& s) { return Doubts(s.source, s.last); }) > 0 &&
           supports.empty();
  };
  std::set<TrackId> gone;
  std::erase_if(picture.tracks, [&](Track& track) {
    const bool void_of_all = void_in(track.supports);
    if (void_of_all) gone.insert(track.id);
    return void_of_all;
  });
  std::erase_if(picture.groups, [&](Group& group) {
    if (void_in(group.supports)) return true;
    const auto lost = static_cast<int>(
        std::erase_if(group.members, [&](TrackId member) { return gone.contains(member); }));
    if (lost == 0) return false;
    if (group.members.empty()) return true;
    group.count_expected = std::max(1.0, group.count_expected - lost);
    group.count_min = std::max(0, group.count_min - lost);
    group.count_max = std::max(group.count_min, group.count_max - lost);
    group.position = MiddleOf(group.members, picture);
    return false;
  });
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
