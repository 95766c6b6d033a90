// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/coverage_book.h"

namespace trucewatch {

std::vector<v1::CoverageGrid> CoverageBook::Grids() const {
  std::vector<v1::CoverageGrid> out;
  for (const ZoneCells& zone : zones_) {
    v1::CoverageGrid grid;
    grid.set_zone(zone.id);
    grid.set_zone_name(zone.name);
    grid.set_side(zone.side == Side::kA ? "A" : zone.side == Side::kB ? "B" : "NEITHER");
    grid.set_area_km2(zone.area_km2);
    zone.grid.Describe(&grid);
    out.push_back(std::move(grid));
  }
  return out;
}

}  // namespace trucewatch
