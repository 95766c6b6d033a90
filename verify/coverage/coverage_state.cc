// SPDX-License-Identifier: Apache-2.0
// The state of each cell, as coverage_book.h says.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "verify/coverage/coverage_book.h"

namespace trucewatch {
namespace {

constexpr double kTolerance = 1e-9;  // 1 - (1 - 0.9) must reach 0.9

// "12:03:07"
std::string ClockTime(Instant time) { return FormatUtc(time).substr(11, 8); }

std::string_view SideName(Side side) {
  return side == Side::kA ? "A" : side == Side::kB ? "B" : "NEITHER";
}

// What an account says, but for what it is called: equal texts, equal accounts.
std::string SharesText(const CoverageAccount& account) {
  std::string out = fmt::format("{}", account.end.micros());
  for (const ClassCoverage& of_class : account.classes) {
    out += ';';
    for (const CoverageShare& share : of_class.shares)
      out += fmt::format("{}:{}:{}|", static_cast<int>(share.state), share.cells, share.reason);
  }
  return out;
}

}  // namespace

struct CoverageBook::PeriodFacts {
  int spans = 1;                               // of kIndependentLooks in the period
  std::int32_t seconds = 1;                    // of the period, at least 1
  std::int32_t first_second = 0;               // where it starts, from the aligned start
  std::vector<double> owed;                    // looks, by source
  std::vector<std::int32_t> gap_s;             // longest without a look, by source
  std::vector<bool> outage;                    // that gap is too long
  std::vector<std::optional<Instant>> before;  // last look before the period, by source
};

Duration CoverageBook::UsualSpacing(const Source& source) const {
  if (source.spacings_us.size() < 3) return Duration();
  std::vector<std::int64_t> sorted = source.spacings_us;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return Duration::Micros(*middle);
}

CoverageBook::PeriodFacts CoverageBook::FactsOf(const Period& period) const {
  PeriodFacts facts;
  const Instant base = AlignedStart(period.start);
  const Duration length = period.end - period.start;
  facts.first_second = static_cast<std::int32_t>((period.start - base).micros() / 1'000'000);
  facts.seconds = std::max<std::int32_t>(1, static_cast<std::int32_t>(length.micros() / 1'000'000));
  facts.spans = std::max(1, static_cast<int>(length.micros() / kIndependentLooks.micros()));
  for (std::uint32_t s = 0; s < sources_.size(); ++s) {
    const Duration usual = s < period.usual.size() ? period.usual[s] : UsualSpacing(sources_[s]);
    const Duration step = std::max(usual, kIndependentLooks);
    facts.owed.push_back(
        usual == Duration() ? 1.0 : std::max(1.0, std::floor(length.seconds() / step.seconds())));
    std::int32_t gap = 0;
    std::int32_t last = facts.first_second;
    const auto found = period.seconds.find(s);
    if (found != period.seconds.end()) {
      for (const std::int32_t second : found->second) {
        gap = std::max(gap, second - last);
        last = std::max(last, second);
      }
    }
    gap = std::max(gap, facts.first_second + facts.seconds - last);
    facts.gap_s.push_back(gap);
    facts.outage.push_back(gap >= (1.0 - terms_.full_share) * facts.seconds - kTolerance &&
                           gap >= 2.0 * usual.seconds());
    std::optional<Instant> before;
    for (const Period& earlier : periods_) {
      if (earlier.start >= period.start) break;
      const auto seconds = earlier.seconds.find(s);
      if (seconds == earlier.seconds.end() || seconds->second.empty()) continue;
      before = AlignedStart(earlier.start) + Duration::Seconds(*seconds->second.rbegin());
    }
    facts.before.push_back(before);
  }
  return facts;
}

std::string CoverageBook::SilenceOf(std::uint32_t source, const Period& period) const {
  const std::string reason = silences_.ReasonIn(sources_[source].id, period.start, period.end);
  return reason.empty() ? "" : ": " + reason;
}

std::string CoverageBook::SkippedText(std::uint32_t source, const Period& period) const {
  return fmt::format("overload: {} skipped {} frames", sources_[source].id.value,
                     period.skipped.at(source));
}

std::string CoverageBook::NotObservedReason(const Period& period, const PeriodFacts& facts,
                                            std::size_t zone, std::size_t coverage_class, int cell,
                                            double p) const {
  const ZoneGrid& grid = zones_[zone].grid;
  const auto has_cell = [&](const Probabilities& of) {
    return !of[coverage_class].empty() && of[coverage_class][static_cast<std::size_t>(cell)] > 0.0;
  };
  for (const Impediment& impediment : impediments_) {
    if (impediment.first >= period.end || impediment.last < period.start) continue;
    if (grid.CellIsWithin(cell, impediment.position, impediment.radius_m))
      return "impediment: " + impediment.kind;
  }
  std::optional<std::uint32_t> silent;
  for (std::uint32_t s = 0; s < sources_.size(); ++s) {
    if (!facts.before[s] || period.seconds.contains(s)) continue;
    if (silent && *facts.before[*silent] >= *facts.before[s]) continue;
    const bool looked_here =
        std::any_of(periods_.begin(), periods_.end(), [&](const Period& other) {
          if (other.start >= period.start) return false;
          const ZonePeriod& there = other.zones[zone];
          const auto in_part = there.partial.find(s);
          if (in_part != there.partial.end() && has_cell(in_part->second)) return true;
          return std::any_of(there.looks.begin(), there.looks.end(), [&](const auto& look) {
            return look.first.source == s && has_cell(look.second);
          });
        });
    if (looked_here) silent = s;
  }
  if (silent && period.skipped.contains(*silent)) return SkippedText(*silent, period);
  if (silent)
    return fmt::format("{} gave no look since {}{}", sources_[*silent].id.value,
                       ClockTime(*facts.before[*silent]), SilenceOf(*silent, period));
  return p > 0.0 ? "no look was good enough" : "no source looked here";
}

CoverageBook::CellState CoverageBook::StateOf(const Period& period, const PeriodFacts& facts,
                                              std::size_t zone, std::size_t coverage_class,
                                              int cell) const {
  // Looks are in order of source, then span, then reason. For each source and span the best one
  // counts; the good ones (reason 0) also by themselves.
  struct BySource {
    double miss = 1.0;
    int spans = 0;
  };
  struct Sum {
    std::map<std::uint32_t, BySource> sources;
    std::map<std::int32_t, double> miss_of_span;
    double p = 0.0;
    bool full = false;
  };
  Sum all;
  Sum good;
  std::map<std::uint32_t, int> reasons;  // looks for which it was given
  std::map<std::pair<std::uint32_t, std::int32_t>, double> best_all;
  std::map<std::pair<std::uint32_t, std::int32_t>, double> best_good;
  for (const auto& [key, probabilities] : period.zones[zone].looks) {
    const std::vector<double>& cells = probabilities[coverage_class];
    if (cells.empty() || cells[static_cast<std::size_t>(cell)] <= 0.0) continue;
    const double p = cells[static_cast<std::size_t>(cell)];
    double& best = best_all[{key.source, key.span}];
    best = std::max(best, p);
    if (key.reason == 0 && !period.skipped.contains(key.source)) {
      double& best_one = best_good[{key.source, key.span}];
      best_one = std::max(best_one, p);
    } else if (key.reason != 0) {
      ++reasons[key.reason];
    }
  }
  const auto add = [&](const auto& best, Sum& sum) {
    double miss = 1.0;
    for (const auto& [key, p] : best) {
      BySource& source = sum.sources[key.first];
      source.miss *= 1.0 - p;
      ++source.spans;
      miss *= 1.0 - p;
      double& of_span = sum.miss_of_span.try_emplace(key.second, 1.0).first->second;
      of_span *= 1.0 - p;
    }
    sum.p = 1.0 - miss;
    int spans = 0;
    for (const auto& [span, span_miss] : sum.miss_of_span)
      spans += 1.0 - span_miss >= terms_.degraded_probability - kTolerance ? 1 : 0;
    sum.full = spans >= terms_.full_share * facts.spans - kTolerance;
    for (const auto& [s, source] : sum.sources)
      sum.full |= source.spans >= terms_.full_share * facts.owed[s] - kTolerance;
  };
  add(best_all, all);
  if (all.p < terms_.degraded_probability - kTolerance) {
    std::uint32_t by = 0;
    double part = 0.0;
    for (const auto& [s, probabilities] : period.zones[zone].partial) {
      const std::vector<double>& cells = probabilities[coverage_class];
      if (cells.empty() || cells[static_cast<std::size_t>(cell)] <= part) continue;
      part = cells[static_cast<std::size_t>(cell)];
      by = s;
    }
    if (part >= terms_.degraded_probability - kTolerance)
      return {CoverageState::kDegraded,
              fmt::format("partial: {} saw part of the cell", sources_[by].id.value)};
    return {CoverageState::kNotObserved,
            NotObservedReason(period, facts, zone, coverage_class, cell, std::max(all.p, part))};
  }
  if (period.zones[zone].activity[coverage_class].contains(cell))
    return {CoverageState::kObservedActivity, ""};
  add(best_good, good);
  if (good.full && good.p >= terms_.observed_probability - kTolerance)
    return {CoverageState::kObservedNothing, ""};
  const bool would_be_observed = all.full && all.p >= terms_.observed_probability - kTolerance;
  std::optional<std::uint32_t> main;
  std::optional<std::uint32_t> overloaded;
  for (const auto& [s, source] : all.sources) {
    if (!main || source.miss < all.sources.at(*main).miss) main = s;
    if (!period.skipped.contains(s)) continue;
    if (!overloaded || source.miss < all.sources.at(*overloaded).miss) overloaded = s;
  }
  if (overloaded && (would_be_observed || overloaded == main))
    return {CoverageState::kDegraded, SkippedText(*overloaded, period)};
  std::string own;
  int most = 0;
  for (const auto& [reason, looks] : reasons) {
    if (looks <= most) continue;
    most = looks;
    own = reasons_[reason];
  }
  if (!own.empty() && would_be_observed) return {CoverageState::kDegraded, own};
  if (main && facts.outage[*main])
    return {CoverageState::kDegraded,
            fmt::format("{} gave no look for {} s{}", sources_[*main].id.value, facts.gap_s[*main],
                        SilenceOf(*main, period))};
  return {CoverageState::kDegraded, own.empty() ? "partial" : own};
}

void CoverageBook::Give(Period& period, std::vector<Given>& out) const {
  const PeriodFacts facts = FactsOf(period);
  for (std::size_t z = 0; z < zones_.size(); ++z) {
    const ZoneCells& zone = zones_[z];
    Given given;
    given.exercise = period.exercise;
    CoverageAccount& account = given.account;
    account.zone = zone.id;
    account.side = SideName(zone.side);
    account.start = period.start;
    account.end = period.end;
    account.cells = zone.grid.cells();
    account.cell_m = terms_.cell_m;
    account.area_km2 = zone.area_km2;
    account.amended = period.given;
    for (std::size_t c = 0; c < kCoverageClasses; ++c) {
      std::map<std::pair<CoverageState, std::string>, int> cells;
      for (int cell = 0; cell < account.cells; ++cell) {
        const CellState state = StateOf(period, facts, z, c, cell);
        ++cells[{state.state, state.reason}];
      }
      ClassCoverage of_class;
      of_class.coverage_class = static_cast<CoverageClass>(c + 1);
      for (const auto& [key, count] : cells)
        of_class.shares.push_back({key.first, key.second, count});
      account.classes.push_back(std::move(of_class));
    }
    std::string text = SharesText(account);
    if (text == period.zones[z].given) continue;  // there is nothing new to say
    period.zones[z].given = std::move(text);
    out.push_back(std::move(given));
  }
  if (period.usual.empty()) {
    for (const Source& source : sources_) period.usual.push_back(UsualSpacing(source));
  }
  period.given = true;
  period.changed = false;
}

}  // namespace trucewatch
