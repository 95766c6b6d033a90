// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/types/finding.h"
#include "core/types/track.h"
#include "trucewatch/v1/coverage_cells.pb.h"
#include "trucewatch/v1/verify_snapshot.pb.h"
#include "verify/coverage/cells/reason.h"
#include "verify/coverage/refused_book.h"
#include "verify/coverage/silence_book.h"
#include "verify/coverage/zone_grid.h"

namespace trucewatch {

struct CoverageTerms {
  double cell_m = 0.0;
  Duration period;
  double observed_probability = 0.0;
  double degraded_probability = 0.0;
  double full_share = 0.0;
};

// Misses of one sensor go together: of its looks at a cell, the best one of each such span counts.
inline constexpr Duration kIndependentLooks = Duration::Seconds(10);
// Periods that ended longer ago are not amended any more.
inline constexpr Duration kCoverageMemory = Duration::Seconds(3600);
inline constexpr std::size_t kCoverageClasses = 3;  // moving vehicle, standing vehicle, group

// The account of where and how well the zones were observed. Brain: no clock, no file.
//
// One object in a cell for all of a period would have been detected at least once with
//   p = 1 - prod over sources and spans of kIndependentLooks of (1 - best p of a look in the span),
// over the looks whose footprint has the cell in it in whole (kWholeShare of it; of a cell at the
// zone's edge the part inside the zone counts). The state of a cell, the first of:
//   DEGRADED           p < degraded_probability, but a look that saw part of the cell has at least
//                      that: "partial: SOURCE saw part of the cell", of the source whose best such
//                      look is best (the one heard first among equals)
//   NOT_OBSERVED       p < degraded_probability
//   OBSERVED_ACTIVITY  a track, group or change was in it
//   OBSERVED_NOTHING   p >= observed_probability by good looks alone, and watched in full
//   DEGRADED           else
// So activity in a cell that was seen in part alone does not make it OBSERVED_ACTIVITY, and looks
// that saw parts never add up to a whole, even where together they showed all of it.
// Watched in full: some source gave at least full_share of the looks it owes the period (one each
// kIndependentLooks, or each of its usual spacing if that is longer), or all together looked in
// full_share of the spans, each with at least degraded_probability. The usual spacing is the median
// of the last 63 times between two looks of the source at one whole cell, a second or more apart;
// unknown (fewer than 3): one look is owed. It is kept for a period when its account is given.
// Looks that were skipped for overload (core/types/source_notes.h) are no looks. Those of a source
// that skipped any in the period are no good ones, nor are those of one that was out: whose longest
// time without a look is at least 1 - full_share of the period and twice its spacing, which is
// known. Reasons of DEGRADED, the first of: "overload: SOURCE skipped N frames", of the one with
// the largest p at the cell (when with its looks the cell would be observed and without them not,
// or no other source has a larger p there); the looks' own (when with them the cell would be
// observed); "SOURCE gave no look for N s" of the source with the largest p at the cell, when it
// was out; the looks' own; "partial". Reasons of NOT_OBSERVED, the first of: "impediment: KIND";
// "overload: SOURCE skipped N frames", of one that looked here within kCoverageMemory and gave no
// look at all in the period; "SOURCE gave no look since HH:MM:SS", of the source that looked here
// within kCoverageMemory and gave no look at all in the period; "no look was good enough"; what a
// look at the whole cell says that had no probability for any class; "who looked sees only what
// moves", where a moving vehicle might have been detected; "no source looked here". Where the
// source was on record as silent meanwhile, or what it sent was refused, both "gave no look" go on
// with ": " and why. Each reason is of a kind of the closed list of cells/reason.h. Accounts are
// given when a settled picture comes at or after the end of a period (all looks before it have come
// then), one for each zone; at the end of the mission for the begun one, up to the last picture or
// look. Late looks and impediments amend periods already accounted for, once, with the next end of
// a period, and only the zones whose shares or end came out otherwise than when they were given
// last. Looks of a time that no picture has reached wait for it. Memory: cells
// * sources * spans of kCoverageMemory. Determinism: a function of the inputs.
class CoverageBook {
 public:
  struct Given {
    CoverageAccount account;
    bool exercise = false;
    // The account by cell (EncodePeriodCells), which adds up to it. Empty unless GiveCells was
    // asked.
    std::string cells;
  };

  // Zones of an agreement; `min_group_size`: smaller groups are left out.
  static Result<CoverageBook> Make(const CoverageTerms& terms, const std::vector<Zone>& zones,
                                   int min_group_size);

  // From now on accounts come with their cells. An amendment is then given whenever a cell came out
  // otherwise. Costs a few percent of what the account does.
  void GiveCells() { gives_cells_ = true; }
  bool gives_cells() const { return gives_cells_; }
  // The zones' cells, one message each in the agreement's order; without the agreement's own
  // fields.
  std::vector<v1::CoverageGrid> Grids() const;

  // The mission began: what was not observed from here on is accounted for. Looks before are not.
  void Begin(Instant mission_start);
  // The agreement is a version that holds from here to there: no account spans these times, and
  // none is given of others. Looks of the kCoverageMemory before may be given to it: so it knows
  // from the first minute who looks here, how often, and who fell silent before. Looks and pictures
  // of later times are for another book.
  void Only(std::optional<Instant> from, std::optional<Instant> until) {
    from_ = from;
    until_ = until;
  }
  // A settled picture of this time came: closes the periods that have ended. Call it before adding.
  std::vector<Given> Advance(Instant now);
  // Fails on a look that is too late to be accounted for, or has more than 2000 corners.
  Result<void> AddLook(const SettledLook& look);
  void AddPicture(const Picture& picture);
  void AddImpediment(const HumanRecord& record);
  // A source fell silent, or is heard again; its clock is not trusted, or is again. Looks of a time
  // when it was not are no good looks: "clock not trusted", unless they give a reason themselves.
  void AddStatus(const SourceStatus& status);
  // Input of a source was refused: where it gave no look meanwhile, that is why.
  void AddRefused(const SourceId& source, Instant time);
  // The mission has ended.
  std::vector<Given> Finish();

  void Write(v1::VerifySnapshot::Coverage* out) const;
  Result<void> Read(const v1::VerifySnapshot::Coverage& in);

 private:
  // The best probability of each cell, kept from the first to the last that a look reached: a zone
  // may have a hundred thousand cells, and a picture lies on few rows of them.
  struct CellBest {
    int first = 0;
    std::vector<double> p;
    bool empty() const { return p.empty(); }
    double At(int cell) const {
      const auto i =
          static_cast<std::size_t>(cell - first);  // before the first: far beyond the end
      return i < p.size() ? p[i] : 0.0;
    }
    void Reach(int low, int high);  // both in it from now on
  };
  using Probabilities = std::array<CellBest, kCoverageClasses>;
  struct LookKey {
    std::uint32_t source = 0;
    std::int32_t span = 0;     // of kIndependentLooks, from the period's aligned start
    std::uint32_t reason = 0;  // index into reasons_; 0: a good look
    auto operator<=>(const LookKey&) const = default;
  };
  struct ZonePeriod {
    std::map<LookKey, Probabilities> looks;
    std::map<std::uint32_t, Probabilities> partial;  // best look that saw part, by source
    std::map<std::uint32_t, std::set<int>> blind;    // cells of looks that saw nothing, by why
    std::array<std::set<int>, kCoverageClasses> activity;  // cells
    std::string given;  // what was said last (SharesText); empty: nothing
  };
  struct Period {
    Instant start;  // not before the mission's
    Instant end;    // excluded
    std::vector<ZonePeriod> zones;
    std::map<std::uint32_t, std::set<std::int32_t>> seconds;  // with a look, by source
    std::map<std::uint32_t, std::int64_t> skipped;            // frames, for overload, by source
    std::vector<Duration> usual;  // spacing by source, when it was given
    bool given = false;
    bool changed = false;  // since it was given
    bool exercise = false;
  };
  struct Source {
    SourceId id;
    std::vector<std::int64_t> spacings_us;           // last kMaxSpacings, oldest first
    std::vector<std::vector<std::int64_t>> last_us;  // by zone and cell; 0: never
    // Of its last look: a radar on the ground looks at the same place all month. No state.
    std::vector<Geodetic> footprint;
    std::vector<std::vector<CellShare>> shares;  // by zone
  };
  struct ZoneCells {
    std::string id;
    std::string name;
    Side side = Side::kNeither;
    double area_km2 = 0.0;
    ZoneGrid grid;
  };
  struct Impediment {
    Instant first, last;
    Geodetic position;
    double radius_m = 0.0;
    std::string kind;
  };
  struct CellState {
    CoverageState state = CoverageState::kUnspecified;
    std::string reason;
    CoverageReason kind = CoverageReason::kNone;
    double p = 0.0;  // of one object
  };
  struct PeriodFacts;  // of one period, once for all cells
  struct ClassFacts;

  explicit CoverageBook(const CoverageTerms& terms) : terms_(terms) {}
  Instant AlignedStart(Instant time) const;
  Period& Open(Instant start, Instant end);
  void TakeWaiting();
  Result<void> Take(const SettledLook& look, Period& period);
  Period* PeriodOf(Instant time);
  std::uint32_t SourceIndex(const SourceId& id);
  std::uint32_t ReasonIndex(const std::string& reason);
  static void Better(Probabilities& best, const std::array<double, kCoverageClasses>& given,
                     const std::vector<int>& cells);
  void Learn(Source& source, std::size_t zone, const std::vector<int>& cells, Instant time);
  Duration UsualSpacing(const Source& source) const;  // zero: unknown
  void Mark(Instant time, std::size_t coverage_class, const Geodetic& place, bool exercise);
  // "overload: SOURCE skipped N frames".
  std::string SkippedText(std::uint32_t source, const Period& period) const;
  // ": " and why the source gave no look in the period; empty when nothing is known.
  std::string SilenceOf(std::uint32_t source, const Period& period) const;
  PeriodFacts FactsOf(const Period& period) const;
  ClassFacts ClassFactsOf(const Period& period, const PeriodFacts& facts, std::size_t zone,
                          std::size_t coverage_class) const;
  CellState StateOf(const Period& period, const PeriodFacts& facts, ClassFacts& class_facts,
                    std::size_t zone, std::size_t coverage_class, int cell) const;
  // p by looks at the whole cell, or at part of it.
  CellState NotObserved(const Period& period, const PeriodFacts& facts,
                        const ClassFacts& class_facts, std::size_t zone, int cell, double p,
                        double part) const;
  void Give(Period& period, std::vector<Given>& out) const;
  void Forget();

  CoverageTerms terms_;
  std::vector<ZoneCells> zones_;
  int min_group_size_ = 2;
  std::optional<Instant> begin_;
  std::optional<Instant> from_;  // these two are no state: set when the book is made
  std::optional<Instant> until_;
  std::optional<Instant> newest_;  // settled time
  std::vector<Period> periods_;    // in order; the last one is being filled
  std::vector<Source> sources_;
  std::vector<std::string> reasons_ = {""};
  std::vector<Impediment> impediments_;
  RefusedBook refused_;
  bool gives_cells_ = false;
  SilenceBook silences_{SilenceBook::Of::kSilence};
  SilenceBook doubted_clocks_{SilenceBook::Of::kClock};
  std::vector<SettledLook> waiting_;  // without what the account does not need
};

// One sentence, with percentages that add up to exactly 100 for each class.
std::string CoverageSentence(const CoverageAccount& account, const std::string& zone_name);

// Whole percentages of shares that add up to exactly 100, by the largest remainder (ties: the
// earlier). All zero when the counts are.
std::vector<int> WholePercentages(std::span<const int> counts);

}  // namespace trucewatch
