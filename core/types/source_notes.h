// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "core/types/observation.h"

namespace trucewatch {

// A SourceStatus that changes nothing for those who wait for the source: state kUnspecified, and
// what became of its line or clock in the reason. Of the clock it starts with one of these, and
// goes on with what was measured.
inline constexpr std::string_view kClockDoubtedNote = "clock not trusted: ";
inline constexpr std::string_view kClockTrustedNote = "clock trusted again: ";

inline bool IsNote(const SourceStatus& status) { return status.state == SourceState::kUnspecified; }
inline bool DoubtsClock(const SourceStatus& status) {
  return IsNote(status) && status.reason.starts_with(kClockDoubtedNote);
}
inline bool TrustsClock(const SourceStatus& status) {
  return IsNote(status) && status.reason.starts_with(kClockTrustedNote);
}

// Where it is by its own navigation is not where it can be; and is again.
inline constexpr std::string_view kPositionDoubtedNote = "position not trusted: ";
inline constexpr std::string_view kPositionTrustedNote = "position trusted again: ";
// The degraded_reason of a look of such a time: nobody knows where it looked.
inline constexpr std::string_view kPositionDoubtedReason = "position not trusted";
// How long before the first of these notes it may have begun: the length of a video segment.
inline constexpr Duration kPositionDoubtLead = Duration::Seconds(10);
inline bool DoubtsPosition(const SourceStatus& status) {
  return IsNote(status) && status.reason.starts_with(kPositionDoubtedNote);
}
inline bool TrustsPosition(const SourceStatus& status) {
  return IsNote(status) && status.reason.starts_with(kPositionTrustedNote);
}

// Its video was shown before, with other times on it; and is new again. The looks of such a time
// saw nothing of what was there: their degraded_reason is kOldFootageReason.
inline constexpr std::string_view kOldFootageNote = "footage shown before: ";
inline constexpr std::string_view kNewFootageNote = "footage is new again";
inline constexpr std::string_view kOldFootageReason = "footage shown before";
// How long before the first of these notes the footage may have been old already: it takes
// detection so long to be sure (detect/footage/footage_memory.h).
inline constexpr Duration kOldFootageLead = Duration::Seconds(60);
inline bool ShowsOldFootage(const SourceStatus& status) {
  return IsNote(status) && status.reason.starts_with(kOldFootageNote);
}
inline bool ShowsNewFootage(const SourceStatus& status) {
  return IsNote(status) && status.reason.starts_with(kNewFootageNote);
}

// "overload: 1 segment in 3 is looked at; " and why: the source sends more than detection can look
// at. In force from this note on, in the order of the journal, until the next; "1 segment in 1": no
// longer.
inline constexpr std::string_view kThinnedNote = "overload: 1 segment in ";
// The degraded_reason of a look that was left out for that: "overload: 20 frames skipped".
inline constexpr std::string_view kSkippedReason = "overload: ";

namespace internal {
inline std::optional<int> NumberAfter(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + prefix.size(), end, number);
  if (error != std::errc() || number < 0 || rest == end || *rest != ' ') return std::nullopt;
  return number;
}
}  // namespace internal

// How many segments there are to one that is looked at; nothing: the status says nothing of it.
inline std::optional<int> OneSegmentIn(const SourceStatus& status) {
  if (!IsNote(status)) return std::nullopt;
  const auto number = internal::NumberAfter(status.reason, kThinnedNote);
  return number && *number >= 1 ? number : std::nullopt;
}
// Nothing when frames were not skipped for overload.
inline std::optional<int> FramesSkipped(std::string_view degraded_reason) {
  return internal::NumberAfter(degraded_reason, kSkippedReason);
}

}  // namespace trucewatch
