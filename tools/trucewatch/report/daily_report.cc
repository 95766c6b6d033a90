// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/report/daily_report.h"

#include <algorithm>

#include "tools/trucewatch/report/report_sections.h"
#include "tools/trucewatch/report/report_svg.h"

namespace trucewatch {
extern const char kReportStyle[];  // tools/trucewatch/report/report_page.css
}

namespace trucewatch::tools {
namespace {

std::string Item(const std::string& html) { return "<li>" + html + "</li>\n"; }

std::string Head(const ReportContext& context, const std::string& title) {
  const bool exercise = context.record().exercise;
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; img-src data:\">\n<title>" +
      title + "</title>\n<style>\n" + kReportStyle;
  if (exercise) {
    out +=
        "  @page { @top-center { content: \"EXERCISE \\B7  NOT AN OPERATIONAL RECORD\"; font: "
        "700 8pt sans-serif; color: #92400e; } }\n";
  }
  out += "</style>\n</head>\n<body>\n";
  if (exercise) {
    out +=
        "<div class=\"exercise\">EXERCISE · NOT AN OPERATIONAL RECORD</div>\n"
        "<div class=\"mark\" aria-hidden=\"true\">EXERCISE</div>\n";
  }
  return out + SvgPatterns();
}

std::string Header(ReportContext& context, const std::string& title) {
  const LedgerRecord& ledger = context.ledger;
  const std::vector<std::uint64_t> first = {ledger.entries.empty() ? 0
                                                                   : ledger.entries.front().index};
  const std::vector<std::uint64_t> last = {ledger.entries.empty() ? 0
                                                                  : ledger.entries.back().index};
  std::string out = "<header><h1>" + title + "</h1>\n";
  out += "<p class=\"asof\">Based on information received as of " +
         context.links.Figure(Seconds(ledger.as_of), last) + "</p>\n";
  out += "<p>Reporting period: " + context.links.Figure(Seconds(context.from), first) + " to " +
         context.links.Figure(Seconds(context.to), last) + "; the record covers " +
         context.links.Figure(Seconds(context.record().start), first) + " to " +
         context.links.Figure(Seconds(std::min(ledger.as_of, context.record().end)), last) +
         " and says nothing of any other time. All times are UTC.</p>\n";
  if (!context.record().agreement.title().empty()) {
    out += "<p>Agreement: " + EscapeHtml(context.record().agreement.title()) +
           (context.record().agreement.edition().empty()
                ? ""
                : ", edition " + EscapeHtml(context.record().agreement.edition())) +
           "</p>\n";
  }
  out +=
      "<p class=\"soft\">For officers of the mission. Software reports what was observed and how "
      "well; what it means under the agreement is for the mission to say. Underlined figures lead "
      "to the records they rest on (section 7).</p>\n</header>\n";
  return out +
         "<nav><a href=\"#summary\">1 Summary</a><a href=\"#events\">2 Events</a>"
         "<a href=\"#movements\">3 Movements</a><a href=\"#coverage\">4 Coverage</a>"
         "<a href=\"#human\">5 Impediments, patrols, cases</a><a href=\"#sources\">6 Sources</a>"
         "<a href=\"#records\">7 Records</a></nav>\n";
}

std::string EventSentences(ReportContext& context, const std::vector<DayEvent>& events) {
  std::vector<const Published*> latest, amended;
  std::map<std::string, std::vector<const Published*>> decided;  // by officers
  std::array<std::vector<const Published*>, 3> by_state;  // VERIFIED, CORROBORATED, CANDIDATE
  for (const DayEvent& event : events) {
    const Published& p = event.latest();
    latest.push_back(&p);
    EventState software = EventState::kUnspecified;
    const Published* by_officers = nullptr;
    for (const Published* t : event.transitions) {
      if (t->finding.amended) amended.push_back(t);
      if (t->finding.state > EventState::kVerified) {
        by_officers = t;
      } else {
        software = t->finding.state;
      }
    }
    if (by_officers != nullptr)
      decided[StateName(by_officers->finding.state)].push_back(by_officers);
    // Of an event of an earlier day there may be the decision alone.
    if (software == EventState::kUnspecified) continue;
    by_state[software == EventState::kVerified       ? 0
             : software == EventState::kCorroborated ? 1
                                                     : 2]
        .push_back(&p);
  }
  RecordLinks& links = context.links;
  std::string out = links.Figure(Count(events.size(), "event", "events"), EntriesOf(latest)) +
                    (events.size() == 1 ? " was" : " were") + " put on record";
  if (!events.empty()) {
    out += fmt::format(": {} VERIFIED, {} CORROBORATED and {} CANDIDATE",
                       links.Figure(fmt::format("{}", by_state[0].size()), EntriesOf(by_state[0])),
                       links.Figure(fmt::format("{}", by_state[1].size()), EntriesOf(by_state[1])),
                       links.Figure(fmt::format("{}", by_state[2].size()), EntriesOf(by_state[2])));
  }
  out += ".";
  for (const auto& [state, by_officers] : decided) {
    out += fmt::format(" By officers' decision {} {}.",
                       links.Figure(fmt::format("{}", by_officers.size()), EntriesOf(by_officers)),
                       state);
  }
  if (!amended.empty()) {
    out += " " +
           links.Figure(Count(amended.size(), "statement was", "statements were"),
                        EntriesOf(amended)) +
           " amended after data arrived late.";
  }
  return Item(out);
}

// Counts of each side with the effort beside them, always in one order.
std::string SideSentences(ReportContext& context, const std::vector<DayEvent>& events) {
  std::string rows;
  for (const SideCoverage& side : context.sides) {
    std::vector<const Published*> here;
    for (const DayEvent& event : events) {
      if (SideOfZone(context, event.latest().finding.zone) == side.side) {
        here.push_back(&event.latest());
      }
    }
    rows +=
        "<tr>" + Cell("Zones of", EscapeHtml(SideWords(context.record(), side.side))) +
        Cell("Events", context.links.Figure(fmt::format("{}", here.size()), EntriesOf(here)), true);
    for (std::size_t i = 0; i < side.classes.size(); ++i) {
      const std::string value =
          side.entries.empty() ? "no zone accounted" : Minutes(side.classes[i].ObservedMinPerKm2());
      rows += Cell("Observed for " + CoverageClassWords(kCoverageClasses[i]) + ", min per km²",
                   context.links.Figure(value, side.entries), true);
    }
    rows += "</tr>\n";
  }
  return "<table class=\"stack\"><thead><tr><th>Zones of</th><th class=\"n\">Events</th>"
         "<th class=\"n\">Observed for moving vehicles, min per km²</th><th class=\"n\">Observed "
         "for "
         "standing vehicles, min per km²</th><th class=\"n\">Observed for groups of people, min "
         "per "
         "km²</th></tr></thead><tbody>\n" +
         rows + "</tbody></table>\n";
}

std::string RecordSentences(ReportContext& context) {
  RecordLinks& links = context.links;
  const MissionRecord& record = context.record();
  const auto notified = MovementsOfDay(context, record.notified);
  const auto permitted = MovementsOfDay(context, record.permitted);
  std::vector<const Published*> observations, impediments;
  for (const Published* p : OfDay(context, record.human_records)) {
    const bool impediment =
        p->finding.human_record && p->finding.human_record->kind == HumanRecordKind::kImpediment;
    (impediment ? impediments : observations).push_back(p);
  }
  const auto cases = OfDay(context, record.cases);
  std::string out =
      Item(links.Figure(Count(notified.size(), "notified movement", "notified movements"),
                        EntriesOf(notified)) +
           " and " +
           links.Figure(Count(permitted.size(), "movement in a permitted corridor",
                              "movements in permitted corridors"),
                        EntriesOf(permitted)) +
           " are on record; these are no events.");
  out += Item(
      "Patrols reported " +
      links.Figure(Count(observations.size(), "observation", "observations"),
                   EntriesOf(observations)) +
      " and " +
      links.Figure(Count(impediments.size(), "impediment", "impediments"), EntriesOf(impediments)) +
      "; " + links.Figure(Count(cases.size(), "case", "cases"), EntriesOf(cases)) +
      " opened by allegations.");
  std::vector<std::uint64_t> gaps;
  std::size_t gap_count = 0;
  for (const auto& [id, source] : record.sources) {
    for (const SourceGap& gap : source.Gaps()) {
      if (gap.late.finding.time < context.from || gap.late.finding.time >= context.to) continue;
      ++gap_count;
      gaps.push_back(gap.late.ledger_index);
      if (gap.resumed) gaps.push_back(gap.resumed->ledger_index);
    }
  }
  const auto faults = OfDay(context, record.data_faults);
  out +=
      Item("Sources were declared late " +
           links.Figure(fmt::format("{} {}", gap_count, gap_count == 1 ? "time" : "times"), gaps) +
           " (gaps in what a source looked at stand in section 4); " +
           links.Figure(Count(faults.size(), "part of the input was", "parts of the input were"),
                        EntriesOf(faults)) +
           " refused and kept.");
  return out;
}

// Where nothing can be said, for each class; sides in their order.
std::string UnseenSentences(ReportContext& context) {
  std::string out;
  for (std::size_t i = 0; i < std::size(kCoverageClasses); ++i) {
    std::string zones;
    for (const SideCoverage& side : context.sides) {
      for (const ZoneCoverage* zone : side.zones) {
        const int tenths = TenthsOfPercent(zone->classes[i].km2_min)[3];
        if (tenths == 0) continue;
        zones += fmt::format(
            "{}{} of {}", zones.empty() ? "" : ", ",
            context.links.Figure(fmt::format("{}.{} %", tenths / 10, tenths % 10), zone->Entries()),
            EscapeHtml(ZoneName(context.record(), zone->zone)));
      }
    }
    if (zones.empty()) continue;
    out += Item(fmt::format("Not observed, {}: {}. Nothing is said about it.",
                            CoverageClassWords(kCoverageClasses[i]), zones));
  }
  return out;
}

std::string SummarySection(ReportContext& context) {
  const std::vector<DayEvent> events = EventsOfDay(context);
  return "<section id=\"summary\"><h2>1 &nbsp;Summary</h2>\n<ul class=\"summary\">\n" +
         EventSentences(context, events) + RecordSentences(context) + UnseenSentences(context) +
         "</ul>\n" + SideSentences(context, events) + "</section>\n";
}

std::string Records(const ReportContext& context) {
  const LedgerRecord& ledger = context.ledger;
  std::string out = "<section id=\"records\"><h2>7 &nbsp;Records and how to check them</h2>\n";
  out += fmt::format(
      "<p>Ledger <code>{}</code>, {} entries, root <code>{}</code> (SHA-256, RFC 9162 tree). Every "
      "byte was read again and its hashes recomputed for this report; {}.</p>\n",
      EscapeHtml(ledger.origin), ledger.size, HexEncode(ledger.root),
      ledger.audited ? "the checkpoint's signature was checked against the policy beside the ledger"
                     : "no policy file was beside the ledger, so its signature was not checked");
  out += "<p>Anybody can check it offline:</p>\n<p><code>trucewatch audit " +
         EscapeHtml(ledger.ledger_path) + " --policy " +
         EscapeHtml(ledger.policy_path.empty() ? "POLICY" : ledger.policy_path) +
         "</code></p>\n<p class=\"soft\">A leaf hash is SHA-256(0x00 || leaf); the leaves lie in "
         "<code>tile/entries</code> (docs/formats/ledger.md).";
  if (!ledger.agreement_hash.empty()) {
    out += " SHA-256 of the agreement: <code>" + ledger.agreement_hash + "</code>.";
  }
  out += " The mission was run by trucewatch " + EscapeHtml(ledger.build_id) + ".</p>\n";
  return out + context.links.Appendix() + "</section>\n";
}

}  // namespace

std::string DailyReport(const LedgerRecord& ledger, const DailyReportOptions& options) {
  ReportContext context{.ledger = ledger,
                        .from = options.from,
                        .to = options.to,
                        .links = RecordLinks(ledger.entries),
                        .zones = SummariseCoverage(ledger.record, options.from, options.to),
                        .sides = {}};
  context.sides = CoverageBySide(context.zones);
  const std::string title =
      EscapeHtml(fmt::format("Daily report of mission {}, {}", ledger.record.mission,
                             FormatUtc(options.from).substr(0, 10)));
  std::string out = Head(context, title) + Header(context, title);
  out += SummarySection(context) + EventsSection(context) + MovementsSection(context) +
         CoverageSection(context) + HumanSection(context) + SourcesSection(context);
  return out + Records(context) + "</body>\n</html>\n";
}

}  // namespace trucewatch::tools
