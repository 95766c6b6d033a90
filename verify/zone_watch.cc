// SPDX-License-Identifier: Apache-2.0
#include "verify/zone_watch.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "verify/rules/count_zone.h"

namespace trucewatch {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr double kCells = 25.0;
// From the smallest zone an agreement may have (100 m2) to cells larger than the largest.
constexpr int kMaxDoublings = 20;
constexpr std::size_t kWatchDigests = 4;
// Sources a day: more than any mission has.
constexpr std::size_t kMaxWatches = 64;

}  // namespace

int DayOf(const Agreement& agreement, Instant time) {
  if (agreement.phases.empty()) return 0;
  const std::int64_t us = (time - agreement.phases.front().start).micros();
  const std::int64_t day = us >= 0 ? us / kDayUs : -((-us + kDayUs - 1) / kDayUs);
  return static_cast<int>(day);
}

ZoneGrid WatchGrid(const Zone& zone) {
  double cell_m = std::sqrt(zone.shape.AreaM2() / kCells);
  auto grid = ZoneGrid::Make(zone, cell_m);
  for (int i = 0; i < kMaxDoublings && !grid; ++i) {
    cell_m *= 2.0;
    grid = ZoneGrid::Make(zone, cell_m);
  }
  TW_CHECK(grid.has_value());
  return std::move(*grid);
}

DayCount& DayIn(std::vector<DayCount>& days, int day, int keep) {
  std::erase_if(days, [&](const DayCount& old) { return old.day < day - keep; });
  const auto at = std::lower_bound(days.begin(), days.end(), day,
                                   [](const DayCount& other, int d) { return other.day < d; });
  if (at != days.end() && at->day == day) return *at;
  return *days.insert(at, DayCount{day, {}, {}});
}

void TakeCount(DayCount& day, std::span<const double> distribution) {
  if (distribution.size() < 2) return;
  if (!day.count.empty() && MeanCount(distribution) <= MeanCount(day.count)) return;
  day.count.assign(distribution.begin(), distribution.end());
}

void TakeWatch(DayCount& day, const ZoneGrid& grid, const SettledLook& look) {
  if (look.standing_vehicle_probability <= 0.0 || !look.degraded_reason.empty()) return;
  if (look.standing_vehicles > 0) {
    std::vector<double> all(static_cast<std::size_t>(look.standing_vehicles) + 1, 0.0);
    all.back() = 1.0;
    TakeCount(day, all);
  }
  auto watch = std::find_if(day.watched.begin(), day.watched.end(), [&](const ZoneWatch& known) {
    return known.source == look.source && known.lineage == look.lineage;
  });
  const bool better = watch == day.watched.end() ||
                      std::any_of(watch->probability.begin(), watch->probability.end(),
                                  [&](double p) { return p < look.standing_vehicle_probability; });
  if (!better) return;
  const std::vector<CellShare> cells = grid.CellsIn(look.footprint);
  if (std::none_of(cells.begin(), cells.end(), [](const CellShare& cell) { return cell.whole(); }))
    return;
  if (watch == day.watched.end()) {
    if (day.watched.size() >= kMaxWatches) return;
    day.watched.push_back({look.source,
                           look.lineage,
                           std::vector<double>(static_cast<std::size_t>(grid.cells()), 0.0),
                           0,
                           look.time,
                           look.time,
                           {}});
    watch = day.watched.end() - 1;
  }
  for (const CellShare& cell : cells) {
    if (!cell.whole()) continue;
    double& best = watch->probability[static_cast<std::size_t>(cell.cell)];
    best = std::max(best, look.standing_vehicle_probability);
  }
  ++watch->looks;
  watch->first = std::min(watch->first, look.time);
  watch->last = std::max(watch->last, look.time);
  watch->digests.insert(watch->digests.begin(), look.raw_digests.begin(), look.raw_digests.end());
  if (watch->digests.size() > kWatchDigests) watch->digests.resize(kWatchDigests);
}

double Watched(const DayCount& day) {
  if (day.watched.empty()) return 0.0;
  const std::size_t cells = day.watched.front().probability.size();
  double sum = 0.0;
  for (std::size_t c = 0; c < cells; ++c) {
    double missed = 1.0;
    for (const ZoneWatch& watch : day.watched) missed *= 1.0 - watch.probability[c];
    sum += 1.0 - missed;
  }
  return cells == 0 ? 0.0 : sum / static_cast<double>(cells);
}

double WatchedBy(const ZoneWatch& watch) {
  double sum = 0.0;
  for (const double p : watch.probability) sum += p;
  return watch.probability.empty() ? 0.0 : sum / static_cast<double>(watch.probability.size());
}

}  // namespace trucewatch
