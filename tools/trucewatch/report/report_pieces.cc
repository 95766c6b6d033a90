// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "tools/trucewatch/report/report_sections.h"

namespace trucewatch::tools {

std::vector<std::uint64_t> DayEvent::Entries() const { return EntriesOf(transitions); }

std::vector<DayEvent> EventsOfDay(const ReportContext& context) {
  std::vector<DayEvent> events;
  for (const EventRecord& event : context.record().events) {
    DayEvent day;
    for (const Published& transition : event.transitions) {
      if (context.InDay(transition)) day.transitions.push_back(&transition);
    }
    if (!day.transitions.empty()) events.push_back(std::move(day));
  }
  return events;
}

std::vector<const Published*> OfDay(const ReportContext& context,
                                    const std::vector<Published>& all) {
  std::vector<const Published*> day;
  for (const Published& published : all) {
    if (context.InDay(published)) day.push_back(&published);
  }
  return day;
}

std::vector<const Published*> MovementsOfDay(const ReportContext& context,
                                             const std::vector<EventRecord>& all) {
  std::vector<const Published*> day;
  for (const EventRecord& movement : all) {
    for (const Published& published : movement.transitions) {
      if (context.InDay(published)) day.push_back(&published);
    }
  }
  return day;
}

std::vector<std::uint64_t> EntriesOf(const std::vector<const Published*>& published) {
  std::vector<std::uint64_t> entries;
  for (const Published* one : published) entries.push_back(one->ledger_index);
  return entries;
}

std::string Cell(std::string_view heading, std::string_view html, bool number) {
  return fmt::format("<td{} data-h=\"{}\"><span>{}</span></td>", number ? " class=\"n\"" : "",
                     EscapeHtml(heading), html);
}

std::string HeadRow(const std::vector<std::string>& headings) {
  std::string row = "<thead><tr>";
  for (const std::string& heading : headings) row += "<th>" + EscapeHtml(heading) + "</th>";
  return row + "</tr></thead>";
}

std::string Count(std::size_t count, std::string_view one, std::string_view many) {
  return count == 0 ? fmt::format("no {}", many)
                    : fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string SideOfZone(const ReportContext& context, const std::string& zone) {
  const auto* found = FindZone(context.record(), zone);
  return found == nullptr ? "NEITHER" : SideOf(*found);
}

std::string Seconds(Instant time) {
  return FormatUtc(time).substr(0, 19) + "Z";  // truncated, like a clock is read
}

std::string Minutes(double minutes) {
  return minutes != 0 && std::abs(minutes) < 0.995 ? fmt::format("{:.2f}", minutes)
                                                   : fmt::format("{:.1f}", minutes);
}

std::string Span(ReportContext& context, const Finding& finding,
                 const std::vector<std::uint64_t>& entries) {
  const std::string first = Seconds(finding.time_first);
  const std::string last = Seconds(finding.time_last);
  std::string out = context.links.Figure(first, entries);
  if (first == last) return out;
  // The date once when both are of the same day.
  const bool same_day = first.substr(0, 10) == last.substr(0, 10);
  return out + " to " + context.links.Figure(same_day ? last.substr(11) : last, entries);
}

std::string Sensors(const Finding& finding) {
  std::string out;
  for (const Support& support : finding.supports) {
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", SensorWords(support.lineage.modality),
                       support.source.value);
  }
  return out.empty() ? "none named" : out;
}

std::string Sentence(ReportContext& context, const Published& published) {
  return fmt::format("{} ({})", EscapeHtml(published.finding.reason),
                     context.links.Figure(fmt::format("entry #{}", published.ledger_index),
                                          {published.ledger_index}));
}

std::string Where(const Finding& finding) {
  std::string out = fmt::format("{:.5f}, {:.5f}", finding.position.latitude.deg(),
                                finding.position.longitude.deg());
  const double mean = (finding.cov_m2(0) + finding.cov_m2(2)) / 2;
  const double half = std::hypot((finding.cov_m2(0) - finding.cov_m2(2)) / 2, finding.cov_m2(1));
  constexpr double kSigmas95 = 2.4477;  // sqrt of the 95 % point of chi-square with 2 degrees
  const double radius_m = kSigmas95 * std::sqrt(std::max(mean + half, 0.0));
  if (finding.human_record && finding.human_record->radius_m > 0) {
    out += fmt::format(" (within {:.0f} m)", finding.human_record->radius_m);
  } else if (radius_m > 0) {
    out += fmt::format(" (within {:.0f} m, 95 %)", std::ceil(radius_m));
  }
  return out;
}

CoverageClass EffortClass(const ReportContext& context, const Finding& finding) {
  if (finding.object_class == ObjectClass::kPersonGroup) return CoverageClass::kGroup;
  const auto* rule = FindRule(context.record(), finding.rule, finding.agreement_hash);
  if (rule != nullptr && (rule->kind() == v1::config::Rule::SITE_CHANGED ||
                          rule->kind() == v1::config::Rule::CONCENTRATION)) {
    return CoverageClass::kStandingVehicle;
  }
  return CoverageClass::kMovingVehicle;
}

std::string EffortWords(ReportContext& context, CoverageClass coverage_class) {
  std::string out;
  for (const SideCoverage& side : context.sides) {
    for (std::size_t i = 0; i < side.classes.size(); ++i) {
      if (kCoverageClasses[i] != coverage_class) continue;
      out += (out.empty() ? "" : "; ") + EscapeHtml(SideWords(context.record(), side.side)) + " ";
      out +=
          side.entries.empty()
              ? context.links.Figure("not accounted", {})
              : context.links.Figure(Minutes(side.classes[i].ObservedMinPerKm2()), side.entries) +
                    " min per km²";
    }
  }
  return out;
}

}  // namespace trucewatch::tools
