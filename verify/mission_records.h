// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/types/finding.h"
#include "trucewatch/v1/envelope.pb.h"

namespace trucewatch {

// What is on record about the mission itself and not about the ground: who may sign what, and who
// has what.

// Of a record of the kinds kKeySet and kCustody, which ingest has admitted.
Finding AboutMission(const HumanRecord& record);
// That the mission begins with this key set; nothing when it has none.
std::optional<Finding> KeySetAtStart(const v1::MissionHeader& header);

}  // namespace trucewatch
