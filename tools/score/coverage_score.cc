// SPDX-License-Identifier: Apache-2.0
#include "tools/score/coverage_score.h"

#include <map>
#include <tuple>

namespace trucewatch::tools {
namespace {

using v1::config::CoverageLine;
using v1::config::TruthExpectation;

constexpr const char* kClass = "moving_vehicle";

struct Period {
  Instant start, end;
  CoverageLine line;
};

// The zone's periods in order; an amended account replaces the one it amends.
std::vector<Period> PeriodsOf(const std::string& zone, const std::vector<CoverageLine>& lines) {
  std::map<Instant, Period> periods;
  for (const CoverageLine& line : lines) {
    if (line.zone() != zone || line.class_() != kClass) continue;
    const auto start = ParseUtc(line.start_utc()), end = ParseUtc(line.end_utc());
    if (start && end) periods[*start] = {*start, *end, line};
  }
  std::vector<Period> ordered;
  for (auto& [start, period] : periods) ordered.push_back(std::move(period));
  return ordered;
}

// "12:03:00" of "2026-03-01T12:03:00Z".
std::string TimeOfDay(Instant time) { return FormatUtc(time).substr(11, 8); }

// Cells that were observed badly or not at all for a reason that names the source, other than that
// it never sees more than part of them.
int CellsLostTo(const std::string& source, const CoverageLine& line) {
  int cells = 0;
  for (const auto& reason : line.reasons()) {
    const bool lost = reason.state() == "degraded" || reason.state() == "not_observed";
    if (lost && !reason.reason().starts_with("partial: ") &&
        reason.reason().find(source) != std::string::npos)
      cells += reason.cells();
  }
  return cells;
}

Expected NotObserved(const TruthExpectation& e, const std::vector<Period>& periods) {
  Expected out;
  out.sentence =
      fmt::format("{}: zone {} not observed, at least {:.0f} % of its cells",
                  e.title().empty() ? "nobody looks" : e.title(), e.zone(), 100 * e.min_share());
  std::int64_t cells = 0, not_observed = 0;
  std::map<std::string, std::int64_t> reasons;
  for (const Period& period : periods) {
    cells += period.line.cells();
    not_observed += period.line.not_observed();
    for (const auto& reason : period.line.reasons()) {
      if (reason.state() == "not_observed") reasons[reason.reason()] += reason.cells();
    }
  }
  if (cells == 0) {
    out.found = "no coverage account of this zone";
    return out;
  }
  const double share = static_cast<double>(not_observed) / static_cast<double>(cells);
  out.met = share >= e.min_share();
  out.found = fmt::format("{:.1f} % of {} cells in {} periods not observed", 100 * share, cells,
                          periods.size());
  for (const auto& [reason, count] : reasons) out.found += fmt::format("; {}: {}", reason, count);
  return out;
}

Expected CoverageLost(const TruthExpectation& e, const std::vector<Period>& periods) {
  Expected out;
  out.sentence = fmt::format("{}: coverage of zone {} lost to {} meanwhile, and not before",
                             e.title().empty() ? "an outage" : e.title(), e.zone(), e.source());
  const auto first = ParseUtc(e.time_first_utc()), last = ParseUtc(e.time_last_utc());
  if (!first || !last) {
    out.found = "the truth does not say when";
    return out;
  }
  const Period* before = nullptr;
  const Period* during = nullptr;
  for (const Period& period : periods) {
    if (period.end <= *first) before = &period;
    const bool more = during == nullptr ||
                      CellsLostTo(e.source(), period.line) > CellsLostTo(e.source(), during->line);
    if (period.start < *last && period.end > *first && more) during = &period;
  }
  if (before == nullptr || during == nullptr) {
    out.found = "no coverage account of this zone at that time and before it";
    return out;
  }
  const int lost = CellsLostTo(e.source(), during->line);
  const int lost_before = CellsLostTo(e.source(), before->line);
  out.met = lost > 0 && lost_before == 0;
  const auto period = [&](const Period& p, int cells) {
    return fmt::format("{} to {}: {} of {} cells degraded or not observed because of {}",
                       TimeOfDay(p.start), TimeOfDay(p.end), cells, p.line.cells(), e.source());
  };
  out.found = period(*during, lost) + "; " + period(*before, lost_before);
  return out;
}

}  // namespace

Expected ScoreCoverage(const TruthExpectation& expectation,
                       const std::vector<CoverageLine>& lines) {
  const std::vector<Period> periods = PeriodsOf(expectation.zone(), lines);
  return expectation.expect() == "NOT_OBSERVED" ? NotObserved(expectation, periods)
                                                : CoverageLost(expectation, periods);
}

}  // namespace trucewatch::tools
