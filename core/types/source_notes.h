// SPDX-License-Identifier: Apache-2.0
#pragma once

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

}  // namespace trucewatch
