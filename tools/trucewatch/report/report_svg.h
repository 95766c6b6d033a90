// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/trucewatch/report/coverage_summary.h"

namespace trucewatch::tools {

// Hatchings of the coverage states, once a page: a black-and-white print must stay readable.
std::string SvgPatterns();
// A small box with a state's colour and hatching, for legends.
std::string StateSwatch(CoverageState state);

// Where a finding lies: outlines of all zones, its own one stronger, corridors, the place with its
// 95 % ellipse (or the radius of a human record), north up, with a scale bar.
std::string PlaceMap(const MissionRecord& record, const Finding& finding);

// Minutes of one zone coloured by state, one bar a class, from `from` to `to`.
std::string CoverageStrip(const ZoneCoverage& zone, Instant from, Instant to);

}  // namespace trucewatch::tools
