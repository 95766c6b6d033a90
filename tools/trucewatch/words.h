// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/types/finding.h"
#include "core/types/words.h"

namespace trucewatch::tools {

// Words for people (DOMAIN.md word list), shared by the mission page, the report and the printed
// events. Neutral: what was observed, never what it amounts to.

std::string ObjectWords(ObjectClass object_class, int count);  // "vehicle", "trucks", "people"
// "5 to 8 vehicles", "1 truck", "28 to 33 people"; "not counted" for 0 to 0 of a human record.
std::string CountWords(const Finding& finding);
std::string CoverageClassName(CoverageClass coverage_class);  // "moving_vehicle"
std::string CoverageStateName(CoverageState state);           // "not_observed"

inline constexpr CoverageClass kCoverageClasses[] = {
    CoverageClass::kMovingVehicle, CoverageClass::kStandingVehicle, CoverageClass::kGroup};
inline constexpr CoverageState kCoverageStates[] = {
    CoverageState::kObservedNothing, CoverageState::kObservedActivity, CoverageState::kDegraded,
    CoverageState::kNotObserved};

}  // namespace trucewatch::tools
