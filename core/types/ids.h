// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace trucewatch {

// Name of one sensor feed, as in the mission config ("drone1", "radar1").
struct SourceId {
  std::string value;
  auto operator<=>(const SourceId&) const = default;
};

// Number of a track or group, given by fusion in order of initiation; never reused within a
// mission.
struct TrackId {
  std::uint64_t value = 0;
  auto operator<=>(const TrackId&) const = default;
};
struct GroupId {
  std::uint64_t value = 0;
  auto operator<=>(const GroupId&) const = default;
};

}  // namespace trucewatch
