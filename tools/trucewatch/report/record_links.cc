// SPDX-License-Identifier: Apache-2.0
#include "tools/trucewatch/report/record_links.h"

#include <algorithm>

#include "core/json/json_writer.h"

namespace trucewatch::tools {
namespace {

// The JSON writer's rule for bytes that are not UTF-8 is ours too; its escapes are undone.
std::string ValidUtf8(std::string_view text) {
  JsonWriter json;
  json.String(text);
  const std::string& quoted = json.text();
  std::string out;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] != '\\') {
      out += quoted[i];
      continue;
    }
    switch (const char escaped = quoted[++i]; escaped) {
      case 'n':
      case 'r':
      case 't':
        out += ' ';
        break;
      case 'u':
        i += 4;
        [[fallthrough]];
      case 'b':
      case 'f':
        out += "\xEF\xBF\xBD";
        break;
      default:
        out += escaped;
    }
  }
  return out;
}

// Longer lists name their entries without a link each: pages must stay light.
constexpr std::size_t kLinkedEntries = 60;

// "#3 to #9, #12"
std::string Ranges(const std::vector<std::uint64_t>& entries) {
  const bool linked = entries.size() <= kLinkedEntries;
  const auto name = [&](std::uint64_t entry) {
    return linked || entry == entries.front() || entry == entries.back()
               ? fmt::format("<a href=\"#e{0}\">#{0}</a>", entry)
               : fmt::format("#{}", entry);
  };
  std::string out;
  for (std::size_t i = 0; i < entries.size();) {
    std::size_t last = i;
    while (last + 1 < entries.size() && entries[last + 1] == entries[last] + 1) ++last;
    out += out.empty() ? "" : ", ";
    out += name(entries[i]);
    if (last > i) out += " to " + name(entries[last]);
    i = last + 1;
  }
  return out;
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : ValidUtf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string RecordLinks::Target(std::vector<std::uint64_t> entries) {
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  used_.insert(entries.begin(), entries.end());
  if (entries.empty()) return "#all";
  if (entries.size() == 1) return fmt::format("#e{}", entries[0]);
  const auto [at, added] = lists_.try_emplace(entries, in_order_.size() + 1);
  if (added) in_order_.push_back(std::move(entries));
  return fmt::format("#s{}", at->second);
}

std::string RecordLinks::Figure(std::string_view text, std::vector<std::uint64_t> entries) {
  return fmt::format("<a class=\"f\" href=\"{}\">{}</a>", Target(std::move(entries)),
                     EscapeHtml(text));
}

std::string RecordLinks::Appendix() const {
  std::string out;
  if (entries_.empty()) {
    out += "<p id=\"all\">The ledger holds no entry up to this time.</p>\n";
  } else {
    out += fmt::format(
        "<p id=\"all\"><b>All entries.</b> Entries #{} to #{} of the ledger were examined. A "
        "figure "
        "that links here is a zero: none of them is of the kind it speaks of.</p>\n",
        entries_.front().index, entries_.back().index);
  }
  if (!in_order_.empty()) {
    out +=
        "<h3>Lists of entries</h3>\n<table class=\"lists\"><thead><tr><th>List</th>"
        "<th>Entries</th><th>Which</th></tr></thead><tbody>\n";
    for (std::size_t i = 0; i < in_order_.size(); ++i) {
      out += fmt::format("<tr id=\"s{0}\"><td>S{0}</td><td>{1}</td><td>{2}</td></tr>\n", i + 1,
                         in_order_[i].size(), Ranges(in_order_[i]));
    }
    out += "</tbody></table>\n";
  }
  out +=
      "<h3>Entries</h3>\n<table class=\"entries\"><thead><tr><th>Entry</th><th>Kind</th>"
      "<th>Event time</th><th>Leaf hash (SHA-256)</th></tr></thead><tbody>\n";
  for (const LedgerEntry& entry : entries_) {
    if (!used_.contains(entry.index)) continue;
    out += fmt::format(
        "<tr id=\"e{0}\"><td>#{0}</td><td>{1}</td><td>{2}</td><td><code>{3}</code></td></tr>\n",
        entry.index, FindingKindName(entry.kind), FormatUtc(entry.time),
        HexEncode(entry.leaf_hash));
  }
  return out + "</tbody></table>\n";
}

}  // namespace trucewatch::tools
