// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/report/report_sections.h"
#include "tools/trucewatch/report/report_svg.h"

namespace trucewatch::tools {
namespace {

constexpr std::size_t kFaultsListed = 100;

HumanRecordKind KindOf(const Published& published) {
  return published.finding.human_record ? published.finding.human_record->kind
                                        : HumanRecordKind::kUnspecified;
}

// One officer's record; the same layout for observations, impediments and cases.
std::string HumanCard(ReportContext& context, const Published& published) {
  const Finding& f = published.finding;
  const std::vector<std::uint64_t> entry = {published.ledger_index};
  const auto line = [](const char* term, const std::string& html) {
    return html.empty() ? "" : fmt::format("<dt>{}</dt><dd>{}</dd>", term, html);
  };
  std::string title;
  if (f.kind == FindingKind::kCase) title = "Case " + f.case_id + ", opened by allegation ";
  title += f.record_id;
  std::string out = "<article><h3>" + EscapeHtml(title) + "</h3>\n<div><dl>";
  if (f.human_record) {
    const HumanRecord& r = *f.human_record;
    out += line("Impediment", EscapeHtml(r.impediment));
    out += line("Time", Span(context, f, entry));
    out += line("Place", context.links.Figure(Where(f), entry));
    if (f.kind != FindingKind::kCase && r.kind == HumanRecordKind::kObservation) {
      out += line("What", context.links.Figure(
                              r.nothing_observed ? "nothing observed" : CountWords(f), entry));
    } else if (f.count_max > 0) {
      out += line(r.kind == HumanRecordKind::kAllegation ? "Said to be" : "What",
                  context.links.Figure(CountWords(f), entry));
    }
    out += line("Means", EscapeHtml(r.means));
    out += line("Assessed as", EscapeHtml(r.assessed_as));
    out += line("Informant", EscapeHtml(r.informant));
    out += line("Reported",
                context.links.Figure(Seconds(r.reported), entry) + " by " + EscapeHtml(r.author));
  }
  out +=
      line("Zone",
           f.zone.empty() ? "" : EscapeHtml(ZoneName(context.record(), f.zone, f.agreement_hash)));
  out += line("Entry", context.links.Figure(fmt::format("#{}", published.ledger_index), entry));
  out += "</dl></div>\n<div><a href=\"" + context.links.Target(entry) + "\">" +
         PlaceMap(context.record(), f) + "</a></div>\n<div style=\"grid-column:1/-1\">";
  if (f.human_record && !f.human_record->text.empty()) {
    out += "<p>“" + EscapeHtml(f.human_record->text) + "”</p>";
  }
  return out + "<p class=\"soft\">" + Sentence(context, published) + "</p></div></article>\n";
}

std::string HumanPart(ReportContext& context, const std::string& heading, const std::string& none,
                      const std::vector<const Published*>& records) {
  std::string out = "<h3>" + heading + "</h3>\n";
  if (records.empty()) return out + "<p>" + context.links.Figure(none, {}) + " is on record.</p>\n";
  for (const Published* published : records) out += HumanCard(context, *published);
  return out;
}

std::string GapWords(ReportContext& context, const SourceGap& gap) {
  const Instant late = gap.late.finding.time;
  if (!gap.resumed) {
    return context.links.Figure(Seconds(late), {gap.late.ledger_index}) +
           " on, not back by the time of this report";
  }
  const Instant back = gap.resumed->finding.time;
  return fmt::format("{} to {} ({})", context.links.Figure(Seconds(late), {gap.late.ledger_index}),
                     context.links.Figure(Seconds(back).substr(11), {gap.resumed->ledger_index}),
                     context.links.Figure(fmt::format("{:.0f} s", (back - late).seconds()),
                                          {gap.late.ledger_index, gap.resumed->ledger_index}));
}

std::string SourceRow(ReportContext& context, const std::string& id, const SourceRecord& source,
                      const std::vector<const Published*>& faults) {
  std::string started, ended, gaps;
  for (const SourceEvent& event : source.history) {
    const std::string time =
        context.links.Figure(Seconds(event.published.finding.time), {event.published.ledger_index});
    if (event.state == SourceState::kStarted) started += (started.empty() ? "" : ", ") + time;
    if (event.state == SourceState::kEnded) ended += (ended.empty() ? "" : ", ") + time;
  }
  for (const SourceGap& gap : source.Gaps()) {
    const bool over = gap.resumed && gap.resumed->finding.time < context.from;
    if (over || gap.late.finding.time >= context.to) continue;
    gaps += (gaps.empty() ? "" : "<br>") + GapWords(context, gap);
  }
  std::vector<std::uint64_t> refused;
  for (const Published* fault : faults) {
    const auto& supports = fault->finding.supports;
    if (!supports.empty() && supports.front().source.value == id) {
      refused.push_back(fault->ledger_index);
    }
  }
  const std::string refused_count = fmt::format("{}", refused.size());
  return "<tr>" + Cell("Source", EscapeHtml(id)) +
         Cell("Kind", EscapeHtml(source.kind.empty() ? "kind not stated" : source.kind)) +
         Cell("Started", started.empty() ? context.links.Figure("not on record", {}) : started) +
         Cell("Declared late", gaps.empty() ? context.links.Figure("never", {}) : gaps) +
         Cell("Ended", ended.empty() ? context.links.Figure("not on record", {}) : ended) +
         Cell("Input refused", context.links.Figure(refused_count, refused), true) + "</tr>\n";
}

}  // namespace

std::string HumanSection(ReportContext& context) {
  std::vector<const Published*> impediments, observations;
  for (const Published* record : OfDay(context, context.record().human_records)) {
    (KindOf(*record) == HumanRecordKind::kImpediment ? impediments : observations)
        .push_back(record);
  }
  const auto cases = OfDay(context, context.record().cases);
  std::string out =
      "<section id=\"human\"><h2>5 &nbsp;Impediments, observations by patrols, cases</h2>\n";
  out += HumanPart(context, "Impediments", "No impediment", impediments);
  out += HumanPart(context, "Observations by patrols", "No observation of a patrol", observations);
  out += HumanPart(context, "Cases opened by allegations", "No case", cases);
  if (!cases.empty()) {
    out += "<p class=\"soft\">An allegation opens a case and supports no event.</p>\n";
  }
  return out + "</section>\n";
}

std::string SourcesSection(ReportContext& context) {
  const auto faults = OfDay(context, context.record().data_faults);
  std::string out =
      "<section id=\"sources\"><h2>6 &nbsp;Sources</h2>\n<table class=\"stack\">" +
      HeadRow({"Source", "Kind", "Started", "Declared late", "Ended", "Input refused"}) +
      "<tbody>\n";
  for (const auto& [id, source] : context.record().sources) {
    out += SourceRow(context, id, source, faults);
  }
  out += "</tbody></table>\n<h3>Input that was refused and kept</h3>\n";
  if (faults.empty()) {
    return out + "<p>" + context.links.Figure("No input", {}) + " was refused.</p></section>\n";
  }
  out += "<ul>";
  for (std::size_t i = 0; i < faults.size() && i < kFaultsListed; ++i) {
    const Published& fault = *faults[i];
    out += "<li>" + context.links.Figure(Seconds(fault.finding.time), {fault.ledger_index}) + " " +
           Sentence(context, fault) + "</li>\n";
  }
  out += "</ul>\n";
  if (faults.size() > kFaultsListed) {
    const std::vector<const Published*> rest(faults.begin() + kFaultsListed, faults.end());
    out += "<p>" + context.links.Figure(fmt::format("{} more", rest.size()), EntriesOf(rest)) +
           " are in the ledger.</p>\n";
  }
  return out + "</section>\n";
}

}  // namespace trucewatch::tools
