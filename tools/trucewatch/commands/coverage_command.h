// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/base/result.h"

namespace trucewatch::tools {

// How well a place or a zone was watched, from a run's coverage archive. Texts as they were typed;
// empty: not given.
struct CoverageCommand {
  std::string run;    // folder of a replay or a run
  std::string zone;   // id
  std::string place;  // "LAT,LON"
  std::string at, from, to;
  std::string coverage_class;  // "moving_vehicle", ...; empty: all
  std::string map;             // file .svg or .geojson; with --at
  bool check = false;          // hold the archive against the ledger instead
  bool json = false;
};
Result<int> RunCoverage(const CoverageCommand& command);

}  // namespace trucewatch::tools
