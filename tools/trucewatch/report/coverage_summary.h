// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/trucewatch/mission_record.h"
#include "tools/trucewatch/words.h"

namespace trucewatch::tools {

// Area-time in one state for one reason.
struct ReasonedArea {
  CoverageState state = CoverageState::kUnspecified;
  std::string reason;
  double km2_min = 0;
};

// How one class of objects was observed in a zone or in all zones of a side. One km2 min is one
// square kilometre during one minute.
struct CoverageSum {
  std::array<double, 4> km2_min{};  // in the order of kCoverageStates
  double area_km2 = 0;
  std::vector<ReasonedArea> reasons;  // most first

  double Total() const { return km2_min[0] + km2_min[1] + km2_min[2] + km2_min[3]; }
  double Observed() const { return km2_min[0] + km2_min[1]; }
  // How many minutes each square kilometre was observed, on average.
  double ObservedMinPerKm2() const { return area_km2 > 0 ? Observed() / area_km2 : 0; }
  double AccountedMinPerKm2() const { return area_km2 > 0 ? Total() / area_km2 : 0; }
  void Add(const CoverageSum& other);
};

struct ZoneCoverage {
  std::string zone;
  std::string side;  // "A", "B", "NEITHER"
  double area_km2 = 0;
  std::array<CoverageSum, 3> classes;      // in the order of kCoverageClasses
  std::vector<const Published*> accounts;  // in force, by start of the period
  std::vector<std::uint64_t> Entries() const;
};

// Periods that start within [from, to), zones in the agreement's order. `record` outlives it.
std::vector<ZoneCoverage> SummariseCoverage(const MissionRecord& record, Instant from, Instant to);

struct SideCoverage {
  std::string side;
  double area_km2 = 0;
  std::array<CoverageSum, 3> classes;
  std::vector<std::uint64_t> entries;
  std::vector<const ZoneCoverage*> zones;
};
// Always A, B, neither, also when a side has no zone. `zones` outlives it.
std::array<SideCoverage, 3> CoverageBySide(const std::vector<ZoneCoverage>& zones);

// Shares in tenths of a percent that add up to exactly 1000 (largest remainder; the first of equal
// ones); all 0 when the values are.
std::array<int, 4> TenthsOfPercent(const std::array<double, 4>& values);

}  // namespace trucewatch::tools
