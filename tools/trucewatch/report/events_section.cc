// SPDX-License-Identifier: Apache-2.0
#include "core/types/words.h"
#include "tools/trucewatch/report/report_sections.h"
#include "tools/trucewatch/report/report_svg.h"

namespace trucewatch::tools {
namespace {

std::string Badge(const std::string& state) {
  return fmt::format("<span class=\"badge {0}\">{0}</span>", state);
}

std::string ZoneWords(const ReportContext& context, const std::string& zone) {
  return EscapeHtml(fmt::format("{}, {}", ZoneName(context.record(), zone),
                                SideWords(context.record(), SideOfZone(context, zone))));
}

std::string Definition(std::string_view term, const std::string& html) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>", term, html);
}

std::string Overview(ReportContext& context, const std::vector<DayEvent>& events) {
  std::string out =
      "<table class=\"stack\">" +
      HeadRow({"No.", "State", "Zone", "What", "First seen, state reached", "Kinds of sensors"}) +
      "<tbody>\n";
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Published& latest = events[i].latest();
    const Finding& f = latest.finding;
    out += "<tr>" + Cell("No.", fmt::format("<a href=\"#v{0}\">E{0}</a>", i + 1)) +
           Cell("State", Badge(StateName(f.state)) +
                             (f.amended ? " <span class=\"badge amended\">AMENDED</span>" : "")) +
           Cell("Zone", ZoneWords(context, f.zone)) +
           Cell("What", context.links.Figure(CountWords(f), {latest.ledger_index})) +
           Cell("First seen, state reached", Span(context, f, events[i].Entries())) +
           Cell("Kinds of sensors", EscapeHtml(Sensors(f))) + "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

std::string Transitions(ReportContext& context, const DayEvent& event) {
  std::string out = "<ul>";
  for (const Published* transition : event.transitions) {
    const Finding& f = transition->finding;
    const std::vector<std::uint64_t> entry = {transition->ledger_index};
    out += fmt::format("<li>{} {}{}: {}, probability {}, entry {}</li>",
                       context.links.Figure(Seconds(f.time), entry), StateName(f.state),
                       f.amended ? " (amended)" : "", context.links.Figure(CountWords(f), entry),
                       context.links.Figure(ProbabilityWords(f.probability), entry),
                       context.links.Figure(fmt::format("#{}", transition->ledger_index), entry));
  }
  return out + "</ul>";
}

std::string Card(ReportContext& context, const DayEvent& event, std::size_t number) {
  const Published& latest = event.latest();
  const Finding& f = latest.finding;
  const std::vector<std::uint64_t> entry = {latest.ledger_index};
  const auto* rule = FindRule(context.record(), f.rule, f.agreement_hash);
  const CoverageClass effort = EffortClass(context, f);
  std::string out = fmt::format("<article id=\"v{0}\"><h3>E{0} &nbsp;{1}{2} {3}</h3>\n<div><dl>",
                                number, Badge(StateName(f.state)),
                                f.amended ? " <span class=\"badge amended\">AMENDED</span>" : "",
                                EscapeHtml(f.rule));
  out += Definition(
      "Clause", rule == nullptr ? "the agreement has no such rule" : EscapeHtml(rule->clause()));
  out += Definition("Zone", ZoneWords(context, f.zone));
  out += Definition("What", context.links.Figure(CountWords(f), entry) + " (95 % interval)");
  out += Definition("First seen, state reached", Span(context, f, event.Entries()));
  out += Definition("Place", context.links.Figure(Where(f), entry));
  out += Definition("Sensors", EscapeHtml(Sensors(f)));
  out += Definition("Probability", context.links.Figure(ProbabilityWords(f.probability), entry));
  if (f.amended) {
    out += Definition("Amended",
                      "the state was raised by data that arrived after the hold; the "
                      "earlier statement stays on record");
  }
  out += Definition(
      "Effort", "observed for " + CoverageClassWords(effort) + ": " + EffortWords(context, effort));
  out += Definition("Event", "<code>" + EscapeHtml(f.event_id) + "</code>");
  out += "</dl></div>\n<div><a href=\"" + context.links.Target(entry) + "\">" +
         PlaceMap(context.record(), f) + "</a></div>\n<div style=\"grid-column:1/-1\"><p>" +
         Sentence(context, latest) + "</p>" + Transitions(context, event) + "</div></article>\n";
  return out;
}

// Announced movements nobody put on record, so that silence is not taken for absence.
std::string NotSeen(ReportContext& context, const std::vector<const Published*>& notified) {
  std::string out;
  for (const auto& movement : context.record().agreement.notified_movement()) {
    const auto start = ParseUtc(movement.window_start_utc());
    const auto end = ParseUtc(movement.window_end_utc());
    if (!start || !end || *start >= context.to || *end <= context.from) continue;
    bool seen = false;
    for (const Published* p : notified) seen = seen || p->finding.notification == movement.id();
    if (seen) continue;
    const std::vector<std::uint64_t> header = {
        context.ledger.entries.empty() ? 0 : context.ledger.entries.front().index};
    out += fmt::format(
        "<p>Movement {} was notified for {} to {}; {} of it is on record. That says nothing where "
        "the corridor was not observed (section 4).</p>\n",
        EscapeHtml(movement.id()), context.links.Figure(Seconds(*start), header),
        context.links.Figure(Seconds(*end), header), context.links.Figure("no observation", {}));
  }
  return out;
}

std::string MovementTable(ReportContext& context, const std::vector<const Published*>& movements,
                          bool notified) {
  std::string out =
      "<table class=\"stack\">" +
      HeadRow({notified ? "Movement" : "Corridor", notified ? "Notified by" : "Clause", "Observed",
               "First seen, put on record", "Kinds of sensors", "Entry"}) +
      "<tbody>\n";
  for (const Published* published : movements) {
    const Finding& f = published->finding;
    const std::vector<std::uint64_t> entry = {published->ledger_index};
    std::string basis;
    for (const auto& m : context.record().agreement.notified_movement()) {
      if (!notified || m.id() != f.notification) continue;
      const char* side = m.side() == v1::config::Party::A ? "A" : "B";
      basis = EscapeHtml(SideWords(context.record(), side)) + ": " +
              context.links.Figure(fmt::format("{} to {} vehicles", m.min_count(), m.max_count()),
                                   entry) +
              (m.reference().empty() ? "" : "; " + EscapeHtml(m.reference()));
    }
    for (const auto& c : context.record().agreement.permitted_corridor()) {
      if (!notified && c.id() == f.notification) basis = EscapeHtml(c.clause());
    }
    out += "<tr>" + Cell(notified ? "Movement" : "Corridor", EscapeHtml(f.notification)) +
           Cell(notified ? "Notified by" : "Clause", basis) +
           Cell("Observed", context.links.Figure(CountWords(f), entry)) +
           Cell("First seen, put on record", Span(context, f, entry)) +
           Cell("Kinds of sensors", EscapeHtml(Sensors(f))) +
           Cell("Entry", context.links.Figure(fmt::format("#{}", published->ledger_index), entry)) +
           "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

}  // namespace

std::string EventsSection(ReportContext& context) {
  const std::vector<DayEvent> events = EventsOfDay(context);
  std::string out = "<section id=\"events\"><h2>2 &nbsp;Events</h2>\n";
  if (events.empty()) {
    return out + "<p>" + context.links.Figure("No event", {}) +
           " was put on record. That says nothing about places and times that were not observed: "
           "see section 4.</p></section>\n";
  }
  out +=
      "<p>An event is CANDIDATE when its rule's threshold is reached, CORROBORATED when a second "
      "source supports it, VERIFIED when two independent kinds of observation do. What it means "
      "under the agreement is for the mission to say.</p>\n";
  out += Overview(context, events);
  for (std::size_t i = 0; i < events.size(); ++i) out += Card(context, events[i], i + 1);
  return out + "</section>\n";
}

std::string MovementsSection(ReportContext& context) {
  const auto notified = MovementsOfDay(context, context.record().notified);
  const auto permitted = MovementsOfDay(context, context.record().permitted);
  std::string out =
      "<section id=\"movements\"><h2>3 &nbsp;Notified and permitted movements</h2>\n"
      "<h3>Notified movements</h3>\n";
  out += notified.empty()
             ? "<p>" + context.links.Figure("No notified movement", {}) + " is on record.</p>\n"
             : MovementTable(context, notified, true);
  out += NotSeen(context, notified);
  out += "<h3>Movements in permitted corridors</h3>\n";
  out += permitted.empty()
             ? "<p>" + context.links.Figure("No permitted movement", {}) + " is on record.</p>\n"
             : MovementTable(context, permitted, false);
  out += "<p class=\"soft\">Observed effort for moving vehicles: " +
         EffortWords(context, CoverageClass::kMovingVehicle) + ".</p>\n";
  return out + "</section>\n";
}

}  // namespace trucewatch::tools
