// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "verify/coverage/archive/coverage_reader.h"

namespace trucewatch::tools {

// What may be said of absence from a cell between two times. It counts only periods that lie wholly
// between them, and only looks whose time and place are known (CountsForAbsence).
struct AbsenceClaim {
  // That one object which stayed in the cell all of the time would have been detected: one less the
  // product of the misses of all periods.
  double probability = 0;
  // The same of one that was there for a single period, the worst and the best one, and the mean.
  double least = 0, mean = 0, most = 0;
  int periods = 0;
  int void_periods = 0;         // of them those whose looks say nothing
  Duration seen;                // time with activity
  std::optional<double> floor;  // of the agreement
  enum class Verdict {
    kNothingOnRecord,  // no period lies wholly in the time
    kSeen,             // there was activity
    kNoFloor,          // the agreement lets nobody speak of absence
    kNotEnough,        // less than the floor: it is not enough to say so
    kAbsent,
  };
  Verdict verdict() const;
};
AbsenceClaim ClaimOf(const std::vector<CoverageReader::Piece>& pieces, std::optional<double> floor);
// "Nothing was seen: ..." `one`: "moving vehicle".
std::string AbsenceSentence(const AbsenceClaim& claim, const std::string& one);
std::string VerdictName(AbsenceClaim::Verdict verdict);  // "absent"

// Never more than it is, and never certainty: 0.9349 is "0.934", 1 is "0.999".
std::string FlooredProbability(double probability);

// How one side, or one zone, was observed: sums over its zones.
struct ObservedSum {
  double area_km2 = 0;
  // Square kilometres times minutes, by class.
  std::array<std::map<std::pair<CoverageState, CoverageReason>, double>, kCellClasses> km2_min{};
  double Of(std::size_t coverage_class, CoverageState state) const;
  double Total(std::size_t coverage_class) const;
  double Observed(std::size_t c) const {
    return Of(c, CoverageState::kObservedNothing) + Of(c, CoverageState::kObservedActivity);
  }
  double PerKm2(double km2_min_of) const { return area_km2 > 0 ? km2_min_of / area_km2 : 0; }
};
// By zone; the area of a zone counts once, also when the agreement changed meanwhile.
Result<std::map<std::string, ObservedSum>> SumByZone(const CoverageReader& reader, Instant from,
                                                     Instant until);
// By "A", "B", "NEITHER".
std::map<std::string, ObservedSum> SumBySide(const CoverageReader& reader,
                                             const std::map<std::string, ObservedSum>& zones);
// "side A (North)".
std::string SideOfGrid(const v1::CoverageGrid& grid);

// The cells of one period as a picture: .svg for people, .geojson for maps. One of the grids'
// periods each; the class's.
struct MapOfCells {
  const GridView* grid = nullptr;
  PeriodCells cells;
};
std::string CellsSvg(const std::vector<MapOfCells>& maps, std::size_t coverage_class, Instant at);
std::string CellsGeoJson(const std::vector<MapOfCells>& maps, std::size_t coverage_class);

}  // namespace trucewatch::tools
