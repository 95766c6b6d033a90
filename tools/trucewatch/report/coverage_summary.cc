// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/report/coverage_summary.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace trucewatch::tools {
namespace {

std::size_t IndexOf(CoverageState state) {
  return static_cast<std::size_t>(
      std::find(std::begin(kCoverageStates), std::end(kCoverageStates), state) -
      std::begin(kCoverageStates));
}

void AddReason(const ReasonedArea& reason, std::vector<ReasonedArea>* reasons) {
  for (ReasonedArea& known : *reasons) {
    if (known.state == reason.state && known.reason == reason.reason) {
      known.km2_min += reason.km2_min;
      return;
    }
  }
  reasons->push_back(reason);
}

void SortReasons(std::vector<ReasonedArea>* reasons) {
  std::stable_sort(reasons->begin(), reasons->end(),
                   [](const auto& a, const auto& b) { return a.km2_min > b.km2_min; });
}

void AddAccount(const CoverageAccount& account, ZoneCoverage* zone) {
  if (account.cells <= 0) return;
  zone->area_km2 = std::max(zone->area_km2, account.area_km2);
  const double minutes = (account.end - account.start).seconds() / 60.0;
  // Cells at the boundary lie partly outside of the zone: each stands for an equal part of its
  // area.
  const double cell_km2_min = account.area_km2 / account.cells * minutes;
  for (const ClassCoverage& of_class : account.classes) {
    for (std::size_t i = 0; i < std::size(kCoverageClasses); ++i) {
      if (of_class.coverage_class != kCoverageClasses[i]) continue;
      CoverageSum& sum = zone->classes[i];
      sum.area_km2 = zone->area_km2;
      for (const CoverageShare& share : of_class.shares) {
        const std::size_t state = IndexOf(share.state);
        if (state >= sum.km2_min.size()) continue;
        const double value = share.cells * cell_km2_min;
        sum.km2_min[state] += value;
        if (!share.reason.empty()) AddReason({share.state, share.reason, value}, &sum.reasons);
      }
    }
  }
}

}  // namespace

void CoverageSum::Add(const CoverageSum& other) {
  for (std::size_t i = 0; i < km2_min.size(); ++i) km2_min[i] += other.km2_min[i];
  area_km2 += other.area_km2;
  for (const ReasonedArea& reason : other.reasons) AddReason(reason, &reasons);
  SortReasons(&reasons);
}

std::vector<std::uint64_t> ZoneCoverage::Entries() const {
  std::vector<std::uint64_t> entries;
  for (const Published* account : accounts) entries.push_back(account->ledger_index);
  return entries;
}

std::vector<ZoneCoverage> SummariseCoverage(const MissionRecord& record, Instant from, Instant to) {
  std::vector<ZoneCoverage> zones;
  std::map<std::string, std::size_t> at;
  for (const auto& zone : record.agreement.zone()) {
    at.try_emplace(zone.id(), zones.size());
    zones.push_back({zone.id(), SideOf(zone), 0, {}, {}});
  }
  for (const auto& [key, published] : record.coverage) {
    const CoverageAccount& account = *published.finding.coverage;
    if (account.start < from || account.start >= to) continue;
    const auto [known, added] = at.try_emplace(account.zone, zones.size());
    if (added) zones.push_back({account.zone, account.side, 0, {}, {}});
    ZoneCoverage& zone = zones[known->second];
    zone.accounts.push_back(&published);
    AddAccount(account, &zone);
  }
  std::erase_if(zones, [](const ZoneCoverage& zone) { return zone.accounts.empty(); });
  for (ZoneCoverage& zone : zones) {
    for (CoverageSum& sum : zone.classes) SortReasons(&sum.reasons);
  }
  return zones;
}

std::array<SideCoverage, 3> CoverageBySide(const std::vector<ZoneCoverage>& zones) {
  std::array<SideCoverage, 3> sides;
  sides[0].side = "A";
  sides[1].side = "B";
  sides[2].side = "NEITHER";
  for (const ZoneCoverage& zone : zones) {
    SideCoverage& side = sides[zone.side == "A" ? 0 : zone.side == "B" ? 1 : 2];
    side.zones.push_back(&zone);
    side.area_km2 += zone.area_km2;
    for (std::size_t i = 0; i < side.classes.size(); ++i) side.classes[i].Add(zone.classes[i]);
    const auto entries = zone.Entries();
    side.entries.insert(side.entries.end(), entries.begin(), entries.end());
  }
  return sides;
}

std::array<int, 4> TenthsOfPercent(const std::array<double, 4>& values) {
  std::array<int, 4> tenths{};
  double total = 0;
  for (const double value : values) total += value;
  if (!(total > 0)) return tenths;
  std::array<double, 4> remainder{};
  int left = 1000;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double exact = values[i] / total * 1000.0;
    tenths[i] = static_cast<int>(std::floor(exact));
    remainder[i] = exact - tenths[i];
    left -= tenths[i];
  }
  for (; left > 0; --left) {
    const auto most = std::max_element(remainder.begin(), remainder.end());
    ++tenths[static_cast<std::size_t>(most - remainder.begin())];
    *most = -1;
  }
  return tenths;
}

}  // namespace trucewatch::tools
