// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/types/observation.h"

namespace trucewatch::stanag4607 {

// What becomes of a report with class D32.10.
enum class TargetFate { kKeep, kPerson, kAnimal, kAircraft, kOther };

// 128 and above repeat the classes as simulated, 254 and 255 stand for 126 and 127. 142 and 143 are
// not: both are read as the tagging device (sources differ on which it is).
bool IsSimulatedClass(std::uint8_t classification);

// Name of a class as `inspect` prints it: "wheeled_vehicle", "wheeled_vehicle_simulated".
std::string TargetClassName(std::uint8_t classification);

TargetFate FateOf(std::uint8_t classification);

// Shares of belief of a kept class: `probability` (0..1) on what it says, the rest on "unknown
// vehicle". To add a class: one line in the table of target_class.cc.
ClassProbabilities ClassesOf(std::uint8_t classification, double probability);

}  // namespace trucewatch::stanag4607
