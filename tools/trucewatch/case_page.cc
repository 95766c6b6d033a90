// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/case_page.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/types/names.h"
#include "tools/trucewatch/event_history.h"
#include "tools/trucewatch/report/record_links.h"
#include "tools/trucewatch/words.h"

namespace trucewatch {
extern const char kReportStyle[];
}

namespace trucewatch::tools {
namespace {

constexpr std::size_t kCoverageShown = 12;  // sentences of accounts

std::string Start(const std::string& title, bool exercise) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
         "content=\"width=device-width, initial-scale=1\"><title>" +
         EscapeHtml(title) + "</title><style>\n" + kReportStyle +
         "\ntd.shared { background: #f6d9b8; }\nimg { max-width: 100%; }\ntd, th { vertical-align: "
         "top; "
         "text-align: left; padding: 0.2em 0.8em 0.2em 0; "
         "}\n</style></head><body><main>\n<header><h1>" +
         EscapeHtml(title) + "</h1>\n" +
         (exercise ? "<p><strong>EXERCISE.</strong> Nothing of this happened.</p>\n" : "") +
         "</header>\n";
}

std::string Checking(const char* policy_note) {
  return std::string(
             "<section id=\"check\"><h2>How to check this</h2><p>With no network, with a policy "
             "file and the officer's key that you have from elsewhere (not "
             "from this folder):</p><pre>python3 trucewatch_audit.py --bundle . --policy "
             "policy.txt --signer chief.vkey</pre><p>") +
         policy_note + "</p></section>\n";
}

using Row = std::pair<std::string, std::array<std::string, 8>>;

// Sources and their ancestors; what two of them share stands out.
std::string LineageTable(const Finding& f) {
  std::vector<Row> rows;
  for (const Support& support : f.supports) {
    const Lineage& l = support.lineage;
    rows.push_back({support.source.value,
                    {ModalityName(l.modality), l.sensor, l.platform, l.station, l.clock,
                     l.georeference, l.model, l.derived_from}});
  }
  std::string out =
      "<table><thead><tr><th>Source</th><th>Kind</th><th>Sensor</th><th>Platform</th><th>Station</"
      "th><th>Clock</th><th>Georeference</th>"
      "<th>Model</th><th>Derived from</th></tr></thead><tbody>\n";
  for (const Row& row : rows) {
    out += "<tr><td>" + EscapeHtml(row.first) + "</td>";
    for (std::size_t i = 0; i < row.second.size(); ++i) {
      const auto same = std::count_if(rows.begin(), rows.end(), [&](const Row& other) {
        return other.second[i] == row.second[i];
      });
      out += (same > 1 && !row.second[i].empty() ? "<td class=\"shared\">" : "<td>") +
             EscapeHtml(row.second[i]) + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

// `proof`: where the entry's proof lies; empty: it has none here.
std::string StatementRow(const Published& one, const std::string& proof) {
  const Finding& f = one.finding;
  const std::string what = f.kind == FindingKind::kChallenge
                               ? "CHALLENGE " + ChallengeStateName(f.challenge_state)
                           : f.kind == FindingKind::kRelease ? "RELEASED to " + f.audience
                                                             : StateName(f.state);
  const std::string entry = fmt::format("#{}", one.ledger_index);
  return fmt::format("<tr><td>{}</td><td><strong>{}</strong>{}</td><td>{}</td><td>{}</td></tr>\n",
                     FormatUtc(f.time), EscapeHtml(what), f.amended ? " (amended)" : "",
                     EscapeHtml(f.reason),
                     proof.empty() ? entry : fmt::format("<a href=\"{}\">{}</a>", proof, entry));
}

std::string Figure(const CasePicture& picture) {
  return "<figure><img alt=\"\" src=\"" + picture.path + "\"><figcaption>" +
         EscapeHtml(picture.caption) + "</figcaption></figure>\n";
}

}  // namespace

std::string CasePage(const CaseEntries& entries, const std::vector<CasePicture>& pictures) {
  const Finding& first = entries.statements.front().finding;
  const Finding* software = &first;  // what it said last
  for (const Published& one : entries.statements) {
    if (one.finding.kind == FindingKind::kEventTransition &&
        one.finding.state <= EventState::kVerified)
      software = &one.finding;
  }
  const auto standing = StandingsAt(entries.statements, std::nullopt).at(first.event_id);
  std::string out = Start("Case " + first.event_id.substr(0, 8), entries.record.exercise);
  out += fmt::format(
      "<section><h2>What was observed</h2><p>{} in {}, {} to {}. Software says "
      "<strong>{}</strong>; officers: <strong>{}</strong>.</p>",
      EscapeHtml(CountWords(*software)), EscapeHtml(ZoneName(entries.record, first.zone)),
      FormatUtc(first.time_first), FormatUtc(software->time_last), StateName(standing.software),
      standing.officers == EventState::kUnspecified ? "not decided" : StateName(standing.officers));
  if (const auto* rule = FindRule(entries.record, first.rule))
    out += "<p>Held against: <em>" + EscapeHtml(rule->clause()) + "</em></p>";
  out += fmt::format(
      "<p>Place: {:.6f}, {:.6f} (1-sigma {:.0f} m). What it means under the agreement is for the "
      "mission to say; this says what was observed and how well.</p></section>\n",
      software->position.latitude.deg(), software->position.longitude.deg(),
      std::sqrt(std::max(software->cov_m2(0), software->cov_m2(2))));
  for (const CasePicture& picture : pictures) out += Figure(picture);
  out +=
      "<section><h2>What was said, in "
      "order</h2><table><thead><tr><th>When</th><th>State</th><th>Why</th><th>Entry</th></tr></"
      "thead><tbody>\n";
  for (const Published& one : entries.statements)
    out += StatementRow(one, fmt::format("leaves/{}.tlog-proof", one.ledger_index));
  out +=
      "</tbody></table></section>\n<section><h2>Where it comes from</h2><p>Two sources are "
      "independent when their kinds differ and they share none of what the agreement lists. "
      "Shared ancestors are marked.</p>" +
      LineageTable(*software) + "</section>\n";
  out += fmt::format(
      "<section><h2>How well the place was watched</h2><p>{} accounts of zone {}, from an hour "
      "before to an hour after; all are in <a "
      "href=\"coverage.jsonl\">coverage.jsonl</a>. Around the event:</p><ul>\n",
      entries.coverage.size(), EscapeHtml(ZoneName(entries.record, first.zone)));
  std::vector<const Published*> nearest;
  for (const Published& account : entries.coverage) nearest.push_back(&account);
  const auto apart = [&](const Published* p) {
    return std::abs((p->finding.coverage->start - first.time_first).micros());
  };
  std::stable_sort(nearest.begin(), nearest.end(),
                   [&](const auto* a, const auto* b) { return apart(a) < apart(b); });
  if (nearest.size() > kCoverageShown) nearest.resize(kCoverageShown);
  std::sort(nearest.begin(), nearest.end(),
            [](const auto* a, const auto* b) { return a->ledger_index < b->ledger_index; });
  for (const Published* account : nearest)
    out += "<li>" + EscapeHtml(account->finding.reason) + "</li>\n";
  out += "</ul></section>\n";
  return out +
         Checking(
             "Every statement above is an entry of the mission's ledger; its proof lies beside it. "
             "What the sensors sent is in <code>raw/</code>, named in the entries by SHA-256.") +
         "</main></body></html>\n";
}

std::string PartyCasePage(const std::string& name, bool exercise,
                          const std::vector<std::string>& statements,
                          const std::optional<CasePicture>& picture,
                          const std::vector<Published>& opened) {
  std::string out = Start("Event " + name.substr(0, 8), exercise);
  out +=
      "<section><h2>What the mission states</h2><p>Places and times are coarse and late, alike for "
      "both parties.</p><table><tbody>\n";
  for (const std::string& statement : statements)
    out += "<tr><td><code>" + EscapeHtml(statement) + "</code></td></tr>\n";
  out += "</tbody></table></section>\n";
  if (picture) out += Figure(*picture);
  if (!opened.empty()) {
    out +=
        "<section><h2>What it rests on</h2><p>By a decision of the mission both parties have the "
        "recordings: byte for byte as they came in <code>raw/</code>, listed in "
        "<code>raw/records.jsonl</code>; video that plays in <code>video/</code>. The entries of "
        "the officers' ledger that name them are in <code>opened/</code>, each with the salt that "
        "shows which commitment it is. They say:</p><table><thead><tr><th>When</th><th>State</th>"
        "<th>Why</th><th>Officers' entry</th></tr></thead><tbody>\n";
    for (const Published& one : opened) out += StatementRow(one, "");
    out += "</tbody></table></section>\n";
  }
  return out +
         Checking(
             "Each statement is an entry of the parties' ledger, which also commits to every entry "
             "of the officers'.") +
         "</main></body></html>\n";
}

}  // namespace trucewatch::tools
