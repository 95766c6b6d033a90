// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/trucewatch/report/coverage_summary.h"
#include "tools/trucewatch/report/daily_report.h"
#include "tools/trucewatch/report/record_links.h"

namespace trucewatch::tools {

// What the sections of one report share.
struct ReportContext {
  const LedgerRecord& ledger;
  Instant from, to;
  RecordLinks links;
  std::vector<ZoneCoverage> zones;
  std::array<SideCoverage, 3> sides;  // A, B, neither: the order of everything

  const MissionRecord& record() const { return ledger.record; }
  bool InDay(const Published& published) const {
    return published.finding.time >= from && published.finding.time < to;
  }
};

// An event with those of its transitions that the day has.
struct DayEvent {
  std::vector<const Published*> transitions;
  const Published& latest() const { return *transitions.back(); }
  std::vector<std::uint64_t> Entries() const;
};
std::vector<DayEvent> EventsOfDay(const ReportContext& context);
std::vector<const Published*> OfDay(const ReportContext& context,
                                    const std::vector<Published>& all);
std::vector<const Published*> MovementsOfDay(const ReportContext& context,
                                             const std::vector<EventRecord>& all);
std::vector<std::uint64_t> EntriesOf(const std::vector<const Published*>& published);

// One <section> each; texts are escaped and figures are links.
std::string EventsSection(ReportContext& context);
std::string MovementsSection(ReportContext& context);
std::string CoverageSection(ReportContext& context);
std::string HumanSection(ReportContext& context);
std::string SourcesSection(ReportContext& context);

// Pieces.
std::string Cell(std::string_view heading, std::string_view html, bool number = false);
std::string HeadRow(const std::vector<std::string>& headings);
std::string Count(std::size_t count, std::string_view one, std::string_view many);
std::string SideOfZone(const ReportContext& context, const std::string& zone);
// "2026-03-01T12:00:18Z" without the microseconds nobody reads.
std::string Seconds(Instant time);
std::string Minutes(double minutes);
// First and last time something was seen, as figures.
std::string Span(ReportContext& context, const Finding& finding,
                 const std::vector<std::uint64_t>& entries);
// What kinds of sensors a finding rests on: "video (drone1), moving-vehicle radar (radar1)".
std::string Sensors(const Finding& finding);
// A finding's own sentence; the figures in it are those of its entry, which it ends with.
std::string Sentence(ReportContext& context, const Published& published);
std::string Where(const Finding& finding);
// Which class of the coverage account tells whether such a thing could have been seen.
CoverageClass EffortClass(const ReportContext& context, const Finding& finding);
// Observed minutes per km2 of each side for one class, in the same order everywhere.
std::string EffortWords(ReportContext& context, CoverageClass coverage_class);

}  // namespace trucewatch::tools
