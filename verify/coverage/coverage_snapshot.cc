// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/types/codec.h"
#include "verify/coverage/coverage_book.h"

namespace trucewatch {

using Snapshot = v1::VerifySnapshot;

namespace {

// `first`: of the cells.
void WriteCells(int first, const std::vector<double>& probabilities, Snapshot::CoverageLook* out) {
  bool same = true;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const double p = probabilities[i];
    if (p <= 0.0) continue;
    out->add_cells(static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i));
    out->add_probabilities(p);
    same &= p == out->probabilities(0);
  }
  if (same && out->cells_size() > 1) out->mutable_probabilities()->Truncate(1);  // one for all
}

// Whether a look's cells and probabilities fit a zone of so many cells.
bool CellsFit(const Snapshot::CoverageLook& in, int cells) {
  if (in.cells().empty() ||
      (in.probabilities_size() != 1 && in.probabilities_size() != in.cells_size()))
    return false;
  return std::all_of(in.cells().begin(), in.cells().end(),
                     [&](std::uint32_t cell) { return cell < static_cast<std::uint32_t>(cells); });
}

}  // namespace

void CoverageBook::Write(Snapshot::Coverage* out) const {
  if (begin_) out->set_begin_us(begin_->micros());
  if (newest_) out->set_newest_us(newest_->micros());
  for (const std::string& reason : reasons_) out->add_reasons(reason);
  for (const Source& source : sources_) {
    auto* to = out->add_sources();
    to->set_source_id(source.id.value);
    for (const std::int64_t spacing : source.spacings_us) to->add_spacings_us(spacing);
    for (const auto& zone : source.last_us) {
      for (const std::int64_t last : zone) to->add_last_us(last);
    }
  }
  for (const Impediment& impediment : impediments_) {
    auto* to = out->add_impediments();
    to->set_first_us(impediment.first.micros());
    to->set_last_us(impediment.last.micros());
    to->set_latitude_rad(impediment.position.latitude.rad());
    to->set_longitude_rad(impediment.position.longitude.rad());
    to->set_radius_m(impediment.radius_m);
    to->set_kind(impediment.kind);
  }
  silences_.Write(out->mutable_silences());
  doubted_clocks_.Write(out->mutable_doubted_clocks());
  refused_.Write(out->mutable_refused());
  for (const SettledLook& look : waiting_) *out->add_waiting() = ToProto(look);
  for (const Period& period : periods_) {
    auto* to = out->add_periods();
    to->set_start_us(period.start.micros());
    to->set_end_us(period.end.micros());
    to->set_given(period.given);
    to->set_changed(period.changed);
    to->set_exercise(period.exercise);
    for (const Duration usual : period.usual) to->add_usual_us(usual.micros());
    for (const ZonePeriod& zone : period.zones) {
      if (period.given) to->add_given_by_zone(zone.given);
    }
    for (const auto& [source, seconds] : period.seconds) {
      auto* looked = to->add_seconds();
      looked->set_source(source);
      for (const std::int32_t second : seconds) looked->add_seconds(second);
    }
    for (const auto& [source, frames] : period.skipped) {
      auto* skipped = to->add_skipped();
      skipped->set_source(source);
      skipped->set_frames(frames);
    }
    for (std::uint32_t z = 0; z < period.zones.size(); ++z) {
      for (std::uint32_t c = 0; c < kCoverageClasses; ++c) {
        const std::set<int>& activity = period.zones[z].activity[c];
        if (activity.empty()) continue;
        auto* seen = to->add_activity();
        seen->set_zone(z);
        seen->set_coverage_class(c);
        for (const int cell : activity) seen->add_cells(static_cast<std::uint32_t>(cell));
      }
      for (const auto& [source, probabilities] : period.zones[z].partial) {
        for (std::uint32_t c = 0; c < kCoverageClasses; ++c) {
          if (probabilities[c].empty()) continue;
          auto* look = to->add_partial();
          look->set_zone(z);
          look->set_coverage_class(c);
          look->set_source(source);
          WriteCells(probabilities[c].first, probabilities[c].p, look);
        }
      }
      for (const auto& [reason, cells] : period.zones[z].blind) {
        auto* look = to->add_blind();
        look->set_zone(z);
        look->set_reason(reason);
        for (const int cell : cells) look->add_cells(static_cast<std::uint32_t>(cell));
      }
      for (const auto& [key, probabilities] : period.zones[z].looks) {
        for (std::uint32_t c = 0; c < kCoverageClasses; ++c) {
          if (probabilities[c].empty()) continue;
          auto* look = to->add_looks();
          look->set_zone(z);
          look->set_coverage_class(c);
          look->set_source(key.source);
          look->set_span(key.span);
          look->set_reason(key.reason);
          WriteCells(probabilities[c].first, probabilities[c].p, look);
        }
      }
    }
  }
}

Result<void> CoverageBook::Read(const Snapshot::Coverage& in) {
  const auto bad = [](const char* what) {
    return Fail(ErrorCode::kBadInput, "the snapshot's coverage account does not fit: {}", what);
  };
  CoverageBook book(terms_);
  book.zones_ = zones_;
  book.min_group_size_ = min_group_size_;
  book.gives_cells_ = gives_cells_;
  book.from_ = from_;
  book.until_ = until_;
  if (in.has_begin_us()) book.begin_ = Instant::FromMicros(in.begin_us());
  if (in.has_newest_us()) book.newest_ = Instant::FromMicros(in.newest_us());
  book.reasons_.assign(in.reasons().begin(), in.reasons().end());
  if (book.reasons_.empty() || !book.reasons_.front().empty()) return bad("reasons");
  std::size_t cells = 0;
  for (const ZoneCells& zone : zones_) cells += static_cast<std::size_t>(zone.grid.cells());
  for (const auto& from : in.sources()) {
    if (static_cast<std::size_t>(from.last_us_size()) != cells) return bad("cells of a source");
    Source& source = book.sources_[book.SourceIndex({from.source_id()})];
    source.spacings_us.assign(from.spacings_us().begin(), from.spacings_us().end());
    int at = 0;
    for (auto& zone : source.last_us) {
      for (std::int64_t& last : zone) last = from.last_us(at++);
    }
  }
  for (const auto& from : in.impediments()) {
    book.impediments_.push_back(
        {Instant::FromMicros(from.first_us()),
         Instant::FromMicros(from.last_us()),
         {Angle::Radians(from.latitude_rad()), Angle::Radians(from.longitude_rad()), 0.0},
         from.radius_m(),
         from.kind()});
  }
  book.silences_.Read(in.silences());
  book.doubted_clocks_.Read(in.doubted_clocks());
  book.refused_.Read(in.refused());
  for (const auto& from : in.waiting()) {
    TW_ASSIGN_OR_RETURN(SettledLook look, FromProto(from));
    book.waiting_.push_back(std::move(look));
  }
  for (const auto& from : in.periods()) {
    Period& period =
        book.Open(Instant::FromMicros(from.start_us()), Instant::FromMicros(from.end_us()));
    period.given = from.given();
    period.changed = from.changed();
    period.exercise = from.exercise();
    for (const auto& looked : from.seconds()) {
      if (looked.source() >= book.sources_.size()) return bad("a source");
      period.seconds[looked.source()] = {looked.seconds().begin(), looked.seconds().end()};
    }
    for (const auto& skipped : from.skipped()) {
      if (skipped.source() >= book.sources_.size()) return bad("a source that skipped frames");
      period.skipped[skipped.source()] = skipped.frames();
    }
    const auto cells_of = [&](std::uint32_t zone) {
      return static_cast<std::uint32_t>(zones_[zone].grid.cells());
    };
    for (const auto& seen : from.activity()) {
      if (seen.zone() >= zones_.size() || seen.coverage_class() >= kCoverageClasses)
        return bad("a zone");
      for (const std::uint32_t cell : seen.cells()) {
        if (cell >= cells_of(seen.zone())) return bad("a cell");
        period.zones[seen.zone()].activity[seen.coverage_class()].insert(static_cast<int>(cell));
      }
    }
    const auto read = [&](const Snapshot::CoverageLook& look) -> std::optional<CellBest> {
      if (look.zone() >= zones_.size() || look.coverage_class() >= kCoverageClasses ||
          look.source() >= book.sources_.size() || look.reason() >= book.reasons_.size() ||
          !CellsFit(look, zones_[look.zone()].grid.cells()))
        return std::nullopt;
      CellBest best;
      const auto [low, high] = std::minmax_element(look.cells().begin(), look.cells().end());
      best.Reach(static_cast<int>(*low), static_cast<int>(*high));
      for (int i = 0; i < look.cells_size(); ++i)
        best.p[look.cells(i) - *low] = look.probabilities(look.probabilities_size() == 1 ? 0 : i);
      return best;
    };
    for (const auto& look : from.looks()) {
      auto best = read(look);
      if (!best) return bad("a look");
      period.zones[look.zone()]
          .looks[{look.source(), look.span(), look.reason()}][look.coverage_class()] =
          std::move(*best);
    }
    for (const auto& look : from.partial()) {
      auto best = read(look);
      if (!best) return bad("a look at part of a cell");
      period.zones[look.zone()].partial[look.source()][look.coverage_class()] = std::move(*best);
    }
    for (const auto& look : from.blind()) {
      if (look.zone() >= zones_.size() || look.reason() >= book.reasons_.size())
        return bad("a look that saw nothing");
      for (const std::uint32_t cell : look.cells()) {
        if (cell >= cells_of(look.zone())) return bad("a cell of a look that saw nothing");
        period.zones[look.zone()].blind[look.reason()].insert(static_cast<int>(cell));
      }
    }
    if (static_cast<std::size_t>(from.usual_us_size()) > book.sources_.size() ||
        static_cast<std::size_t>(from.given_by_zone_size()) > zones_.size())
      return bad("what was given");
    for (const std::int64_t usual : from.usual_us())
      period.usual.push_back(Duration::Micros(usual));
    for (int z = 0; z < from.given_by_zone_size(); ++z)
      period.zones[static_cast<std::size_t>(z)].given = from.given_by_zone(z);
  }
  *this = std::move(book);
  return {};
}

}  // namespace trucewatch
