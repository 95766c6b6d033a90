// SPDX-License-Identifier: Apache-2.0
// The state of each cell, as coverage_book.h says.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/crypto/sha256.h"
#include "verify/coverage/cells/period_cells.h"
#include "verify/coverage/coverage_book.h"

namespace trucewatch {
namespace {

constexpr double kTolerance = 1e-9;  // 1 - (1 - 0.9) must reach 0.9
constexpr std::size_t kMovingClass = 0;

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

// Of one zone and class of a period, once for all cells.
struct CoverageBook::ClassFacts {
  // A look that says something about the class: each cell goes through all of them.
  struct Look {
    LookKey key;
    const CellBest* best = nullptr;
    bool good = false;  // nothing is held against it
  };
  std::vector<Look> looks;  // in order of key
  // Sources that gave no look in the period, and the cells where they looked before, by source.
  std::vector<std::pair<std::uint32_t, std::vector<bool>>> silent;
  const std::vector<bool>* moving = nullptr;  // cells where a moving one might have been detected
  std::vector<double> miss_of_span;           // scratch, by span
  std::vector<std::int32_t> spans;            // scratch: those of it that are in use
};

struct CoverageBook::PeriodFacts {
  int spans = 1;                               // of kIndependentLooks in the period
  std::int32_t seconds = 1;                    // of the period, at least 1
  std::int32_t first_second = 0;               // where it starts, from the aligned start
  std::vector<double> owed;                    // looks, by source
  std::vector<std::int32_t> gap_s;             // longest without a look, by source
  std::vector<bool> outage;                    // that gap is too long
  std::vector<bool> out;                       // ... for a source whose spacing is known
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
    facts.out.push_back(facts.outage.back() && usual > Duration());
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
  if (!reason.empty()) return ": " + reason;
  return refused_.In(sources_[source].id, period.start, period.end) ? ": what it sent was refused"
                                                                    : "";
}

std::string CoverageBook::SkippedText(std::uint32_t source, const Period& period) const {
  return fmt::format("overload: {} skipped {} frames", sources_[source].id.value,
                     period.skipped.at(source));
}

CoverageBook::ClassFacts CoverageBook::ClassFactsOf(const Period& period, const PeriodFacts& facts,
                                                    std::size_t zone,
                                                    std::size_t coverage_class) const {
  ClassFacts out;
  for (const auto& [key, probabilities] : period.zones[zone].looks) {
    const CellBest& best = probabilities[coverage_class];
    if (best.p.empty()) continue;
    out.looks.push_back(
        {key, &best,
         key.reason == 0 && !period.skipped.contains(key.source) && !facts.out[key.source]});
  }
  const auto add = [&](const Probabilities& of, std::vector<bool>& cells) {
    const CellBest& best = of[coverage_class];
    for (std::size_t i = 0; i < best.p.size(); ++i) {
      if (best.p[i] > 0.0) cells[static_cast<std::size_t>(best.first) + i] = true;
    }
  };
  for (std::uint32_t s = 0; s < sources_.size(); ++s) {
    if (!facts.before[s] || period.seconds.contains(s)) continue;
    std::vector<bool> cells(static_cast<std::size_t>(zones_[zone].grid.cells()), false);
    for (const Period& other : periods_) {
      if (other.start >= period.start) continue;
      const ZonePeriod& there = other.zones[zone];
      const auto in_part = there.partial.find(s);
      if (in_part != there.partial.end()) add(in_part->second, cells);
      for (auto look = there.looks.lower_bound({s, std::numeric_limits<std::int32_t>::min(), 0});
           look != there.looks.end() && look->first.source == s; ++look)
        add(look->second, cells);
    }
    out.silent.emplace_back(s, std::move(cells));
  }
  return out;
}

CoverageBook::CellState CoverageBook::NotObserved(const Period& period, const PeriodFacts& facts,
                                                  const ClassFacts& class_facts, std::size_t zone,
                                                  int cell, double p, double part) const {
  const auto because = [&](CoverageReason kind, std::string text) {
    return CellState{CoverageState::kNotObserved, std::move(text), kind, p};
  };
  const ZoneGrid& grid = zones_[zone].grid;
  for (const Impediment& impediment : impediments_) {
    if (impediment.first >= period.end || impediment.last < period.start) continue;
    if (grid.CellIsWithin(cell, impediment.position, impediment.radius_m))
      return because(ReasonOfImpediment(impediment.kind), "impediment: " + impediment.kind);
  }
  std::optional<std::uint32_t> silent;
  for (const auto& [source, cells] : class_facts.silent) {
    if (silent && *facts.before[*silent] >= *facts.before[source]) continue;
    if (cells[static_cast<std::size_t>(cell)]) silent = source;
  }
  if (silent && period.skipped.contains(*silent))
    return because(CoverageReason::kOverload, SkippedText(*silent, period));
  if (silent) {
    const std::string silence = SilenceOf(*silent, period);
    return because(ReasonOfSilence(silence),
                   fmt::format("{} gave no look since {}{}", sources_[*silent].id.value,
                               ClockTime(*facts.before[*silent]), silence));
  }
  if (std::max(p, part) > 0.0)
    return because(CoverageReason::kTooFaint,
                   std::string(CoverageReasonWords(CoverageReason::kTooFaint)));
  for (const auto& [reason, cells] : period.zones[zone].blind) {
    if (cells.contains(cell)) return because(ReasonOfLook(reasons_[reason]), reasons_[reason]);
  }
  const bool only_moving =
      class_facts.moving != nullptr && (*class_facts.moving)[static_cast<std::size_t>(cell)];
  const CoverageReason kind =
      only_moving ? CoverageReason::kOnlyMoving : CoverageReason::kNobodyLooked;
  return because(kind, std::string(CoverageReasonWords(kind)));
}

CoverageBook::CellState CoverageBook::StateOf(const Period& period, const PeriodFacts& facts,
                                              ClassFacts& class_facts, std::size_t zone,
                                              std::size_t coverage_class, int cell) const {
  // Looks are in order of source, then span, then reason. For each source and span the best one
  // counts; the good ones (reason 0) also by themselves.
  struct Best {
    std::uint32_t source = 0;
    std::int32_t span = 0;
    double p = 0.0;
  };
  struct BySource {
    std::uint32_t source = 0;
    double miss = 1.0;
    int spans = 0;
  };
  struct Sum {
    std::vector<BySource> sources;  // ascending
    double p = 0.0;
    bool full = false;
  };
  Sum all;
  Sum good;
  std::map<std::uint32_t, int> reasons;  // looks for which it was given
  std::vector<Best> best_all;
  std::vector<Best> best_good;
  const auto better = [](std::vector<Best>& best, const LookKey& key, double p) {
    if (best.empty() || best.back().source != key.source || best.back().span != key.span)
      best.push_back({key.source, key.span, 0.0});
    best.back().p = std::max(best.back().p, p);
  };
  for (const ClassFacts::Look& look : class_facts.looks) {
    const double p = look.best->At(cell);
    if (p <= 0.0) continue;
    better(best_all, look.key, p);
    if (look.good) {
      better(best_good, look.key, p);
    } else if (look.key.reason != 0) {
      ++reasons[look.key.reason];
    }
  }
  const auto add = [&](const std::vector<Best>& best, Sum& sum) {
    double miss = 1.0;
    std::vector<double>& miss_of_span = class_facts.miss_of_span;
    for (const auto& [key, span, p] : best) {
      if (sum.sources.empty() || sum.sources.back().source != key)
        sum.sources.push_back({key, 1.0, 0});
      sum.sources.back().miss *= 1.0 - p;
      ++sum.sources.back().spans;
      miss *= 1.0 - p;
      const auto index = static_cast<std::size_t>(std::max(span, 0));
      if (index >= miss_of_span.size()) miss_of_span.resize(index + 1, -1.0);
      if (miss_of_span[index] < 0.0) {
        miss_of_span[index] = 1.0;
        class_facts.spans.push_back(static_cast<std::int32_t>(index));
      }
      miss_of_span[index] *= 1.0 - p;
    }
    sum.p = 1.0 - miss;
    int spans = 0;
    for (const std::int32_t span : class_facts.spans) {
      double& span_miss = miss_of_span[static_cast<std::size_t>(span)];
      spans += 1.0 - span_miss >= terms_.degraded_probability - kTolerance ? 1 : 0;
      span_miss = -1.0;
    }
    class_facts.spans.clear();
    sum.full = spans >= terms_.full_share * facts.spans - kTolerance;
    for (const BySource& source : sum.sources)
      sum.full |= source.spans >= terms_.full_share * facts.owed[source.source] - kTolerance;
  };
  add(best_all, all);
  if (all.p < terms_.degraded_probability - kTolerance) {
    std::uint32_t by = 0;
    double part = 0.0;
    for (const auto& [s, probabilities] : period.zones[zone].partial) {
      const double p = probabilities[coverage_class].At(cell);
      if (p <= part) continue;
      part = p;
      by = s;
    }
    if (part >= terms_.degraded_probability - kTolerance)
      return {CoverageState::kDegraded,
              fmt::format("partial: {} saw part of the cell", sources_[by].id.value),
              CoverageReason::kPartOfCell, all.p};
    return NotObserved(period, facts, class_facts, zone, cell, all.p, part);
  }
  if (period.zones[zone].activity[coverage_class].contains(cell))
    return {CoverageState::kObservedActivity, "", CoverageReason::kNone, all.p};
  add(best_good, good);
  if (good.full && good.p >= terms_.observed_probability - kTolerance)
    return {CoverageState::kObservedNothing, "", CoverageReason::kNone, good.p};
  const bool would_be_observed = all.full && all.p >= terms_.observed_probability - kTolerance;
  std::optional<std::uint32_t> main;
  std::optional<std::uint32_t> overloaded;
  double main_miss = 1.0;
  double overloaded_miss = 1.0;
  for (const BySource& source : all.sources) {
    if (!main || source.miss < main_miss) {
      main = source.source;
      main_miss = source.miss;
    }
    if (!period.skipped.contains(source.source)) continue;
    if (overloaded && source.miss >= overloaded_miss) continue;
    overloaded = source.source;
    overloaded_miss = source.miss;
  }
  if (overloaded && (would_be_observed || overloaded == main))
    return {CoverageState::kDegraded, SkippedText(*overloaded, period), CoverageReason::kOverload,
            all.p};
  std::uint32_t own = 0;  // none
  int most = 0;
  for (const auto& [reason, looks] : reasons) {
    if (looks <= most) continue;
    most = looks;
    own = reason;
  }
  if (own != 0 && would_be_observed)
    return {CoverageState::kDegraded, reasons_[own], ReasonOfLook(reasons_[own]), all.p};
  if (main && facts.outage[*main]) {
    const std::string silence = SilenceOf(*main, period);
    return {CoverageState::kDegraded,
            fmt::format("{} gave no look for {} s{}", sources_[*main].id.value, facts.gap_s[*main],
                        silence),
            ReasonOfSilence(silence), all.p};
  }
  if (own != 0)
    return {CoverageState::kDegraded, reasons_[own], ReasonOfLook(reasons_[own]), all.p};
  return {CoverageState::kDegraded, "partial", CoverageReason::kPartOfPeriod, all.p};
}

void CoverageBook::Give(Period& period, std::vector<Given>& out) const {
  // Of another version's time: it keeps what was looked at before, and when amendments are given.
  if ((from_ && period.end <= *from_) || (until_ && period.start >= *until_)) {
    period.given = true;
    period.changed = false;
    return;
  }
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
    PeriodCellsBuilder by_cell(zone.id, period.start, period.end,
                               static_cast<std::uint32_t>(account.cells));
    std::vector<bool> moving(static_cast<std::size_t>(account.cells), false);
    for (std::size_t c = 0; c < kCoverageClasses; ++c) {
      std::map<std::pair<CoverageState, std::string>, int> cells;
      ClassFacts class_facts = ClassFactsOf(period, facts, z, c);
      if (c != kMovingClass) class_facts.moving = &moving;
      for (int cell = 0; cell < account.cells; ++cell) {
        CellState state = StateOf(period, facts, class_facts, z, c, cell);
        if (c == kMovingClass && state.p > 0.0) moving[static_cast<std::size_t>(cell)] = true;
        if (gives_cells_)
          by_cell.Add(c, state.state, DetectionLevel(state.p), state.kind, state.reason);
        ++cells[{state.state, std::move(state.reason)}];
      }
      ClassCoverage of_class;
      of_class.coverage_class = static_cast<CoverageClass>(c + 1);
      for (const auto& [key, count] : cells)
        of_class.shares.push_back({key.first, key.second, count});
      account.classes.push_back(std::move(of_class));
    }
    std::string text = SharesText(account);
    if (gives_cells_) {
      given.cells = EncodePeriodCells(by_cell.Take());
      text += HexEncode(Sha256(given.cells));
    }
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
