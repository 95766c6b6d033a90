// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tools/score/event_score.h"

namespace trucewatch::tools {

// NOT_OBSERVED and COVERAGE_LOST, held against the coverage account of moving vehicles.
Expected ScoreCoverage(const v1::config::TruthExpectation& expectation,
                       const std::vector<v1::config::CoverageLine>& lines);

}  // namespace trucewatch::tools
