// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "ingest/radar/stanag4607.h"

namespace trucewatch::stanag4607::internal {

// Fields that come together or not at all: D10-D11 and so on. One sentence for each that is half
// set.
std::vector<std::string> HalfSetGroups(std::uint64_t existence_mask);

// Values the standard does not allow, and that a damaged packet has: kBadInput, nothing else.
Result<void> CheckValues(const MissionSegment& mission);
Result<void> CheckValues(const DwellSegment& dwell);
Result<void> CheckValues(const PlatformLocationSegment& location);
Result<void> CheckValues(const TestStatusSegment& status);

// What is odd in a mask but can still be read: kBadInput for what cannot.
Result<void> CheckMask(std::uint64_t existence_mask, std::uint16_t target_count);

}  // namespace trucewatch::stanag4607::internal
