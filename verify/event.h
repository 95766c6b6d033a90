// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/types/finding.h"
#include "core/types/track.h"
#include "verify/movement.h"

namespace trucewatch {

// An event is remembered for so long after it was last seen, and its moments for so long after they
// were: looks that come after the hold, and records of patrols, are held against them.
inline constexpr Duration kEventMemory = Duration::Seconds(3600);
// A change at a site waits so long for passes that agree with it.
inline constexpr Duration kSiteMemory = Duration::Seconds(14 * 86'400);
// Moments closer than this to the last one are not remembered.
inline constexpr Duration kMomentSpacing = Duration::Seconds(1);
// Newest digests kept of one source for one moment.
inline constexpr std::size_t kMomentDigests = 4;

// How one source supported a vehicle, or all of it, at a moment.
struct MomentSupport {
  std::uint32_t source = 0;  // index into FollowedEvent::sources
  int updates = 0;
  Instant first;
  Instant last;
};

struct MomentVehicle {
  TrackId id;
  std::vector<MomentSupport> supports;
};

struct SourceDigest {
  std::uint32_t source = 0;
  Digest digest{};
};

// What was known of an event at one picture (or between two satellite passes) at which its rule's
// candidate probability was reached. Small, because an hour of them is kept.
struct EventMoment {
  Instant since;  // of a site: the earlier pass; else the time itself
  Instant time;
  double probability = 0.0;
  Duration candidate_held;
  Duration verified_held;
  ObjectClass object_class = ObjectClass::kUnspecified;
  double count_expected = 0.0;
  int count_min = 0;
  int count_max = 0;
  int appeared = 0;  // sites
  int vanished = 0;
  double extent_m = 0.0;  // of a group seen as a whole
  std::string note;       // what the sentence says besides, that the rest does not hold
  Geodetic position;
  Eigen::Matrix2d cov_en_m2 = Eigen::Matrix2d::Zero();
  Eigen::Vector2d velocity_en_mps = Eigen::Vector2d::Zero();
  std::vector<MomentVehicle> inside;
  std::vector<MomentSupport> whole;
  std::vector<SourceDigest> digests;
};

// Looks of one source that came after the hold and agree with one vehicle.
struct LateSeries {
  TrackId track;
  std::uint32_t source = 0;
  std::vector<Instant> times;  // ascending
};

struct LateDigest {
  Instant time;
  SourceDigest digest;
};

// One movement (or site between two passes) held against one rule. It becomes an event when it is
// published as a candidate; before that it is only being watched. One convoy is one event, whatever
// fusion calls it.
struct FollowedEvent {
  std::size_t rule = 0;  // index into Agreement::rules
  Movement movement;
  GroupId first_group;
  Instant first;        // first picture in which the rule was fulfilled
  Instant last_inside;  // last picture in which at least one vehicle was expected inside
  // Time above the thresholds less time below them, never negative: a short dip costs its own
  // length, not all.
  Duration candidate_held;
  Duration verified_held;
  EventState state = EventState::kUnspecified;  // kUnspecified: not published
  std::string event_id;
  bool exercise = false;
  // Of a site whose rule asks for several good looks: what they have to agree with, and how many
  // do.
  std::vector<SiteChange> changes;
  int good_looks = 0;
  bool closed = false;  // lost or out of the zone for longer than reopen, or a site's: only amended
  // Below: until it is VERIFIED, when nothing can raise it any more.
  std::vector<std::pair<SourceId, Lineage>> sources;
  std::set<TrackId> vehicles;        // that were ever inside
  std::vector<EventMoment> moments;  // in order of time
  std::vector<LateSeries> late;
  std::vector<LateDigest> late_digests;  // in order of time
};

// Adds a moment, with the supports of the vehicles inside and of the whole, unless it is too close
// to the last; forgets those older than kEventMemory.
void RememberMoment(FollowedEvent& event, EventMoment moment, std::span<const Track* const> inside,
                    std::span<const TrackSupport> whole);

// Takes in a look that came after the hold. False when it says nothing about this event.
bool TakeLateLook(FollowedEvent& event, const LateLook& look);

// Up to when a look that was just taken in can change what counts: it is recent for so long, and
// after more than min_updates late looks of its source at a vehicle one more makes no difference.
// Nothing: to the end.
std::optional<Instant> ReachOf(const FollowedEvent& event, const LateLook& look, int min_updates,
                               Duration recent);

// The vehicles that were inside at a moment (id and supports only), with what came in late.
std::vector<Track> VehiclesAt(const FollowedEvent& event, const EventMoment& moment);
// Adds what came in late to the supports of vehicles of a picture.
void AddLateSupports(const FollowedEvent& event, Instant time, std::vector<Track>& vehicles);
// What spoke of the whole at a moment.
std::vector<TrackSupport> WholeAt(const FollowedEvent& event, const EventMoment& moment);

}  // namespace trucewatch
