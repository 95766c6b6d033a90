// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage/coverage_book.h"

#include <algorithm>

#include "core/types/source_notes.h"

namespace trucewatch {
namespace {

constexpr std::size_t kMaxSpacings = 63;
constexpr std::size_t kMaxCorners = 2000;
constexpr std::size_t kMaxSources = 256;
constexpr std::size_t kMaxReasons = 256;
constexpr std::size_t kMaxImpediments = 1000;
constexpr std::size_t kMaxWaiting = 10'000;
// More empty periods than this in a row are one account.
constexpr std::int64_t kMaxEmptyPeriods = 60;
// Looks closer to one another than this are one look.
constexpr std::int64_t kOneLookUs = 1'000'000;
// Slower than this it stands.
constexpr double kMovingMps = 1.0;

constexpr std::size_t kMoving = 0;
constexpr std::size_t kStanding = 1;
constexpr std::size_t kGroup = 2;

}  // namespace

Result<CoverageBook> CoverageBook::Make(const CoverageTerms& terms, const std::vector<Zone>& zones,
                                        int min_group_size) {
  const auto in = [](double value, double low, double high) {
    return value >= low && value <= high;
  };
  if (!in(terms.cell_m, 50, 5000) || !in(terms.period.seconds(), 10, 3600) ||
      !in(terms.degraded_probability, 0.001, 0.999) ||
      !in(terms.observed_probability, terms.degraded_probability, 0.9999) ||
      !in(terms.full_share, 0.01, 1))
    return Fail(ErrorCode::kBadInput,
                "verify.coverage is out of range: cell_m 50..5000, period_s 10..3600, "
                "degraded_probability 0.001..0.999, observed_probability from there to 0.9999, "
                "full_share 0.01..1");
  CoverageBook book(terms);
  book.min_group_size_ = min_group_size;
  for (const Zone& zone : zones) {
    TW_ASSIGN_OR_RETURN(ZoneGrid grid, ZoneGrid::Make(zone, terms.cell_m));
    book.zones_.push_back(
        {zone.id, zone.name, zone.side, zone.shape.AreaM2() / 1e6, std::move(grid)});
  }
  return book;
}

Instant CoverageBook::AlignedStart(Instant time) const {
  const std::int64_t period = terms_.period.micros();
  const std::int64_t rest = ((time.micros() % period) + period) % period;
  return Instant::FromMicros(time.micros() - rest);
}

CoverageBook::Period& CoverageBook::Open(Instant start, Instant end) {
  Period period;
  period.start = start;
  period.end = end;
  for (const std::optional<Instant>& edge : {from_, until_}) {
    if (edge && start < *edge) period.end = std::min(period.end, *edge);
  }
  period.zones.resize(zones_.size());
  periods_.push_back(std::move(period));
  return periods_.back();
}

CoverageBook::Period* CoverageBook::PeriodOf(Instant time) {
  for (auto period = periods_.rbegin(); period != periods_.rend(); ++period) {
    if (time >= period->start && time < period->end) return &*period;
  }
  return nullptr;
}

void CoverageBook::Begin(Instant mission_start) {
  if (begin_ || !periods_.empty()) return;
  begin_ = mission_start;
  Open(mission_start, AlignedStart(mission_start) + terms_.period);
}

std::vector<CoverageBook::Given> CoverageBook::Advance(Instant now) {
  std::vector<Given> out;
  if (!newest_ || now > *newest_) newest_ = now;
  if (periods_.empty()) {
    Open(AlignedStart(now), AlignedStart(now) + terms_.period);
    begin_ = periods_.back().start;
    TakeWaiting();
  }
  if (now < periods_.back().end) return out;
  // What came in late for earlier periods goes first.
  for (Period& period : periods_) {
    if (period.given && period.changed && &period != &periods_.back()) Give(period, out);
  }
  while (now >= periods_.back().end) {
    Give(periods_.back(), out);
    const Instant next = periods_.back().end;
    const std::int64_t behind = (now - next).micros() / terms_.period.micros();
    if (behind > kMaxEmptyPeriods) {
      Open(next, AlignedStart(now));
    } else {
      Open(next, AlignedStart(next) + terms_.period);
    }
    TakeWaiting();
  }
  Forget();
  return out;
}

void CoverageBook::Forget() {
  const Instant now = *newest_;
  std::erase_if(periods_, [&](const Period& period) {
    return period.given && now - period.end > kCoverageMemory;
  });
  std::erase_if(impediments_, [&](const Impediment& impediment) {
    return now - impediment.last > kCoverageMemory + terms_.period;
  });
  doubted_clocks_.Forget(now - kCoverageMemory - terms_.period);
  silences_.Forget(now - kCoverageMemory - terms_.period);
  refused_.Forget(now - kCoverageMemory - terms_.period);
}

std::uint32_t CoverageBook::SourceIndex(const SourceId& id) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].id == id) return static_cast<std::uint32_t>(i);
  }
  Source source;
  source.id = id;
  for (const ZoneCells& zone : zones_)
    source.last_us.emplace_back(static_cast<std::size_t>(zone.grid.cells()), 0);
  sources_.push_back(std::move(source));
  return static_cast<std::uint32_t>(sources_.size() - 1);
}

std::uint32_t CoverageBook::ReasonIndex(const std::string& reason) {
  const std::string text = ReasonText(reason);
  for (std::size_t i = 0; i < reasons_.size(); ++i) {
    if (reasons_[i] == text) return static_cast<std::uint32_t>(i);
  }
  // Too many different ones: the last of them stands for all.
  if (reasons_.size() >= kMaxReasons) return static_cast<std::uint32_t>(kMaxReasons - 1);
  reasons_.push_back(text);
  return static_cast<std::uint32_t>(reasons_.size() - 1);
}

void CoverageBook::Learn(Source& source, std::size_t zone, const std::vector<int>& cells,
                         Instant time) {
  bool learned = false;
  for (const int cell : cells) {
    std::int64_t& last = source.last_us[zone][static_cast<std::size_t>(cell)];
    const std::int64_t spacing = time.micros() - last;
    if (last != 0 && spacing < kOneLookUs) continue;
    if (!learned && last != 0) {
      source.spacings_us.push_back(spacing);
      if (source.spacings_us.size() > kMaxSpacings)
        source.spacings_us.erase(source.spacings_us.begin());
      learned = true;  // one look teaches one spacing, however many cells it has
    }
    last = time.micros();
  }
}

void CoverageBook::CellBest::Reach(int low, int high) {
  if (p.empty()) first = low;
  if (low < first) {
    p.insert(p.begin(), static_cast<std::size_t>(first - low), 0.0);
    first = low;
  }
  const auto size = static_cast<std::size_t>(high - first + 1);
  if (size > p.size()) p.resize(size, 0.0);
}

// Cells ascend.
void CoverageBook::Better(Probabilities& best, const std::array<double, kCoverageClasses>& given,
                          const std::vector<int>& cells) {
  for (std::size_t c = 0; c < kCoverageClasses; ++c) {
    if (given[c] <= 0.0) continue;
    best[c].Reach(cells.front(), cells.back());
    for (const int cell : cells) {
      double& p = best[c].p[static_cast<std::size_t>(cell - best[c].first)];
      p = std::max(p, given[c]);
    }
  }
}

Result<void> CoverageBook::AddLook(const SettledLook& look) {
  if (begin_ && look.time < *begin_) return {};  // before the mission
  if (look.footprint.size() > kMaxCorners)
    return Fail(ErrorCode::kBadInput,
                "a look of {} has a footprint of {} corners; at most {} are taken",
                look.source.value, look.footprint.size(), kMaxCorners);
  if (periods_.empty() || look.time >= periods_.back().end) {
    if (waiting_.size() >= kMaxWaiting)
      return Fail(ErrorCode::kBadInput,
                  "a look of {} at {} is ahead of the pictures, and {} others are waiting",
                  look.source.value, FormatUtc(look.time), kMaxWaiting);
    waiting_.push_back(look);
    waiting_.back().raw_digests.clear();
    return {};
  }
  Period* period = PeriodOf(look.time);
  if (period == nullptr)
    return Fail(ErrorCode::kBadInput,
                "a look of {} at {} is too late for the coverage account, which was given for good",
                look.source.value, FormatUtc(look.time));
  return Take(look, *period);
}

void CoverageBook::TakeWaiting() {
  std::vector<SettledLook> waiting = std::move(waiting_);
  waiting_.clear();
  for (SettledLook& look : waiting) {
    if (look.time >= periods_.back().end) {
      waiting_.push_back(std::move(look));
    } else if (Period* period = PeriodOf(look.time)) {
      // It was checked when it came; only a source beyond their number can be refused, and is then
      // known to be silent.
      static_cast<void>(Take(look, *period));
    }
  }
}

Result<void> CoverageBook::Take(const SettledLook& look, Period& of) {
  Period* const period = &of;
  const bool known = std::any_of(sources_.begin(), sources_.end(),
                                 [&](const Source& other) { return other.id == look.source; });
  if (!known && sources_.size() >= kMaxSources)
    return Fail(ErrorCode::kBadInput, "there are more than {} sources", kMaxSources);
  const std::uint32_t source = SourceIndex(look.source);
  const Instant base = AlignedStart(period->start);
  const Duration since = look.time - base;
  period->exercise |= look.exercise;
  period->changed = true;
  if (const auto frames = FramesSkipped(look.degraded_reason)) {
    period->skipped[source] += *frames;
    return {};
  }
  period->seconds[source].insert(static_cast<std::int32_t>(since.micros() / 1'000'000));
  std::string reason = look.degraded_reason;
  if (reason.empty() &&
      !doubted_clocks_.ReasonIn(look.source, look.time, look.time + Duration::Micros(1)).empty()) {
    reason = "clock not trusted";
  }
  const LookKey key{source, static_cast<std::int32_t>(since.micros() / kIndependentLooks.micros()),
                    reason.empty() ? 0u : ReasonIndex(reason)};
  const std::array<double, kCoverageClasses> given = {
      look.moving_vehicle_probability, look.standing_vehicle_probability, look.group_probability};
  Source& looking = sources_[source];
  const auto same = [](const Geodetic& a, const Geodetic& b) {
    return a.latitude == b.latitude && a.longitude == b.longitude &&
           a.height_hae_m == b.height_hae_m;
  };
  if (looking.shares.empty() || !std::equal(looking.footprint.begin(), looking.footprint.end(),
                                            look.footprint.begin(), look.footprint.end(), same)) {
    looking.footprint = look.footprint;
    looking.shares.clear();
    for (const ZoneCells& zone : zones_)
      looking.shares.push_back(zone.grid.CellsIn(look.footprint));
  }
  for (std::size_t z = 0; z < zones_.size(); ++z) {
    std::vector<int> whole;
    std::vector<int> part;
    for (const CellShare& cell : looking.shares[z])
      (cell.whole() ? whole : part).push_back(cell.cell);
    if (!look.late) Learn(sources_[source], z, whole, look.time);
    if (given == std::array<double, kCoverageClasses>{}) {
      if (key.reason != 0 && !whole.empty())
        period->zones[z].blind[key.reason].insert(whole.begin(), whole.end());
      continue;
    }
    if (!whole.empty()) Better(period->zones[z].looks[key], given, whole);
    if (!part.empty()) Better(period->zones[z].partial[source], given, part);
  }
  for (const SiteChange& change : look.changes) {
    if (change.probability >= 0.5) Mark(look.time, kStanding, change.position, look.exercise);
  }
  return {};
}

void CoverageBook::Mark(Instant time, std::size_t coverage_class, const Geodetic& place,
                        bool exercise) {
  Period* period = PeriodOf(time);
  if (period == nullptr) return;
  for (std::size_t z = 0; z < zones_.size(); ++z) {
    const int cell = zones_[z].grid.CellAt(place);
    if (cell < 0 || !period->zones[z].activity[coverage_class].insert(cell).second) continue;
    period->changed = true;
    period->exercise |= exercise;
  }
}

void CoverageBook::AddPicture(const Picture& picture) {
  if (!picture.settled) return;
  for (const Track& track : picture.tracks) {
    const bool moving = track.velocity_en_mps.norm() >= kMovingMps;
    Mark(picture.time, moving ? kMoving : kStanding, track.position, picture.exercise);
  }
  for (const Group& group : picture.groups) {
    if (!group.members.empty() || group.object_class == ObjectClass::kUnspecified ||
        group.count_expected + 0.5 < min_group_size_)
      continue;
    Mark(picture.time, group.object_class == ObjectClass::kPersonGroup ? kGroup : kStanding,
         group.position, picture.exercise);
  }
}

void CoverageBook::AddImpediment(const HumanRecord& record) {
  if (impediments_.size() >= kMaxImpediments) impediments_.erase(impediments_.begin());
  impediments_.push_back(
      {record.time_first, record.time_last, record.position, record.radius_m,
       record.impediment.empty() ? "kind not stated" : ReasonText(record.impediment)});
  for (Period& period : periods_) {
    if (record.time_first < period.end && record.time_last >= period.start) period.changed = true;
  }
}

void CoverageBook::AddStatus(const SourceStatus& status) {
  doubted_clocks_.Add(status);
  if (!silences_.Add(status)) return;
  for (Period& period : periods_) {
    if (status.state == SourceState::kLate && status.time < period.end) period.changed = true;
  }
}

void CoverageBook::AddRefused(const SourceId& source, Instant time) {
  if (!refused_.Add(source, time)) return;
  for (Period& period : periods_) {
    if (time >= period.start && time < period.end) period.changed = true;
  }
}

std::vector<CoverageBook::Given> CoverageBook::Finish() {
  std::vector<Given> out;
  // The mission lasted as long as its last look.
  Instant last_look = newest_.value_or(Instant());
  for (const SettledLook& look : waiting_) last_look = std::max(last_look, look.time);
  if (newest_ && last_look > *newest_) out = Advance(last_look);
  for (Period& period : periods_) {
    if (period.given && period.changed && &period != &periods_.back()) Give(period, out);
  }
  if (periods_.empty() || !newest_ || *newest_ <= periods_.back().start) return out;
  Period& last = periods_.back();
  if (last.given && !last.changed) return out;
  // Up to the mission's end; if it goes on after all, the whole period is given again.
  const Instant end = last.end;
  last.end = std::min(end, *newest_);
  Give(last, out);
  last.usual.clear();  // not for good yet
  last.end = end;
  last.changed = true;
  return out;
}

}  // namespace trucewatch
