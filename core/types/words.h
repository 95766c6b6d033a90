// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/types/finding.h"

namespace trucewatch {

// Words for people, the same in the ledger's sentences, the mission page and
// the reports. Neutral: what was observed, never what it amounts to.

std::string SensorWords(Modality modality);                    // "video", "satellite images"
std::string CoverageClassWords(CoverageClass coverage_class);  // "moving vehicles"
std::string CoverageStateWords(CoverageState state);           // "not observed"
// "0.973"; never certainty: "more than 0.999", "less than 0.001".
std::string ProbabilityWords(double probability);

}  // namespace trucewatch
