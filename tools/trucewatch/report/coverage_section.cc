// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tools/trucewatch/report/report_sections.h"
#include "tools/trucewatch/report/report_svg.h"

namespace trucewatch::tools {
namespace {

std::string Tenths(int tenths) { return fmt::format("{}.{}", tenths / 10, tenths % 10); }

std::string ShareTable(ReportContext& context, const std::array<CoverageSum, 3>& classes,
                       const std::vector<std::uint64_t>& entries) {
  static const std::vector<std::string> kHeadings = {
      "Class",          "Observed, nothing %", "Observed, activity %", "Degraded %",
      "Not observed %", "Observed km² min",    "Observed min per km²", "of min per km²"};
  std::string out = "<table class=\"stack shares\"><thead><tr>";
  for (std::size_t i = 0; i < kHeadings.size(); ++i) {
    out += fmt::format("<th{}>{}</th>", i == 0 ? "" : " class=\"n\"", kHeadings[i]);
  }
  out += "</tr></thead><tbody>\n";
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const CoverageSum& sum = classes[i];
    out += "<tr>" + Cell("Class", CoverageClassWords(kCoverageClasses[i]));
    const std::array<int, 4> shares = TenthsOfPercent(sum.km2_min);
    for (std::size_t state = 0; state < shares.size(); ++state) {
      out += Cell(
          kHeadings[state + 1],
          context.links.Figure(sum.Total() > 0 ? Tenths(shares[state]) : "not accounted", entries),
          true);
    }
    out += Cell(kHeadings[5], context.links.Figure(Minutes(sum.Observed()), entries), true);
    out +=
        Cell(kHeadings[6], context.links.Figure(Minutes(sum.ObservedMinPerKm2()), entries), true);
    out +=
        Cell(kHeadings[7], context.links.Figure(Minutes(sum.AccountedMinPerKm2()), entries), true);
    out += "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

std::string Reasons(ReportContext& context, const ZoneCoverage& zone) {
  std::string items;
  for (std::size_t i = 0; i < zone.classes.size(); ++i) {
    const CoverageSum& sum = zone.classes[i];
    for (const ReasonedArea& reason : sum.reasons) {
      // Only the accounts that name the reason.
      std::vector<std::uint64_t> entries;
      for (const Published* account : zone.accounts) {
        for (const ClassCoverage& c : account->finding.coverage->classes) {
          if (c.coverage_class != kCoverageClasses[i]) continue;
          const bool named = std::any_of(c.shares.begin(), c.shares.end(), [&](const auto& share) {
            return share.state == reason.state && share.reason == reason.reason;
          });
          if (named) entries.push_back(account->ledger_index);
        }
      }
      items += fmt::format(
          "<li>{}{}, {}: {} ({} km² min, {} % of the area-time)</li>\n", StateSwatch(reason.state),
          CoverageClassWords(kCoverageClasses[i]), CoverageStateWords(reason.state),
          EscapeHtml(reason.reason), context.links.Figure(Minutes(reason.km2_min), entries),
          context.links.Figure(fmt::format("{:.1f}", 100 * reason.km2_min / sum.Total()), entries));
    }
  }
  return items.empty() ? "<p class=\"soft\">Nothing was degraded or left unobserved.</p>\n"
                       : "<ul>" + items + "</ul>\n";
}

std::string ZonePart(ReportContext& context, const ZoneCoverage& zone, Instant from, Instant to) {
  const std::vector<std::uint64_t> entries = zone.Entries();
  std::vector<std::uint64_t> amended;
  for (const Published* account : zone.accounts) {
    if (account->finding.coverage->amended) amended.push_back(account->ledger_index);
  }
  std::string out = fmt::format(
      "<div class=\"coverage\"><h4>{} ({} km², {}{})</h4>\n",
      EscapeHtml(ZoneName(context.record(), zone.zone)),
      context.links.Figure(fmt::format("{:.2f}", zone.area_km2), entries),
      context.links.Figure(Count(entries.size(), "period", "periods"), entries),
      amended.empty()
          ? ""
          : ", " + context.links.Figure(fmt::format("{} amended", amended.size()), amended));
  out += ShareTable(context, zone.classes, entries);
  out += "<a href=\"" + context.links.Target(entries) + "\">" + CoverageStrip(zone, from, to) +
         "</a>\n" + Reasons(context, zone) + "</div>\n";
  return out;
}

}  // namespace

std::string CoverageSection(ReportContext& context) {
  std::string out = "<section id=\"coverage\"><h2>4 &nbsp;Coverage</h2>\n";
  if (context.zones.empty()) {
    return out + "<p>" + context.links.Figure("No coverage account", {}) +
           " was kept. Nothing can be said about where and how well the mission observed.</p>"
           "</section>\n";
  }
  Instant from = context.to, to = context.from;
  for (const ZoneCoverage& zone : context.zones) {
    for (const Published* account : zone.accounts) {
      from = std::min(from, account->finding.coverage->start);
      to = std::max(to, account->finding.coverage->end);
    }
  }
  out +=
      "<p>Every zone is divided into cells and the day into periods; each cell of each period is "
      "in one of four states. Shares are of area times time. <i>Observed min per km²</i>: how many "
      "minutes each square kilometre was observed on average, next to the minutes accounted; it "
      "is the measure of equal effort. Zones are accounted separately: where they overlap, so do "
      "their figures.</p>\n<div class=\"key\">";
  for (const CoverageState state : kCoverageStates) {
    out += "<span>" + StateSwatch(state) + CoverageStateWords(state) + "</span>";
  }
  out += "</div>\n";
  for (const SideCoverage& side : context.sides) {
    std::string title = SideWords(context.record(), side.side);
    out += fmt::format(
        "<h3>{}: {} ({} km²)</h3>\n",
        side.side == "NEITHER" ? "Zones of neither side" : "Zones of " + EscapeHtml(title),
        context.links.Figure(Count(side.zones.size(), "zone", "zones"), side.entries),
        context.links.Figure(fmt::format("{:.2f}", side.area_km2), side.entries));
    if (side.zones.empty()) {
      out += "<p class=\"soft\">The account has no zone of this side.</p>\n";
      continue;
    }
    out += ShareTable(context, side.classes, side.entries);
    for (const ZoneCoverage* zone : side.zones) out += ZonePart(context, *zone, from, to);
  }
  return out + "</section>\n";
}

}  // namespace trucewatch::tools
