// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "verify/agreement/internal/build.h"
#include "verify/agreement/internal/fields.h"

namespace trucewatch::internal {

// Whether a list of phases (none: all) has one of this id.
bool ListsPhase(const std::vector<std::string>& phases, const std::string& id);
// The phases that two lists have in common.
std::vector<const Phase*> CommonPhases(const Agreement& agreement,
                                       const std::vector<std::string>& one,
                                       const std::vector<std::string>& two);

}  // namespace trucewatch::internal
