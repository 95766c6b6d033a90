// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/geo/geodetic.h"
#include "fusion/group_book.h"
#include "fusion/groups.h"
#include "fusion/hold_buffer.h"
#include "fusion/late_book.h"
#include "fusion/registration.h"
#include "fusion/smoother.h"
#include "fusion/tracker.h"
#include "trucewatch/v1/config/mission.pb.h"
#include "trucewatch/v1/fusion_snapshot.pb.h"

namespace trucewatch {

inline constexpr std::uint32_t kSnapshotVersion = 4;

// State to message and back, bit for bit. RestoreFrom fails with kBadInput on a message that cannot
// be such a state.
v1::HoldBufferState ToProto(const HoldBuffer& hold);
Result<void> RestoreFrom(const v1::HoldBufferState& message, HoldBuffer& hold);
v1::HeldMeasurement ToProto(const HeldMeasurement& measurement);
HeldMeasurement FromProto(const v1::HeldMeasurement& message);
v1::TrackState ToProto(const TrackState& track);
Result<TrackState> TrackFromProto(const v1::TrackState& message);
v1::TrackerState ToProto(const Tracker& tracker);
Result<void> RestoreFrom(const v1::TrackerState& message, Tracker& tracker);
v1::SmootherState ToProto(const Smoother& smoother);
Result<void> RestoreFrom(const v1::SmootherState& message, Smoother& smoother);
v1::GroupTrackerState ToProto(const GroupTracker& groups);
Result<void> RestoreFrom(const v1::GroupTrackerState& message, GroupTracker& groups);
void BookToProto(const GroupBook& book, v1::FusionSnapshot* message);
Result<void> RestoreFrom(const v1::FusionSnapshot& message, GroupBook& book);
void BookToProto(const LateBook& book, v1::FusionSnapshot* message);
Result<void> RestoreFrom(const v1::FusionSnapshot& message, LateBook& book);
v1::RegistrationState ToProto(const Registration& registration);
Result<void> RestoreFrom(const v1::RegistrationState& message, Registration& registration);
void BiasToProto(const std::optional<Bias>& bias, v1::AlignedLookState* out);
Result<std::optional<Bias>> BiasFromProto(const v1::AlignedLookState& in);

}  // namespace trucewatch
